"""A flock whose agents write words at a pace, served with its dashboard, in a process of its own.

`python -m benchmarks.scribes AGENTS` prints its port. `go TOKENS_PER_S SECONDS` sets every agent off and answers when
all have ended, with how many tokens each run had, its text's hash, and when each token was written.
"""

import asyncio
import hashlib
import logging
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import cycle, islice

from pydantic import BaseModel, Field

from benchmarks.conversation import commands, tell
from flock import Flock, flock_type
from flock.cli.runner import run_to_end
from flock.engines.base import AgentView, EngineComponent
from flock.runtime import Context, EvalInputs, EvalResult

TICK_S = 0.01
"""How often a scribe looks which of its tokens are due: a timer for each of thousands would cost more than they do."""

WORDS = (
    "Owls turn their heads so far because their eyes cannot turn at all , and a bird that hunts by night has to look "
    "around without being heard . The feathers at the edge of a wing are soft as a comb of silk ; they break the air "
    "into small streams that make no sound . A mouse under the snow is found by ear alone , for one ear sits a little "
    "higher than the other , and the difference tells how deep it is ."
).split()
SENTENCES_PER_PARAGRAPH = 4


@flock_type(name="bench.Subject")
class Subject(BaseModel):
    """What to write about."""

    tokens_per_s: float
    seconds: float


@flock_type(name="bench.Essay")
class Essay(BaseModel):
    """What a scribe wrote."""

    body: str


def tokens() -> Iterator[str]:
    """Give words of plain English without an end, a blank before each and a paragraph now and then."""
    sentences = 0
    for word in cycle(WORDS):
        yield word if word in (",", ".", ";") else f" {word}"
        sentences += word == "."
        if word == "." and sentences % SENTENCES_PER_PARAGRAPH == 0:
            yield "\n\n"


@dataclass
class Manuscript:
    """What one run wrote: its text's hash, and when each token was written, in seconds since the Unix epoch."""

    sha256: str = ""
    written_at: list[float] = field(default_factory=list)


class Scribe(EngineComponent):
    """Writes at the pace it is asked for."""

    manuscripts: dict[str, Manuscript] = Field(default_factory=dict)

    async def evaluate(self, agent: AgentView, ctx: Context, inputs: EvalInputs) -> EvalResult:
        """Write until the time is over."""
        subject = inputs.first_as(Subject)
        total = int(subject.tokens_per_s * subject.seconds)
        manuscript = self.manuscripts[ctx.task_id] = Manuscript()
        written: list[str] = []
        start = time.perf_counter()
        source = islice(tokens(), total)
        while len(written) < total:
            due = min(total, int((time.perf_counter() - start) * subject.tokens_per_s) + 1)
            for token in islice(source, due - len(written)):
                ctx.writer.append(token, field="body")
                manuscript.written_at.append(time.time())
                written.append(token)
            await asyncio.sleep(TICK_S)
        body = "".join(written)
        manuscript.sha256 = hashlib.sha256(body.encode()).hexdigest()
        return EvalResult.of(Essay(body=body))


async def main(agents: int) -> None:
    """Serve, and let them write when told to."""
    logging.getLogger("flock").setLevel(logging.ERROR)  # that everybody may come in is meant
    flock = Flock(view=None)
    scribe = Scribe()
    for number in range(agents):
        flock.agent(f"scribe-{number:03}").consumes(Subject).publishes(Essay).engine(scribe)
    async with flock, flock.serving(dashboard=True, port=0, insecure_no_auth=True) as server:
        tell(port=server.port)
        async for _, tokens_per_s, seconds in commands():
            scribe.manuscripts.clear()
            await flock.publish(Subject(tokens_per_s=float(tokens_per_s), seconds=float(seconds)))
            await flock.run_until_idle()
            tell(runs={run: [one.sha256, one.written_at] for run, one in scribe.manuscripts.items()})


if __name__ == "__main__":
    run_to_end(main(int(sys.argv[1])))
