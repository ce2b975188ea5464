"""`make soak`: a served flock works for an hour while viewers come and go; its memory must stay where it is.

Runs complete, fail, time out and are cancelled. Everything that is bounded is small, so that it is full long before
the second half, over which the slope of the memory is taken.
"""

import argparse
import asyncio
import json
import logging
import math
import random
import sys
from asyncio.subprocess import PIPE
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import linear_regression
from typing import NamedTuple

from pydantic import BaseModel

from benchmarks.memory import held_bytes
from flock import Flock, flock_type
from flock.board.memory import InMemoryBoard
from flock.engines.base import AgentView, EngineComponent
from flock.engines.dspy_engine import DSPyEngine
from flock.events import StreamingOutputEvent
from flock.journal import Journal
from flock.runtime import Context, EvalInputs, EvalResult

MAX_SLOPE_MB = 1.0
"""By how much the memory may grow in ten minutes."""

MIN_MINUTES = 5.0
"""Before that, what is bounded is still filling up, and every slope looks like a leak."""

SAMPLES = 120
ROUNDS_PER_S = 2.0
CANCEL_RATE = 0.1
MODEL = "demo/writer?first_token_s=0.05&tokens_per_s=100&words=30"
TOPICS = ("owls", "tidal power", "sourdough", "the night train", "gardens", "old maps")


class Sample(NamedTuple):
    """The memory of the process at one moment, after collecting what was left."""

    seconds: float
    bytes: int


@dataclass
class Soak:
    """What was measured."""

    samples: list[Sample] = field(default_factory=list)
    endings: Counter[str] = field(default_factory=Counter)
    visits: dict[str, int] = field(default_factory=dict)

    @property
    def slope_mb(self) -> float:
        """Megabytes per ten minutes, over the second half."""
        return slope_mb(self.samples[len(self.samples) // 2 :])

    def note(self, event: StreamingOutputEvent) -> None:
        """Count how a run ended."""
        if event.outcome:
            self.endings[event.outcome.status] += 1

    def figures(self) -> list[str]:
        """Say it in lines."""
        first, half, last = self.samples[0], self.samples[len(self.samples) // 2], self.samples[-1]
        endings = ", ".join(f"{count:,} {status}" for status, count in sorted(self.endings.items()))
        seen = ", ".join(f"{count:,} {what}" for what, count in sorted(self.visits.items()))
        memory = f"{_mb(first):.1f} MB at first, {_mb(half):.1f} MB at half-time, {_mb(last):.1f} MB at last"
        return [
            f"figure: soak of {last.seconds / 60:g} min: {endings}",
            f"figure: viewers came and went: {seen}",
            f"figure: memory {memory}; {self.slope_mb:+.2f} MB per 10 min over the second half, of {MAX_SLOPE_MB:g}",
        ]


def verdict(minutes: float, slope: float) -> str | None:
    """Say what is wrong with the slope of a soak that took so long; None where all is well or nobody can tell."""
    if minutes < MIN_MINUTES or slope <= MAX_SLOPE_MB:
        return None
    return f"memory grows by {slope:.2f} MB in ten minutes"


def soaking_minutes(text: str) -> float:
    """Read how long to soak; raises `ArgumentTypeError` for what is no time."""
    try:
        minutes = float(text)
    except ValueError:
        minutes = math.nan
    if not 0 < minutes < math.inf:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of minutes above 0")
    return minutes


def slope_mb(samples: Sequence[Sample]) -> float:
    """Give the slope by least squares, in megabytes per ten minutes."""
    fit = linear_regression([sample.seconds for sample in samples], [sample.bytes for sample in samples])
    return fit.slope * 600 / 1e6


@flock_type(name="soak.Topic")
class Topic(BaseModel):
    """What sets a round off."""

    name: str


@flock_type(name="soak.Draft")
class Draft(BaseModel):
    """What writers write."""

    title: str
    body: str


@flock_type(name="soak.Review")
class Review(BaseModel):
    """What follows on a draft."""

    verdict: str


class Failing(EngineComponent):
    """Writes a little, then fails, or waits for something that does not come."""

    async def evaluate(self, agent: AgentView, ctx: Context, inputs: EvalInputs) -> EvalResult:
        """Fail or wait."""
        ctx.writer.append("Well, ", field="verdict")
        if ctx.task_id < "8":
            raise ValueError("the review failed")
        await asyncio.Event().wait()
        return EvalResult()


def build() -> Flock:
    """Make the flock; everything it keeps has a small bound."""
    flock = Flock(
        MODEL,
        view=None,
        journal=Journal(max_bytes=2**20, recent_runs=16),
        board=InMemoryBoard(max_artifacts=200, max_bytes=2**20),
    )
    flock.runs.max_finished = 100
    for number in range(3):
        flock.agent(f"writer_{number}").consumes(Topic).publishes(Draft).engine(DSPyEngine())
    broken = DSPyEngine(model=f"{MODEL}&fail=truncate&fail_rate=0.5&seed=1", max_retries=1)
    flock.agent("stumbling").consumes(Topic).publishes(Draft).engine(broken)
    flock.agent("reviewer").consumes(Draft, from_agents=["writer_0"]).publishes(Review).engine(DSPyEngine())
    flock.agent("failing").consumes(Draft, from_agents=["writer_1"]).publishes(Review).engine(
        Failing(total_timeout_s=0.5)
    )
    return flock


async def soak(minutes: float) -> Soak:
    """Let a flock work and be watched for so long."""
    flock, result, dice = build(), Soak(), random.Random(0)
    flock.streams.on_final.append(lambda event, _: result.note(event))
    async with flock, flock.serving(dashboard=True, port=0, insecure_no_auth=True) as server:
        await flock.prepare()
        seconds = minutes * 60
        visitors = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "benchmarks.visitors", server.url, str(seconds), stdout=PIPE
        )
        try:
            async with asyncio.TaskGroup() as group:
                working = group.create_task(_work(flock, dice))
                await _sample(result, seconds)
                working.cancel()
            output, _ = await visitors.communicate()
        finally:
            if visitors.returncode is None:
                visitors.kill()
                await visitors.wait()
        result.visits = json.loads(output)
    return result


async def _work(flock: Flock, dice: random.Random) -> None:
    while True:
        await flock.publish(Topic(name=dice.choice(TOPICS)))
        await asyncio.sleep(dice.expovariate(ROUNDS_PER_S))
        for run in flock.runs.unfinished:
            if dice.random() < CANCEL_RATE:
                flock.cancel(run.run_id)


async def _sample(result: Soak, seconds: float) -> None:
    loop = asyncio.get_running_loop()
    began = loop.time()
    for number in range(1, SAMPLES + 1):
        await asyncio.sleep(began + seconds * number / SAMPLES - loop.time())
        result.samples.append(Sample(loop.time() - began, held_bytes()))


def _mb(sample: Sample) -> float:
    return sample.bytes / 1e6


def main() -> None:
    """Soak, print the figures, and fail where memory grows."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.soak", description=__doc__)
    parser.add_argument("--minutes", type=soaking_minutes, default=60.0)
    minutes = parser.parse_args().minutes
    logging.getLogger("flock").setLevel(logging.CRITICAL)
    result = asyncio.run(soak(minutes))
    print("\n".join(result.figures()), flush=True)
    if minutes < MIN_MINUTES:
        print(f"no verdict on the memory: under {MIN_MINUTES:g} min its bounds are still filling up")
    sys.exit(verdict(minutes, result.slope_mb))


if __name__ == "__main__":
    main()
