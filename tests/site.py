"""A served flock in a process of its own: `python -m tests.site AGENTS WORDS GRACE_S PACE_S` says where, as JSON.

Each agent writes that many words, one every `PACE_S` seconds. It ends like a real one: by SIGTERM or SIGINT.
"""

import asyncio
import json
import sys
from functools import partial

from flock.engines.base import AgentView, EngineComponent
from flock.orchestrator import Flock
from flock.runtime import Context, EvalInputs, EvalResult
from flock.server.serving import Server
from flock.server.settings import ServerSettings
from tests.backend import TOKEN, ServedIdea, ServedPost


class Pacing(EngineComponent):
    """Writes words at a steady pace."""

    words: int
    pace_s: float

    async def evaluate(self, agent: AgentView, ctx: Context, inputs: EvalInputs) -> EvalResult:
        text = ""
        for number in range(self.words):
            word = f"{agent.name}:{number} "
            ctx.writer.append(word, field="text")
            text += word
            await asyncio.sleep(self.pace_s)
        return EvalResult.of(ServedPost(text=text))


async def main(agents: int, words: int, grace_s: float, pace_s: float) -> None:
    """Serve until a signal comes."""
    flock = Flock(view=None)
    flock.streams.parallel_view = True
    engine = Pacing(words=words, pace_s=pace_s)
    for number in range(agents):
        flock.agent(f"agent{number}").consumes(ServedIdea).publishes(ServedPost).engine(engine)
    settings = ServerSettings(port=0, token=TOKEN, dashboard=True, grace_s=grace_s)
    async with flock, Server(flock, settings, on_stop=partial(flock.shutdown, grace_s=grace_s)) as server:
        print(json.dumps({"url": server.url, "port": server.port, "token": server.token}), flush=True)
        await server.wait_stopped()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]), float(sys.argv[4])))
