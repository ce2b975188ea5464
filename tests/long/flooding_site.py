"""A served flock in a process of its own that streams as much as it is told, at a steady pace.

Commands: `stream BYTES` answers when the runs have ended, with the CPU seconds they took and the most memory seen;
`viewers` with how many are attached; `memory` with what the process holds. Each delta begins with the time at which it
was written.
"""

import asyncio
import math
import time

from pydantic import BaseModel

from flock.artifacts import flock_type
from flock.engines.base import AgentView, EngineComponent
from flock.orchestrator import Flock
from flock.process import memory_bytes
from flock.runtime import Context, EvalInputs, EvalResult
from tests.backend import TOKEN
from tests.children import answer, commands

AGENTS = 10
BURST = 10
BURST_S = 0.005
WORDS = "all the owls of the wood came to the old oak and sat down to talk about the weather, "
"""Of each delta, behind its time: about a hundred bytes, a line of a fast model."""


@flock_type(name="flood.Order")
class Order(BaseModel):
    """How much text each agent is to write."""

    size: int


@flock_type(name="flood.Done")
class Done(BaseModel):
    """That an agent has written it."""

    size: int


class Flooding(EngineComponent):
    """Writes bursts of deltas at a steady pace."""

    async def evaluate(self, agent: AgentView, ctx: Context, inputs: EvalInputs) -> EvalResult:
        left = size = inputs.first_as(Order).size
        loop = asyncio.get_running_loop()
        due = loop.time()
        while left > 0:
            for _ in range(BURST):
                text = f"@{time.time():.6f} {WORDS}"
                ctx.writer.append(text)
                left -= len(text)
            due += BURST_S
            await asyncio.sleep(max(0.0, due - loop.time()))
        return EvalResult.of(Done(size=size))


async def stream(flock: Flock, size: int) -> dict[str, float]:
    """Let all agents write, and say what it took."""
    most = memory_bytes()
    began_s, cpu_s = time.perf_counter(), time.process_time()
    await flock.publish(Order(size=math.ceil(size / AGENTS)))
    idle = asyncio.create_task(flock.run_until_idle())
    while not idle.done():
        await asyncio.wait([idle], timeout=0.1)
        most = max(most, memory_bytes())
    return {
        "cpu_s": time.process_time() - cpu_s,
        "wall_s": time.perf_counter() - began_s,
        "memory": most,
        "journal": flock.journal.size,
    }


async def main() -> None:
    """Serve until there are no more commands."""
    flock = Flock(view=None)
    for number in range(AGENTS):
        flock.agent(f"agent{number}").consumes(Order).publishes(Done).engine(Flooding())
    async with flock, flock.serving(dashboard=True, port=0, token=TOKEN) as server:
        answer({"port": server.port, "bound": flock.journal.max_bytes})
        async for command, *arguments in commands():
            match command:
                case "stream":
                    answer(await stream(flock, int(arguments[0])))
                case "viewers":
                    answer(len(flock.audience))
                case "memory":
                    answer(memory_bytes())


if __name__ == "__main__":
    import uvloop

    uvloop.run(main())
