"""The product in a process of its own: agents that stream from a model server, served to viewers.

`python -m benchmarks.product MODEL_PORT STREAMS` prints its port, runs a round for each line on standard input, and
prints the CPU seconds and wall seconds of the round.
"""

import asyncio
import json
import sys
import time

from pydantic import BaseModel

from benchmarks.model_server import FIELD
from flock import Flock, flock_type
from flock.engines.dspy_engine import DSPyEngine


@flock_type(name="bench.Start")
class Start(BaseModel):
    """What sets a round off."""

    round: int


@flock_type(name="bench.Text")
class Text(BaseModel):
    """One streamed text."""

    body: str


assert FIELD in Text.model_fields


async def _rounds(model_port: int, streams: int) -> None:
    flock = Flock("openai/bench", base_url=f"http://127.0.0.1:{model_port}/v1")
    engine = DSPyEngine(parallel_streaming=True)
    for number in range(streams):
        flock.agent(f"agent-{number:04}").consumes(Start).publishes(Text).engine(engine)
    lines = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    async with flock.serving(dashboard=True, port=0, insecure_no_auth=True) as server:
        print(server.port, flush=True)
        while await lines.readline():
            cpu_s, wall_s = time.process_time(), time.perf_counter()
            await flock.publish(Start(round=0))
            await flock.run_until_idle()
            spent = {"cpu_s": time.process_time() - cpu_s, "wall_s": time.perf_counter() - wall_s}
            print(json.dumps(spent), flush=True)


if __name__ == "__main__":
    import uvloop

    uvloop.run(_rounds(int(sys.argv[1]), int(sys.argv[2])))
