"""Thousands of runs that go wrong, a hundred at a time: each has its own end, and nothing is left of any."""

import asyncio
import time

import pytest

from tests.faulty_site import faulty_site
from tests.leaks import Held, left_behind
from tests.servers.faults import drawn
from tests.validators import check_streams

STORMS = 50
RUNS_PER_STORM = 100
LIMIT_S = 60.0
"""How long one storm may take."""


@pytest.mark.long
@pytest.mark.timeout(1800)
async def test_thousands_of_faults_leave_nothing_behind() -> None:
    began, ended = time.monotonic(), 0
    async with faulty_site() as site:
        before = Held.now()
        for seed in range(STORMS):
            faults = [fault for fault in drawn(seed, RUNS_PER_STORM) if not fault.gates]
            async with asyncio.timeout(LIMIT_S):
                runs = await site.storm(faults)
            ended += len(runs)
            for fault, run in zip(faults, runs, strict=True):
                for events in site.seen(run.run_id).values():
                    (stream,) = check_streams(events).values()
                    assert stream.outcome is not None
                    assert stream.outcome.status == fault.status, fault.name
        await site.forget_connections()
        assert await left_behind(before) == []
    print(f"figure: {ended:,} runs with faults, {RUNS_PER_STORM} at once, in {time.monotonic() - began:.0f} s: no leak")
