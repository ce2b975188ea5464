"""The board in memory, held against a list."""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar, get_args
from uuid import UUID, uuid4

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from pydantic import BaseModel

from flock.artifacts import Artifact
from flock.board.base import Board, Order, Query
from flock.board.memory import ARTIFACT_OVERHEAD_BYTES, TAG_OVERHEAD_BYTES, InMemoryBoard
from flock.errors import ClosedError, CursorError, InputError, LeftBehindError, PayloadError

ResultT = TypeVar("ResultT")

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
CORRELATIONS = [UUID(int=number) for number in range(3)]


class Note(BaseModel):
    text: Any = ""


def note(
    text: str = "",
    *,
    type: str = "Note",
    by: str = "external",
    correlation: int = 0,
    tags: Sequence[str] = (),
    minute: int = 0,
) -> Artifact:
    return Artifact(
        type=type,
        payload=Note(text=text),
        produced_by=by,
        correlation_id=CORRELATIONS[correlation],
        tags=frozenset(tags),
        created_at=NOON + timedelta(minutes=minute),
    )


async def listed(board: Board, query: Query | None = None, limit: int = 2) -> list[Artifact]:
    """All pages of a query."""
    items: list[Artifact] = []
    cursor: str | None = None
    while True:
        page = await board.query(query or Query(), limit=limit, cursor=cursor)
        assert len(page.items) <= limit
        items += page.items
        cursor = page.next
        if cursor is None:
            return items


async def test_what_is_published_is_found_by_its_id() -> None:
    board = InMemoryBoard()
    first, second = note("one"), note("two")
    await board.publish([first, second])
    assert await board.get(second.id) is second
    assert await board.get(uuid4()) is None


async def test_artifacts_are_listed_by_type_producer_correlation_tags_and_time() -> None:
    board = InMemoryBoard()
    idea = note(type="Idea", by="thinker", correlation=1, tags=["a", "b"], minute=1)
    post = note(type="Post", by="writer", correlation=2, tags=["b"], minute=2)
    plan = note(type="Plan", minute=3)
    await board.publish([idea, post, plan])

    async def found(**keys: Any) -> list[Artifact]:
        return await listed(board, Query(**keys))

    assert await found() == [idea, post, plan]
    assert await found(type=frozenset({"Post", "Idea"})) == [idea, post]
    assert await found(type=frozenset({"Nothing"})) == []
    assert await found(produced_by=frozenset({"writer", "external"})) == [post, plan]
    assert await found(correlation_id=CORRELATIONS[2]) == [post]
    assert await found(correlation_id=uuid4()) == []
    assert await found(tags=frozenset({"a", "c"})) == [idea]
    assert await found(tags=frozenset({"b"}), type=frozenset({"Post"})) == [post]
    assert await found(since=NOON + timedelta(minutes=2)) == [post, plan]
    assert await found(until=NOON + timedelta(minutes=2)) == [idea]


@pytest.mark.parametrize(
    "query",
    [
        Query(tags=frozenset({"rare"})),
        Query(tags=frozenset({"rare", "scarce"})),
        Query(produced_by=frozenset({"writer"})),
        Query(produced_by=frozenset({"external", "writer"}), tags=frozenset({"rare"})),
        Query(type=frozenset({"Note"}), produced_by=frozenset({"writer"})),
        Query(tags=frozenset({"rare", "scarce"}), order="newest"),
    ],
)
async def test_a_query_looks_only_at_what_its_rarest_key_may_select(
    query: Query, monkeypatch: pytest.MonkeyPatch
) -> None:
    board = InMemoryBoard()
    wanted = note(by="writer", tags=["rare", "scarce"])
    await board.publish([*[note(tags=["common"]) for _ in range(500)], wanted])
    looked_at: list[Artifact] = []

    def fits(query: Query, artifact: Artifact) -> bool:
        looked_at.append(artifact)
        return True

    monkeypatch.setattr("flock.board.memory._fits", fits)
    assert await listed(board, query) == [wanted]
    assert looked_at == [wanted]


async def test_many_tags_count_for_what_an_artifact_costs() -> None:
    board = InMemoryBoard(max_bytes=2 * ARTIFACT_OVERHEAD_BYTES)
    with pytest.raises(InputError, match="do not fit"):
        await board.publish([note(tags=[str(number) for number in range(9)])])


async def test_the_last_page_has_no_next() -> None:
    board = InMemoryBoard()
    artifacts = [note() for _ in range(4)]
    await board.publish(artifacts)
    first = await board.query(Query(), limit=2)
    second = await board.query(Query(), limit=2, cursor=first.next)
    assert [*first.items, *second.items] == artifacts
    assert first.next is not None
    assert second.next is None


async def test_a_page_goes_on_where_it_was_while_artifacts_come_and_go() -> None:
    board = InMemoryBoard(max_artifacts=4)
    old = [note(str(number)) for number in range(4)]
    new = [note(str(number)) for number in range(4, 6)]
    await board.publish(old)
    page = await board.query(Query(), limit=1)
    await board.publish(new)
    rest = await board.query(Query(), limit=10, cursor=page.next)
    assert list(rest.items) == [*old[2:], *new]


@pytest.mark.parametrize("cursor", ["", "-", "1", "12345678-1", "{}-", "{}--1", "{}-²", "{}-1x", "{}-" + "9" * 5000])
async def test_a_malformed_cursor_is_refused(cursor: str) -> None:
    board = InMemoryBoard()
    await board.publish([note(), note()])
    epoch = str((await board.query(Query(), limit=1)).next).partition("-")[0]
    with pytest.raises(CursorError, match="not a cursor of this board") as caught:
        await board.query(Query(), cursor=cursor.replace("{}", epoch))
    assert len(caught.value.message) < 120


async def test_a_cursor_of_another_board_is_refused() -> None:
    board, other = InMemoryBoard(), InMemoryBoard()
    await other.publish([note(), note()])
    page = await other.query(Query(), limit=1)
    with pytest.raises(CursorError):
        await board.query(Query(), cursor=page.next)


async def test_a_page_of_nothing_is_refused() -> None:
    with pytest.raises(InputError, match="at least 1"):
        await InMemoryBoard().query(Query(), limit=0)


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(InputError, match="no zone"):
        Query(since=NOON.replace(tzinfo=None))


async def test_the_oldest_artifacts_go_when_there_are_too_many() -> None:
    board = InMemoryBoard(max_artifacts=2)
    artifacts = [note(str(number)) for number in range(5)]
    for artifact in artifacts:
        await board.publish([artifact])
    assert await listed(board) == artifacts[3:]
    assert await board.get(artifacts[2].id) is None
    assert len(board) == 2


async def test_the_oldest_artifacts_go_when_they_are_too_large() -> None:
    board = InMemoryBoard(max_bytes=3 * ARTIFACT_OVERHEAD_BYTES)
    small = [note(), note()]
    await board.publish(small)
    large = note("x" * ARTIFACT_OVERHEAD_BYTES)
    await board.publish([large])
    assert await listed(board) == [large]
    assert ARTIFACT_OVERHEAD_BYTES < board.size <= board.max_bytes


@pytest.mark.parametrize(
    ("board", "count"), [(InMemoryBoard(max_artifacts=2), 3), (InMemoryBoard(max_bytes=3 * ARTIFACT_OVERHEAD_BYTES), 3)]
)
async def test_what_can_never_fit_is_refused_whole(board: InMemoryBoard, count: int) -> None:
    with pytest.raises(InputError, match="do not fit"):
        await board.publish([note() for _ in range(count)])
    assert await listed(board) == []


async def test_an_id_that_is_taken_refuses_the_whole_publication() -> None:
    board = InMemoryBoard()
    known, fresh = note(), note()
    await board.publish([known])
    for batch in ([fresh, known], [fresh, fresh]):
        with pytest.raises(InputError, match="on the board already"):
            await board.publish(batch)
    assert await listed(board) == [known]


@pytest.mark.parametrize("text", ["\ud800", object()])
async def test_a_payload_that_json_cannot_hold_refuses_the_whole_publication(text: object) -> None:
    board = InMemoryBoard()
    odd = Artifact(type="Note", payload=Note(text=text))
    with pytest.raises(PayloadError, match="cannot be written as JSON"):
        await board.publish([note(), odd])
    assert await listed(board) == []


async def test_nothing_is_published_on_a_closed_board_but_it_can_be_read() -> None:
    board = InMemoryBoard()
    kept = note()
    await board.publish([kept])
    await board.aclose()
    with pytest.raises(ClosedError):
        await board.publish([note()])
    assert await listed(board) == [kept]


async def test_a_subscriber_gets_what_is_published_after_it_subscribed() -> None:
    board = InMemoryBoard()
    await board.publish([note("before")])
    publications = board.publications()
    artifacts = [note(str(number)) for number in range(3)]
    await board.publish(artifacts[:2])
    assert [await anext(publications), await anext(publications)] == artifacts[:2]
    waiting = asyncio.ensure_future(anext(publications))
    await asyncio.sleep(0)
    await board.publish(artifacts[2:])
    assert await waiting is artifacts[2]


async def test_cancelling_one_subscriber_leaves_the_others_waiting() -> None:
    board = InMemoryBoard()
    leaving, staying = (asyncio.ensure_future(anext(board.publications())) for _ in range(2))
    await asyncio.sleep(0)
    leaving.cancel()
    await asyncio.wait([leaving])
    artifact = note()
    await board.publish([artifact])
    assert await staying is artifact
    assert leaving.cancelled()


async def test_closing_the_board_ends_the_subscriptions() -> None:
    board = InMemoryBoard()
    publications = board.publications()
    artifact = note()
    await board.publish([artifact])
    reading = asyncio.ensure_future(_rest(board))
    await asyncio.sleep(0)
    await board.aclose()
    assert await reading == []
    assert [item async for item in publications] == [artifact]


async def _rest(board: InMemoryBoard) -> list[Artifact]:
    return [artifact async for artifact in board.publications()]


async def test_a_subscriber_that_is_left_behind_is_told() -> None:
    board = InMemoryBoard(max_artifacts=2)
    publications = board.publications()
    await board.publish([note()])
    await anext(publications)
    for _ in range(3):
        await board.publish([note()])
    with pytest.raises(LeftBehindError, match="missed 1 artifact"):
        await anext(publications)


def test_a_board_works_on_several_loops_one_after_the_other() -> None:
    board = InMemoryBoard()

    async def subscribe_and_publish() -> Artifact:
        waiting = asyncio.ensure_future(anext(board.publications()))
        await asyncio.sleep(0)
        await board.publish([note()])
        return await waiting

    first, second = asyncio.run(subscribe_and_publish()), asyncio.run(subscribe_and_publish())
    assert first is not second


TYPES = ["Idea", "Post"]
AGENTS = ["thinker", "writer"]
TAGS = ["a", "b"]

ARTIFACTS = st.builds(
    note,
    st.text("xy", max_size=200),
    type=st.sampled_from(TYPES),
    by=st.sampled_from(AGENTS),
    correlation=st.integers(0, 2),
    tags=st.lists(st.sampled_from(TAGS)),
    minute=st.integers(0, 5),
)
TIMES = st.none() | st.integers(0, 5).map(lambda minute: NOON + timedelta(minutes=minute))


def some(values: list[str]) -> st.SearchStrategy[frozenset[str]]:
    return st.frozensets(st.sampled_from(values))


QUERIES = st.builds(
    Query,
    type=some(TYPES),
    produced_by=some(AGENTS),
    correlation_id=st.none() | st.sampled_from(CORRELATIONS),
    tags=some(TAGS),
    since=TIMES,
    until=TIMES,
    order=st.sampled_from(get_args(Order)),
)


class BoardAgainstList(RuleBasedStateMachine):
    """A board of six artifacts and its model: a list from which the oldest are cut."""

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.board = InMemoryBoard(max_artifacts=6, max_bytes=6 * ARTIFACT_OVERHEAD_BYTES + 300)
        self.every: list[Artifact] = []
        self.kept: list[Artifact] = []
        self.subscriber = self.board.publications()
        self.read = 0
        self.pages: list[tuple[Query, str, Artifact]] = []

    def run(self, work: Coroutine[Any, Any, ResultT]) -> ResultT:
        return self.runner.run(work)

    @rule(artifacts=st.lists(ARTIFACTS, max_size=4))
    def publish(self, artifacts: list[Artifact]) -> None:
        if cost(artifacts) > self.board.max_bytes:
            with pytest.raises(InputError):
                self.run(self.board.publish(artifacts))
            return
        self.run(self.board.publish(artifacts))
        self.every += artifacts
        self.kept += artifacts
        while len(self.kept) > 6 or cost(self.kept) > self.board.max_bytes:
            self.kept.pop(0)

    @rule(query=QUERIES, limit=st.integers(1, 3))
    def list_all(self, query: Query, limit: int) -> None:
        expected = [item for item in in_order(query, self.kept) if chosen(query, item)]
        assert self.run(listed(self.board, query, limit)) == expected

    @rule(query=QUERIES, limit=st.integers(1, 3))
    def open_page(self, query: Query, limit: int) -> None:
        page = self.run(self.board.query(query, limit=limit))
        if page.next is not None:
            self.pages.append((query, page.next, page.items[-1]))

    @rule()
    def turn_page(self) -> None:
        if self.pages:
            query, cursor, last = self.pages.pop()
            ordered = in_order(query, self.every)
            behind = ordered[ordered.index(last) + 1 :]
            expected = [item for item in behind if item in self.kept and chosen(query, item)]
            assert list(self.run(self.board.query(query, cursor=cursor)).items) == expected

    @rule()
    def read_publication(self) -> None:
        if self.read == len(self.every):
            return
        if self.every[self.read] in self.kept:
            assert self.run(first(self.subscriber.__anext__)) is self.every[self.read]
            self.read += 1
        else:
            with pytest.raises(LeftBehindError):
                self.run(first(self.subscriber.__anext__))
            self.subscriber, self.read = self.board.publications(), len(self.every)

    @invariant()
    def holds_what_the_list_holds(self) -> None:
        assert len(self.board) == len(self.kept)
        assert self.board.size == cost(self.kept)
        for artifact in self.every:
            assert (self.run(self.board.get(artifact.id)) is not None) == (artifact in self.kept)

    def teardown(self) -> None:
        self.runner.close()


def in_order(query: Query, artifacts: list[Artifact]) -> list[Artifact]:
    return artifacts[::-1] if query.order == "newest" else artifacts


def cost(artifacts: Sequence[Artifact]) -> int:
    return sum(
        len(item.payload.model_dump_json())
        + sum(len(tag) + TAG_OVERHEAD_BYTES for tag in item.tags)
        + ARTIFACT_OVERHEAD_BYTES
        for item in artifacts
    )


def chosen(query: Query, artifact: Artifact) -> bool:
    return all(
        (
            not query.type or artifact.type in query.type,
            not query.produced_by or artifact.produced_by in query.produced_by,
            query.correlation_id in (None, artifact.correlation_id),
            not query.tags or bool(query.tags & artifact.tags),
            query.since is None or query.since <= artifact.created_at,
            query.until is None or artifact.created_at < query.until,
        )
    )


async def first(read: Callable[[], Any]) -> Artifact:
    artifact: Artifact = await read()
    return artifact


BoardAgainstList.TestCase.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
test_the_board_equals_a_list_from_which_the_oldest_are_cut = BoardAgainstList.TestCase
