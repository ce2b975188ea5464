"""Measures what model servers' faults cost in memory: `python -m tests.hungry BASE_URL FAULT …`.

A process of its own, so that nobody else's memory is measured. Prints one line of JSON: the `Cost` of each fault.
"""

import asyncio
import ctypes
import gc
import json
import sys
from pathlib import Path
from typing import NamedTuple

from pydantic import BaseModel

from flock.artifacts import flock_type
from flock.engines.dspy_engine import DSPyEngine
from flock.orchestrator import Flock
from tests.servers.fault import KEY

WARM_UP = "warm-up"

_RESET_PEAK = "5"


@flock_type(name="hungry.Idea")
class Idea(BaseModel):
    topic: str = "owls"


@flock_type(name="hungry.Post")
class Post(BaseModel):
    body: str


class Cost(NamedTuple):
    """The peak of a run above what the process held before it, in bytes, and how the run ended."""

    peak: int
    status: str
    code: str | None


async def main(base_url: str, faults: list[str]) -> None:
    """Run an agent per fault, one after the other, and print what each cost."""
    costs: dict[str, Cost] = {}
    async with Flock(f"openai/{WARM_UP}", base_url=base_url, api_key=KEY, view=None) as flock:
        for name in (WARM_UP, *faults):
            engine = DSPyEngine(model=f"openai/{name}", max_retries=0)
            flock.agent(name).consumes(Idea).publishes(Post).engine(engine)
        for name in (WARM_UP, *faults):
            costs[name] = await cost(flock, name)
    print(json.dumps({name: costs[name] for name in faults}))


async def cost(flock: Flock, agent: str) -> Cost:
    """Give how far a run of an agent raises the memory of this process at its peak, and how it ends."""
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)
    Path("/proc/self/clear_refs").write_text(_RESET_PEAK)
    before = _status("VmRSS")
    run = await flock.start_run(agent, [Idea()])
    await flock.wait_run(run.run_id)
    peak = _status("VmHWM") - before
    assert run.outcome is not None
    error = run.outcome.error
    return Cost(peak, run.outcome.status, None if error is None else error.code)


def _status(name: str) -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    (line,) = (line for line in lines if line.startswith(f"{name}:"))
    return int(line.split()[1]) * 1024


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2:]))
