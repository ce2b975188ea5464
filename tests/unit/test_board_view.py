"""The blackboard as one run sees it."""

import asyncio

from pydantic import BaseModel

from flock.artifacts import Artifact
from flock.board.base import Query
from flock.board.memory import InMemoryBoard
from flock.board.view import BoardView
from flock.visibility import PUBLIC, Identity, PrivateVisibility, TenantVisibility, Visibility


class Note(BaseModel):
    pass


def note(visibility: Visibility) -> Artifact:
    return Artifact(type="Note", payload=Note(), visibility=visibility)


OPEN, OWN, FOREIGN = note(PUBLIC), note(PrivateVisibility("critic")), note(TenantVisibility("acme"))


CRITIC = Identity(agent="critic")


async def test_what_an_agent_may_not_see_is_not_there() -> None:
    board = InMemoryBoard()
    view = BoardView(board, CRITIC, shown_as=OWN.visibility)
    await view.publish([FOREIGN, OPEN, OWN])
    assert (await view.query(Query())).items == (OPEN, OWN)
    assert [await view.get(artifact.id) for artifact in (FOREIGN, OPEN, OWN)] == [None, OPEN, OWN]
    assert (await board.query(Query())).items == (FOREIGN, OPEN, OWN)


async def test_what_the_run_s_output_would_give_away_is_not_there_either() -> None:
    board = InMemoryBoard()
    await board.publish([OPEN, OWN])
    view = BoardView(board, CRITIC, shown_as=PUBLIC)
    publications = view.publications()
    await board.publish([further := note(PUBLIC), note(PrivateVisibility("critic"))])
    await board.aclose()
    assert (await view.query(Query())).items == (OPEN, further)
    assert await view.get(OWN.id) is None
    assert [artifact async for artifact in publications] == [further]


async def test_pages_are_full_of_what_can_be_seen() -> None:
    board = InMemoryBoard()
    await board.publish([note(TenantVisibility("acme")) if number % 3 else note(PUBLIC) for number in range(12)])
    view = BoardView(board, Identity(), shown_as=PUBLIC)
    first = await view.query(Query(), limit=3)
    rest = await view.query(Query(), limit=3, cursor=first.next)
    assert (len(first.items), len(rest.items), rest.next) == (3, 1, None)
    assert all(artifact.visibility == PUBLIC for artifact in (*first.items, *rest.items))


async def test_a_subscriber_hears_of_what_it_may_see_from_its_call_on() -> None:
    board = InMemoryBoard()
    await board.publish([note(PUBLIC)])
    publications = BoardView(board, CRITIC, shown_as=OWN.visibility).publications()
    await board.publish([FOREIGN, OWN])
    await board.aclose()
    assert [artifact async for artifact in publications] == [OWN]


async def test_closing_a_view_leaves_the_board_open() -> None:
    board = InMemoryBoard()
    await BoardView(board, Identity(), shown_as=PUBLIC).aclose()
    async with asyncio.timeout(5):
        await board.publish([note(PUBLIC)])
    assert len(board) == 1
