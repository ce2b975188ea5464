"""The product in a process of its own, served as `flk serve --insecure-no-auth` serves it.

`python -m benchmarks.product MODEL_URL AGENTS RUNS_PER_AGENT ADAPTER FIELDS [--dashboard]` prints its port. At `go`
something is published, once for each run an agent is to have, and what became of the runs is printed when all have
ended. `warm` runs one agent, `warm all` each of them. `stop` prints what it cost, `memory` what the process holds,
`head` how many events there were.
"""

import asyncio
import logging
import sys
from collections import Counter
from collections.abc import Sequence
from typing import cast

from pydantic import BaseModel

from benchmarks.cells import Adapter
from benchmarks.conversation import commands, tell
from benchmarks.memory import held_bytes
from benchmarks.usage import Meter
from flock import Flock, flock_type
from flock.board.memory import InMemoryBoard
from flock.cli.runner import run_to_end
from flock.engines.dspy_engine import DSPyEngine
from flock.events import Stream, StreamingOutputEvent


@flock_type(name="bench.Start")
class Start(BaseModel):
    """What sets a round off."""

    topic: str = "owls"


@flock_type(name="bench.Text")
class Text(BaseModel):
    """A text."""

    body: str


@flock_type(name="bench.Post")
class Post(BaseModel):
    """A text with its title and summary."""

    title: str
    summary: str
    body: str


OUTPUTS: dict[int, type[BaseModel]] = {len(model.model_fields): model for model in (Text, Post)}


def field_names(fields: int) -> tuple[str, ...]:
    """Give the names of the output with so many fields."""
    return tuple(OUTPUTS[fields].model_fields)


class Endings:
    """How runs ended, and whether what they streamed is what they published."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()

    def note(self, event: StreamingOutputEvent, stream: Stream) -> None:
        """Count a run that has ended."""
        if event.outcome:
            is_true = all(field.matches for field in event.outcome.fields)
            self.counts[event.outcome.status if is_true else "streamed something else"] += 1


def add_agents(flock: Flock, agents: int, runs_per_agent: int, adapter: str, fields: int) -> None:
    """Let agents answer whatever is published, so many runs of each at once."""
    for number in range(agents):
        engine = DSPyEngine(parallel_streaming=True, adapter=cast("Adapter", adapter))
        agent = flock.agent(f"agent-{number:04}").consumes(Start).publishes(OUTPUTS[fields]).engine(engine)
        agent.max_concurrency(runs_per_agent)


async def warm(flock: Flock, names: Sequence[str]) -> None:
    """Run agents once, all together."""
    runs = [await flock.start_run(name, [Start()], stream=True) for name in names]
    for run in runs:
        await flock.wait_run(run.run_id)


async def main(url: str, agents: int, runs_per_agent: int, adapter: str, fields: int, *, dashboard: bool) -> None:
    """Serve, and work when told to."""
    logging.getLogger("flock").setLevel(logging.ERROR)  # that everybody may come in is meant
    board = InMemoryBoard()
    flock = Flock("openai/benchmark", base_url=f"{url}/v1", board=board, view=None)
    add_agents(flock, agents, runs_per_agent, adapter, fields)
    meter, endings = Meter(), Endings()
    flock.streams.on_final.append(endings.note)

    async def work(*, has_lag: bool) -> None:
        endings.counts.clear()
        began_ns = meter.start(has_lag=has_lag)
        for _ in range(runs_per_agent):
            await flock.publish(Start())
        await flock.run_until_idle()
        tell(began_ns=began_ns, **endings.counts)

    async with flock, flock.serving(dashboard=dashboard, port=0, insecure_no_auth=True) as server:
        await flock.prepare()
        tell(port=server.port)
        rounds: list[asyncio.Task[None]] = []
        async for command in commands():
            match command:
                case ["warm", *more]:
                    await warm(flock, list(flock.agents)[: None if "all" in more else 1])
                    tell()
                case ["go", *more]:
                    rounds.append(asyncio.create_task(work(has_lag="lag" in more)))
                case ["stop"]:
                    tell(**meter.stop())
                case ["memory"]:
                    tell(memory=held_bytes(), journal=flock.journal.size, board=board.size)
                case ["head"]:
                    tell(head=flock.journal.head)


if __name__ == "__main__":
    url, agents, runs_per_agent, adapter, fields, *options = sys.argv[1:]
    run_to_end(main(url, int(agents), int(runs_per_agent), adapter, int(fields), dashboard="--dashboard" in options))
