"""Live and late, WebSocket, SSE, REST and program, full and compact: every surface tells the same of every run."""

import asyncio
import random
from collections.abc import Callable
from itertools import product
from uuid import uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from flock.events import Event, StreamingOutputEvent
from flock.journal import Journal
from flock.orchestrator import Flock
from flock.runs import RunRecord
from tests.backend import Served, served
from tests.random_runs import Truth, run_random
from tests.surfaces import Told, canonical, replayed, watching
from tests.unit.replica import Replica

EXAMPLES = 8
RUNS = 2
MOST_ACTS = 40


async def write(site: Served, rng: random.Random, truth: Truth) -> None:
    """Let runs write side by side, letting viewers have their turn now and then."""

    async def pause() -> None:
        for _ in range(rng.randrange(3)):
            await asyncio.sleep(0)

    async with asyncio.TaskGroup() as writing:
        for number in range(RUNS):
            acts = rng.randrange(MOST_ACTS)
            agent = f"writer{number}"
            writing.create_task(run_random(site.flock.streams, rng, truth, agent=agent, acts=acts, pause=pause))
    for run_id in truth:
        site.flock.runs.add(RunRecord(run_id=run_id, agent_name="writer", correlation_id=uuid4(), inputs=()))


async def tell(rng: random.Random, *, flush_interval_s: float) -> tuple[Truth, dict[str, Told]]:
    """Let runs happen, and give what they wrote and what each surface told of them."""
    truth: Truth = {}
    told: dict[str, list[Event]] = {}
    async with served(Flock(view=None, journal=Journal(flush_interval_s=flush_interval_s))) as site:
        start = site.flock.journal.cursor(0)
        async with watching(site, runs=RUNS) as live:
            await write(site, rng, truth)
        async with watching(site, runs=RUNS, after=start) as late:
            pass
        replays = [await replayed(site, run_id, limit=rng.choice((1, 7, 1000))) for run_id in truth]
    told = {f"live, {name}": events for name, events in live.items()}
    told |= {f"late, {name}": events for name, events in late.items()}
    told["replay"] = [event for events in replays for event in events]
    return truth, {name: canonical(events, is_timeless="compact" in name) for name, events in told.items()}


def check_same(told: dict[str, Told]) -> None:
    """Compare all surfaces with the first one; times are compared where a surface has them."""
    expected = next(iter(told.values()))
    for name, own in told.items():
        for run_id, events in expected.items():
            without = canonical(events, is_timeless="compact" in name)[run_id]
            assert own[run_id] == without, f"{name} tells another story of run {run_id}"
        assert own.keys() == expected.keys()


@settings(max_examples=EXAMPLES, deadline=None)
@given(rng=st.randoms(use_true_random=False), flush_interval_s=st.sampled_from((0.0, 0.001, 0.033)))
async def test_every_surface_tells_the_same_of_every_run(rng: random.Random, flush_interval_s: float) -> None:
    truth, told = await tell(rng, flush_interval_s=flush_interval_s)
    assert len(told) == 11
    check_same(told)
    (reference, *_) = told.values()
    assert reference.keys() == truth.keys()
    for run_id, events in reference.items():
        assert Replica().take(events).runs[run_id].texts == truth[run_id]


def change(events: list[Event], place: int, **changes: object) -> None:
    events[place] = replace(events[place], **changes)


PLANTED: dict[str, Callable[[list[Event], int], object]] = {
    "a delta is missing": lambda events, place: events.pop(place),
    "a delta is doubled": lambda events, place: events.insert(place, events[place]),
    "a text differs": lambda events, place: change(events, place, content="another"),
    "a field differs": lambda events, place: change(events, place, field="elsewhere"),
    "a count differs": lambda events, place: change(events, place, count=99),
    "the final event is missing": lambda events, place: events.pop(),
    "two events change places": lambda events, place: events.insert(place - 1, events.pop(place)),
}


async def test_a_planted_difference_is_found() -> None:
    _, told = await tell(random.Random(5), flush_interval_s=0.0)
    check_same(told)
    for plant, own in product(PLANTED.values(), told.values()):
        run_id, events = next((run_id, events) for run_id, events in own.items() if len(events) > 12)
        place = [number for number, event in enumerate(events) if isinstance(event, StreamingOutputEvent)][5]
        own[run_id] = [*events]
        plant(own[run_id], place)
        with pytest.raises(AssertionError):
            check_same(told)
        own[run_id] = events
