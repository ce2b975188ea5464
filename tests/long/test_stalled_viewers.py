"""A hundred viewers that never read cost nobody anything: figures of a served flock, phase by phase."""

import asyncio
import statistics
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import pytest

from flock.server.closes import STALLED
from flock.server.settings import ServerSettings
from tests.children import Child, child
from tests.long.flooding_site import AGENTS

STALLED_VIEWERS = 100
MIB = 2**20

STREAMED_BYTES = 50 * 10**6
PART_BYTES = 10 * 10**6
WARM_UP_BYTES = 10**4
MEMORY_BYTES = 20 * MIB
LOOK_AFTER_S = ServerSettings().stall_timeout_s + 3.0
"""When it is looked whether they are closed: all of them by now, and none has been cut off yet (`LINGER_S`)."""

PAIRS = 9
"""Phases with and without stalled viewers, one after the other, so that a busy machine is busy for both."""

PHASE_BYTES = 5 * 10**6
FILL_BYTES = 10**6
"""More than what lies between server and viewer: behind it a viewer that does not read is stalled."""

LATENCY_RATIO = 1.2
CPU_RATIO = 1.05


@dataclass
class Setting:
    """A site, one healthy viewer, and a process for stalled ones. `bound` is the journal's."""

    site: Child
    healthy: Child
    stalled: Child
    bound: int

    async def stream(self, size: int) -> dict[str, Any]:
        """Stream so much, and give what the site and the healthy viewer measured."""
        watching = asyncio.create_task(self.healthy.ask("phase"))
        spent = await self.site.ask("stream", size)
        return {**spent, **await watching}


@asynccontextmanager
async def setting() -> AsyncIterator[Setting]:
    async with child("tests.long.flooding_site") as site:
        place = await site.answer()
        async with child("tests.long.healthy_viewer", place["port"], AGENTS) as healthy:
            assert await healthy.answer()
            async with child("tests.long.stalled_viewers", place["port"]) as stalled:
                yield Setting(site, healthy, stalled, place["bound"])


@pytest.mark.long
@pytest.mark.timeout(300)
async def test_a_hundred_stalled_viewers_cost_little_memory_and_are_closed_in_time() -> None:
    async with setting() as here:
        await here.stream(WARM_UP_BYTES)
        await here.stalled.ask("connect", STALLED_VIEWERS)
        before = await here.site.ask("memory")
        closing = asyncio.create_task(here.stalled.ask("close", LOOK_AFTER_S))
        most = max([(await here.stream(PART_BYTES))["memory"] for _ in range(STREAMED_BYTES // PART_BYTES)])
        codes = await closing
    beyond = most - before - here.bound
    closed = codes.count(STALLED.code)
    print(f"figure: 50 MB beside {STALLED_VIEWERS} stalled viewers: {beyond / MIB:.1f} MiB beyond the journal's bound")
    print(
        f"figure: {closed} of {STALLED_VIEWERS} stalled viewers are closed with {STALLED.code} after {LOOK_AFTER_S:g} s"
    )
    assert codes == [STALLED.code] * STALLED_VIEWERS
    assert beyond <= MEMORY_BYTES


@pytest.mark.long
@pytest.mark.timeout(600)
async def test_a_hundred_stalled_viewers_cost_neither_agents_nor_the_healthy_viewer_anything() -> None:
    without: list[dict[str, Any]] = []
    beside: list[dict[str, Any]] = []
    async with setting() as here:
        for _ in range(PAIRS):
            await here.stream(FILL_BYTES)
            without.append(await here.stream(PHASE_BYTES))
            await here.stalled.ask("connect", STALLED_VIEWERS)
            await here.stream(FILL_BYTES)
            beside.append(await here.stream(PHASE_BYTES))
            assert await here.site.ask("viewers") == STALLED_VIEWERS + 1
            await here.stalled.ask("drop")
    latency = statistics.median(_ratios(beside, without, "p99_ms"))
    cpu = statistics.median(_ratios(beside, without, "cpu_s"))
    p99_ms = statistics.median(row["p99_ms"] for row in beside)
    print(f"figure: beside {STALLED_VIEWERS} stalled viewers p99 is {latency:.2f} times as long ({p99_ms:.0f} ms)")
    print(f"figure: beside {STALLED_VIEWERS} stalled viewers agents cost {cpu:.3f} times as much CPU")
    assert latency <= LATENCY_RATIO
    assert cpu <= CPU_RATIO


def _ratios(beside: list[dict[str, Any]], without: list[dict[str, Any]], name: str) -> list[float]:
    return [one[name] / other[name] for one, other in zip(beside, without, strict=True)]
