"""Artifacts that open later, handed back when they do."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from pydantic import BaseModel

from flock.artifacts import Artifact
from flock.errors import OverloadedError
from flock.scheduling.openings import Opening, Openings
from flock.visibility import PUBLIC, AfterVisibility, Visibility


class Note(BaseModel):
    pass


class Opened:
    """Keeps what opened, and tells when it has enough."""

    def __init__(self, enough: int) -> None:
        self.artifacts: list[Artifact] = []
        self.all_open = asyncio.Event()
        self._enough = enough

    def __call__(self, opening: Opening) -> None:
        assert opening.wait_s <= 0
        self.artifacts.append(opening.artifact)
        if len(self.artifacts) == self._enough:
            self.all_open.set()


def note(visibility: Visibility, *, age_s: float = 0) -> Artifact:
    return Artifact(
        type="Note", payload=Note(), visibility=visibility, created_at=datetime.now(UTC) - timedelta(seconds=age_s)
    )


def opening(artifact: Artifact) -> Opening:
    return Opening(artifact, depth=0, sets_off=True)


async def test_artifacts_open_in_the_order_of_their_times_whatever_the_order_they_came_in() -> None:
    opened = Opened(3)
    openings = Openings(opened, max_waiting=9)
    late, soon, middle = (note(AfterVisibility(delay)) for delay in (0.03, 0.01, 0.02))
    for artifact in (late, soon, middle):
        openings.add(opening(artifact))
    await opened.all_open.wait()
    assert opened.artifacts == [soon, middle, late]
    assert not len(openings)


async def test_what_is_open_already_does_not_wait() -> None:
    openings = Openings(Opened(0), max_waiting=0)
    for artifact in (note(PUBLIC), note(AfterVisibility(0)), note(AfterVisibility(5), age_s=6)):
        openings.check_room([artifact])
        openings.add(opening(artifact))
    assert not len(openings)


async def test_time_goes_on_while_openings_are_paused() -> None:
    opened = Opened(2)
    openings = Openings(opened, max_waiting=9)
    openings.add(opening(note(AfterVisibility(0.01))))
    openings.add(opening(note(AfterVisibility(1000))))
    openings.pause()
    openings.add(opening(note(AfterVisibility(1000), age_s=999.99)))
    await opened.all_open.wait()
    assert len(openings) == 1
    openings.pause()


async def test_more_than_may_wait_are_refused_together() -> None:
    openings = Openings(Opened(0), max_waiting=2)
    openings.add(opening(note(AfterVisibility(1000))))
    openings.check_room([note(AfterVisibility(1000)), note(PUBLIC), note(PUBLIC)])
    with pytest.raises(OverloadedError, match="1 artifacts wait to become visible, and no more than 2 may"):
        openings.check_room([note(AfterVisibility(1000)), note(AfterVisibility(1000))])
    openings.pause()


async def test_a_listener_that_fails_does_not_keep_the_others_closed() -> None:
    opened = Opened(1)
    heard: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda loop, context: heard.append(context["exception"]))

    def failing_once(ready: Opening) -> None:
        if not heard_failure:
            heard_failure.append(True)
            raise RuntimeError("boom")
        opened(ready)

    heard_failure: list[bool] = []
    openings = Openings(failing_once, max_waiting=9)
    openings.add(opening(note(AfterVisibility(0.01))))
    openings.add(opening(note(AfterVisibility(0.02))))
    await opened.all_open.wait()
    assert [str(error) for error in heard] == ["boom"]
