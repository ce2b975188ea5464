"""The least a client can do, in a process of its own: connect, ask, and wait for the first token, many at once.

`python -m benchmarks.raw_client MODEL_PORT PATH STREAMS` prints `{}`; at `go` it prints how many milliseconds each
stream took from connecting to its first token.
"""

import asyncio
import sys
import time

from benchmarks.conversation import commands, run, tell
from benchmarks.relay import request
from benchmarks.stamps import read_stamps


async def first_token_ms(port: int, path: str) -> float:
    """Ask for one stream; gives how long its first token took, and returns when it has ended."""
    began_ns, first_ns, tail = time.monotonic_ns(), 0, b""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(request(path))
    while b"[DONE]" not in tail:
        data = await reader.read(2**16)
        now_ns = time.monotonic_ns()
        if not data:
            raise ConnectionError("The model server closed early.")
        tail = tail[-1024:] + data
        if not first_ns and read_stamps(tail).stretches:
            first_ns = now_ns
    writer.close()
    return (first_ns - began_ns) / 1e6


async def main(port: int, path: str, streams: int) -> None:
    """Ask for all streams at every `go`."""
    tell()
    async for _ in commands():
        tell(first_ms=await asyncio.gather(*(first_token_ms(port, path) for _ in range(streams))))


if __name__ == "__main__":
    run(main(int(sys.argv[1]), sys.argv[2], int(sys.argv[3])))
