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
from benchmarks.transports import without_delay


class Call(asyncio.Protocol):
    """One stream of the model server, of which nothing but the first token counts."""

    def __init__(self, asked: bytes) -> None:
        self.ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.first_ns = 0
        self._asked = asked
        self._tail = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask."""
        self._transport = without_delay(transport)
        self._transport.write(self._asked)

    def connection_lost(self, exc: Exception | None) -> None:
        """Fail where the answer was not whole."""
        if not self.ended.done():
            self.ended.set_exception(exc or ConnectionError("The model server closed early."))

    def data_received(self, data: bytes) -> None:
        """Note when the first token came, and whether this was the last one."""
        now_ns = time.monotonic_ns()
        self._tail = self._tail[-1024:] + data
        if not self.first_ns and read_stamps(self._tail).stretches:
            self.first_ns = now_ns
        if b"[DONE]" in self._tail:
            self.ended.set_result(None)
            self._transport.close()


async def first_token_ms(port: int, asked: bytes) -> float:
    """Ask for one stream; gives how long its first token took, and returns when it has ended."""
    began_ns = time.monotonic_ns()
    _, call = await asyncio.get_running_loop().create_connection(lambda: Call(asked), "127.0.0.1", port)
    await call.ended
    return (call.first_ns - began_ns) / 1e6


async def main(port: int, path: str, streams: int) -> None:
    """Ask for all streams at every `go`."""
    asked = request(path)
    tell()
    async for _ in commands():
        tell(first_ms=await asyncio.gather(*(first_token_ms(port, asked) for _ in range(streams))))


if __name__ == "__main__":
    run(main(int(sys.argv[1]), sys.argv[2], int(sys.argv[3])))
