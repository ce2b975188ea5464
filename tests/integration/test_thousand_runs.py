"""A thousand runs end in every way, watched by viewers that come and go: nothing of it stays."""

import asyncio
import gc
import random
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager
from uuid import UUID

import pytest
from pydantic import BaseModel

from flock.artifacts import flock_type
from flock.board.memory import InMemoryBoard
from flock.engines.base import AgentView, EngineComponent
from flock.events import StreamingOutputEvent
from flock.journal import Journal
from flock.orchestrator import Flock
from flock.runs import RunRecord
from flock.runtime import Context, EvalInputs, EvalResult
from tests.last_words import Stayer
from tests.leaks import Held, left_behind
from tests.rest import check_idle
from tests.surfaces import LIVE

RUNS = 1000
WARM_UP_RUNS = 200
ROUND = 50
"""How many artifacts are published at once; each sets off two runs."""

SPARE = 0.5
"""How many more of flock's objects there may be, per run: what is bounded by bytes holds more or fewer."""

CORRELATIONS = [UUID(int=number) for number in range(20)]


@flock_type(name="thousand.Idea")
class Idea(BaseModel):
    topic: str


@flock_type(name="thousand.Post")
class Post(BaseModel):
    text: str


class Fickle(EngineComponent):
    """Writes, then completes, fails, or waits until its time is over or somebody cancels it."""

    dice: random.Random
    total_timeout_s: float = 0.05

    async def evaluate(self, agent: AgentView, ctx: Context, inputs: EvalInputs) -> EvalResult:
        for _ in range(self.dice.randrange(1, 5)):
            ctx.writer.append("about owls ", field="text")
            await asyncio.sleep(0)
        match self.dice.randrange(8):
            case 0:
                raise ValueError("out of ideas")
            case 1:
                await asyncio.Event().wait()
        return EvalResult.of(Post(text="about owls"))


def build(dice: random.Random) -> Flock:
    """Make a flock whose bounds the warm-up fills."""
    flock = Flock(
        view=None,
        journal=Journal(max_bytes=96 * 2**10, recent_runs=8),
        board=InMemoryBoard(max_artifacts=50),
    )
    flock.runs.max_finished = 50
    for number in range(2):
        flock.agent(f"writer{number}").consumes(Idea).publishes(Post).max_concurrency(8).engine(Fickle(dice=dice))
    return flock


async def work(flock: Flock, dice: random.Random, runs: int) -> Counter[str]:
    """Let so many runs come and go; gives how they ended."""
    endings: Counter[str] = Counter()

    def note(event: StreamingOutputEvent, _: object) -> None:
        if event.outcome:
            endings[event.outcome.status] += 1

    flock.streams.on_final.append(note)
    while endings.total() < runs:
        ideas = [Idea(topic=str(number)) for number in range(ROUND)]
        await flock.publish_many(ideas, correlation_id=dice.choice(CORRELATIONS))
        for run in flock.runs.unfinished:
            if dice.random() < 0.3 and not run.is_finished:
                flock.cancel(run.run_id)
            await asyncio.sleep(0)
        await flock.run_until_idle()
    flock.streams.on_final.remove(note)
    return endings


Visit = Callable[[random.Random], asyncio.Task[None]]


@asynccontextmanager
async def visited(visit: Visit, dice: random.Random) -> AsyncIterator[None]:
    """Let viewers come, stay for a while and leave, for as long as the block runs."""

    async def come_and_go() -> None:
        while True:
            viewer = visit(dice)
            try:
                await asyncio.wait([viewer], timeout=dice.uniform(0.02, 0.3))
            finally:
                viewer.cancel()
                await asyncio.wait([viewer])

    visitors = [asyncio.create_task(come_and_go()) for _ in range(4)]
    try:
        yield
    finally:
        for visitor in visitors:
            visitor.cancel()
        await asyncio.wait(visitors)


async def watch_inside(flock: Flock) -> None:
    async with aclosing(flock.events()) as feed:
        async for _ in feed:
            pass


def census() -> int:
    """Count flock's objects."""
    gc.collect()
    return sum(str(type(thing).__module__).startswith("flock.") for thing in gc.get_objects())


@pytest.mark.parametrize("is_served", [False, True], ids=["inside", "served"])
async def test_a_thousand_runs_leave_nothing_behind(is_served: bool) -> None:
    dice = random.Random(7)
    flock = build(dice)
    if is_served:
        async with flock, flock.serving(port=0, insecure_no_auth=True) as server:

            def visit(dice: random.Random) -> asyncio.Task[None]:
                return asyncio.create_task(Stayer(*dice.choice(LIVE)).stay(server.url, "none needed"))

            await check_thousand(flock, dice, visit)
            assert len(server._viewers) == 0
    else:
        async with flock:
            await check_thousand(flock, dice, lambda _: asyncio.create_task(watch_inside(flock)))


async def check_thousand(flock: Flock, dice: random.Random, visit: Visit) -> None:
    before = Held.now()
    async with visited(visit, dice):
        await work(flock, dice, WARM_UP_RUNS)
    await left_behind(before)
    held, objects = Held.now(), census()
    async with visited(visit, dice):
        endings = await work(flock, dice, RUNS)
    assert not (left := await left_behind(held)), left
    check_idle(flock)
    grown = census() - objects
    print(f"figure: {dict(endings)}, {objects:,} objects of flock before, {grown:+,} after")
    assert {"completed", "failed", "timed_out", "cancelled"} <= endings.keys()
    assert grown < SPARE * RUNS


async def test_an_object_that_is_kept_of_every_run_is_noticed() -> None:
    dice = random.Random(7)
    kept: list[RunRecord] = []
    async with build(dice) as flock:
        flock.streams.on_final.append(lambda event, _: kept.append(flock.runs.get(event.run_id)))
        await work(flock, dice, WARM_UP_RUNS)
        objects = census()
        await work(flock, dice, WARM_UP_RUNS)
        assert census() - objects > SPARE * WARM_UP_RUNS
