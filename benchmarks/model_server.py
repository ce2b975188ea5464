"""An OpenAI-compatible model server in a process of its own, which stamps each token when it writes it.

`python -m benchmarks.model_server` prints its port. The URL says how it answers, so that one server serves all cells:
`/ADAPTER/FIELD[,FIELD…]/TOKENS/TOKENS_PER_S/v1/chat/completions`; with 0 tokens/s as fast as the socket takes them.
"""

import asyncio
import random
import time
from itertools import count

from benchmarks.answers import HEAD, Answer, prepare
from benchmarks.cells import Adapter
from benchmarks.conversation import commands, run, tell
from benchmarks.fine_loop import fine_loop
from benchmarks.transports import without_delay

BATCH = 64
"""How many tokens are written at once where no pace is asked for."""

ADAPTERS: dict[str, Adapter] = {"chat": "chat", "json": "json"}


def answer_path(adapter: Adapter, fields: tuple[str, ...], tokens: int, tokens_per_s: float) -> str:
    """Give the path below which the server answers like this, without the `/v1`."""
    return f"/{adapter}/{','.join(fields)}/{tokens}/{tokens_per_s:g}"


class Connection(asyncio.Protocol):
    """One client's connection: one answer after the other."""

    def __init__(self, numbers: "count[int]") -> None:
        self._numbers = numbers
        self._loop = asyncio.get_running_loop()
        self._received = b""
        self._answer: Answer | None = None
        self._next = self._stream = 0
        self._period_s = self._due_s = 0.0
        self._timer: asyncio.Handle | None = None
        self._is_paused = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Send every token at once."""
        self._transport = without_delay(transport)

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop writing."""
        if self._timer is not None:
            self._timer.cancel()

    def data_received(self, data: bytes) -> None:
        """Take requests, one after the other."""
        self._received += data
        if self._answer is None:
            self._begin()

    def pause_writing(self) -> None:
        """Let the client read first; paced tokens come in time all the same."""
        self._is_paused = True

    def resume_writing(self) -> None:
        """Go on where the client had to read first."""
        self._is_paused = False
        if self._answer is not None and not self._period_s:
            self._pour()

    def _begin(self) -> None:
        """Start to answer the next request, once it is whole."""
        head, end, body = self._received.partition(b"\r\n\r\n")
        lines = head.split(b"\r\n")
        length = next((int(line[15:]) for line in lines if line.lower().startswith(b"content-length:")), 0)
        if not end or len(body) < length:
            return
        self._received = body[length:]
        _, adapter, fields, tokens, tokens_per_s, _ = lines[0].split(b" ")[1].decode().split("/", 5)
        self._answer = prepare(ADAPTERS[adapter], tuple(fields.split(",")), int(tokens))
        self._next, self._stream = 1, next(self._numbers)
        rate = float(tokens_per_s)
        self._period_s = 1 / rate if rate else 0.0
        self._transport.write(HEAD + self._answer.pieces(0, 1, stream=0, now_ns=0))
        if rate:
            self._due_s = self._loop.time() + random.random() * self._period_s
            self._timer = self._loop.call_at(self._due_s, self._drip)
        else:
            self._pour()

    def _drip(self) -> None:
        """Send one token, and the next one when it is due."""
        self._send(1)
        if self._answer is not None:
            self._due_s += self._period_s
            self._timer = self._loop.call_at(self._due_s, self._drip)

    def _pour(self) -> None:
        """Send many tokens, and more when the others had their turn."""
        if self._answer is None or self._is_paused or self._transport.is_closing():
            return
        self._send(BATCH)
        if self._answer is not None:
            self._timer = self._loop.call_soon(self._pour)

    def _send(self, number: int) -> None:
        answer = self._answer
        assert answer is not None
        start, self._next = self._next, self._next + number
        self._transport.write(answer.pieces(start, self._next, stream=self._stream, now_ns=time.monotonic_ns()))
        if self._next >= len(answer):
            self._answer = None
            if self._received:
                self._begin()


async def main() -> None:
    """Serve until the benchmark ends."""
    numbers = count()
    server = await asyncio.get_running_loop().create_server(lambda: Connection(numbers), "127.0.0.1", 0, backlog=4096)
    tell(port=server.sockets[0].getsockname()[1])
    async for _ in commands():
        pass
    server.close()


if __name__ == "__main__":
    run(main(), make_loop=fine_loop)
