"""Random runs, watched by viewers whose connections are cut all the time; then everything is checked."""

import asyncio
import random
from dataclasses import dataclass

from flock.events import Event, Gap, Snapshot, StreamingOutputEvent
from flock.journal import Journal
from flock.orchestrator import Flock
from tests.backend import Served, served
from tests.histories import check_history, known_events
from tests.proxy import Proxy, random_cuts
from tests.random_runs import Truth, run_random
from tests.resuming import ResumingViewer
from tests.unit.replica import Replica

WRITERS = 3
ACTS = 60
"""How many acts a run has at the most: many runs begin, live and end between the cuts."""

PACE_S = 0.01
MAX_CUT_BYTES = 2**16
LAST = "last"
"""The agent whose one run ends everything."""

SELECTIONS = ("", f"agent=writer0&agent=writer1&agent={LAST}")


@dataclass
class Tally:
    """What a test of cuts has seen.

    `resumed` counts visits that went on from a cursor and got somewhere, `gaps` those that were told they could not.
    """

    cuts: int = 0
    runs: int = 0
    resumed: int = 0
    gaps: int = 0


async def cut_and_check(*, cuts: int, seed: int, journal: Journal | None = None) -> Tally:
    """Cut eight viewers' connections so often while runs write, let all end, and check each viewer's history.

    Raises `AssertionError` where something is lost, doubled, reordered or foreign, or a run has not one final event.
    """
    rng = random.Random(seed)
    truth: Truth = {}
    async with served(Flock(view=None, journal=journal)) as site:
        async with Proxy(site.server.port, random_cuts(rng, max_bytes=MAX_CUT_BYTES)) as proxy:
            viewers = [
                ResumingViewer(proxy.port, site.headers, surface=surface, format=encoding, query=query)
                for surface in ("websocket", "sse")
                for encoding in ("full", "compact")
                for query in SELECTIONS
            ]
            async with asyncio.TaskGroup() as watching:
                for viewer in viewers:
                    watching.create_task(viewer.watch(_is_last))
                await _write(site, proxy, rng, truth, cuts)
    tally = Tally(cuts=proxy.cuts, runs=len(truth))
    for viewer in viewers:
        _check(viewer, truth, tally)
    return tally


async def _write(site: Served, proxy: Proxy, rng: random.Random, truth: Truth, cuts: int) -> None:
    """Write run after run until there were enough cuts, and then one last run over connections that live."""

    async def pause() -> None:
        await asyncio.sleep(PACE_S)

    async def write(agent: str) -> None:
        own = random.Random(rng.random())
        while proxy.cuts < cuts:
            await run_random(site.flock.streams, own, truth, agent=agent, acts=own.randrange(ACTS), pause=pause)

    async with asyncio.TaskGroup() as writing:
        for number in range(WRITERS):
            writing.create_task(write(f"writer{number}"))
    proxy.plan = lambda: None
    await run_random(site.flock.streams, rng, truth, agent=LAST, acts=10, pause=pause)


def _is_last(events: list[Event]) -> bool:
    return any(
        (isinstance(event, StreamingOutputEvent) and event.is_final and event.agent_name == LAST)
        or (isinstance(event, Snapshot) and event.outcome is not None and event.agent_name == LAST)
        for event in events
    )


def _check(viewer: ResumingViewer, truth: Truth, tally: Tally) -> None:
    streams = check_history(viewer.visits)
    known = Replica().take(known_events(viewer.visits)).runs
    assert streams.keys() == known.keys() <= truth.keys(), viewer
    for run_id, run in known.items():
        assert run.texts == truth[run_id], f"{viewer}: run {run_id} is not what was written"
    tally.gaps += sum(isinstance(event, Gap) for visit in viewer.visits for event in visit.events)
    tally.resumed += sum(visit.asked is not None and len(visit.frames) > 1 for visit in viewer.visits)
