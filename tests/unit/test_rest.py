"""The checks of a flock at rest pass one that is, and find whatever goes on and whatever does not fit together."""

from collections import deque
from collections.abc import AsyncIterator, Callable
from dataclasses import replace

import pytest
import pytest_asyncio
from pydantic import BaseModel

from flock.artifacts import Artifact, flock_type
from flock.orchestrator import Flock
from flock.runs import RunRecord
from tests.engines import Gated, Working
from tests.rest import check_at_rest, check_board, check_idle


@flock_type(name="rest.Idea")
class Idea(BaseModel):
    topic: str = "owls"


@flock_type(name="rest.Post")
class Post(BaseModel):
    text: str = "owls fly"


@pytest_asyncio.fixture
async def flock() -> AsyncIterator[Flock]:
    """A flock after one run that completed."""
    async with Flock(view=None) as flock:
        flock.agent("writer").consumes(Idea).publishes(Post).engine(Working(work=lambda ctx, inputs: [Post()]))
        await flock.publish(Idea())
        await flock.run_until_idle()
        yield flock


def run_of(flock: Flock) -> RunRecord:
    (run,) = flock.runs.all()
    return run


async def test_a_flock_at_rest_passes(flock: Flock) -> None:
    assert check_at_rest(flock).keys() == {run_of(flock).run_id}
    await check_board(flock)


async def test_a_run_at_work_and_one_that_waits_are_found(flock: Flock) -> None:
    gated = Gated(output=Post())
    flock.agent("gated").consumes(Idea).publishes(Post).engine(gated).max_concurrency(1)
    runs = [await flock.start_run("gated", [Idea()]) for _ in range(2)]
    with pytest.raises(AssertionError):
        check_idle(flock)
    with pytest.raises(AssertionError, match="no final event"):
        check_at_rest(flock)
    gated.gate.set()
    for run in runs:
        await flock.wait_run(run.run_id)
    await flock.run_until_idle()
    check_at_rest(flock)


async def test_a_viewer_is_found_by_both_checks(flock: Flock) -> None:
    for check in (check_idle, check_at_rest):
        with flock.audience.attend(flock.streams, "sse"), pytest.raises(AssertionError, match="watch"):  # type: ignore[arg-type] # never asked for its lag
            check(flock)


PLANTS: dict[str, Callable[[Flock], object]] = {
    "streams are active": lambda flock: flock.streams._active.update(run="writer"),
    "runs wait": lambda flock: setattr(flock.streams, "_queued", 1),
    "have not ended": lambda flock: flock.runs.add(replace(run_of(flock), run_id="another")),
    "the scheduler is at work": lambda flock: vars(flock._scheduler)["_open"].update(run=None),
    "a turn is taken": lambda flock: setattr(flock._scheduler._turns, "_total", 1),
    "an agent's turn is taken": lambda flock: vars(flock._scheduler._turns)["_taken"].update(writer=1),
    "somebody waits for a turn": lambda flock: vars(flock._scheduler._turns)["_waiting"].update(writer=deque()),
}


@pytest.mark.parametrize("complaint", PLANTS)
async def test_each_thing_that_is_not_at_rest_is_found(complaint: str) -> None:
    flock = Flock(view=None)
    flock.agent("writer").consumes(Idea).publishes(Post).engine(Working(work=lambda ctx, inputs: [Post()]))
    await flock.publish(Idea())
    await flock.run_until_idle()
    check_idle(flock)
    PLANTS[complaint](flock)
    with pytest.raises(AssertionError, match=complaint):
        check_idle(flock)


async def test_an_artifact_that_was_not_announced_is_found(flock: Flock) -> None:
    await flock.board.publish([Artifact(type="rest.Idea", payload=Idea())])
    with pytest.raises(AssertionError):
        await check_board(flock)


async def test_an_announcement_of_what_is_not_on_the_board_is_found(flock: Flock) -> None:
    flock._scheduler._announce(Artifact(type="rest.Idea", payload=Idea()))
    with pytest.raises(AssertionError):
        await check_board(flock)


@pytest.mark.parametrize("state", ["failed", "cancelled"])
async def test_a_run_that_did_not_complete_and_published_all_the_same_is_found(flock: Flock, state: str) -> None:
    run_of(flock).state = state  # type: ignore[assignment] # one of the states
    with pytest.raises(AssertionError, match=state):
        await check_board(flock)


async def test_a_run_with_other_artifacts_than_its_own_is_found(flock: Flock) -> None:
    run_of(flock).artifacts = run_of(flock).inputs
    with pytest.raises(AssertionError):
        await check_board(flock)
