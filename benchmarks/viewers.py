"""Viewers in a process of their own: every one of them keeps a ledger of what reached it.

`python -m benchmarks.viewers PORT SURFACE VIEWERS STALLED` prints `{}` when all are connected; SURFACE is `relay`,
`full`, `compact` or `sse`. STALLED of the viewers never read a byte. At `begin STREAMS TOKENS` new ledgers begin, and
`{}` is printed; it is printed again when every reading viewer has as many tokens as were sent. `report` prints what was
wrong, the latencies of the first viewers and the bytes on the wire; `first` when each stream's first token came.
"""

import asyncio
import socket
import statistics
import sys
import time
from collections.abc import Callable
from functools import partial

from benchmarks.conversation import commands, run, tell
from benchmarks.figures import quantile
from benchmarks.messages import EventReader, HungUpError, MessageReader, SocketReader
from benchmarks.stamps import Flaws, Ledger, Stamps, read_stamps
from benchmarks.transports import without_delay

TIMED_VIEWERS = 10
"""Of how many viewers latencies are taken."""

KNOWN_MESSAGES = 64
"""How many messages are remembered: viewers at one place get the same bytes, which are searched for stamps once."""

STALLED_BUFFER_BYTES = 4096

PATHS = {"relay": "/ws", "full": "/ws?format=full", "compact": "/ws?format=compact", "sse": "/api/v1/events"}


class Search:
    """Finds the stamps of messages; equal messages are searched once."""

    def __init__(self) -> None:
        self._known: dict[bytes, Stamps] = {}

    def stamps(self, message: bytes) -> Stamps:
        """Give a message's stamps."""
        found = self._known.get(message)
        if found is None:
            if len(self._known) >= KNOWN_MESSAGES:
                del self._known[next(iter(self._known))]
            found = self._known[message] = read_stamps(message)
        return found


class Round:
    """What the viewers of one round share."""

    def __init__(self, *, streams: int, tokens: int, viewers: int) -> None:
        self.streams = streams
        self.tokens = tokens
        self.latencies_ns: list[int] = []
        self.first_ns: dict[int, int] = {}
        self._waiting = viewers

    def complete(self) -> None:
        """Note that one more viewer has everything; say so when it was the last one."""
        self._waiting -= 1
        if not self._waiting:
            tell()


class Viewer(asyncio.Protocol):
    """A viewer that reads."""

    def __init__(self, surface: str, search: Search, *, on_open: Callable[[], None], is_timed: bool) -> None:
        self.bytes = 0
        self.round = Round(streams=0, tokens=0, viewers=1)
        self.ledger = Ledger(streams=0, tokens=0)
        self.failure: str | None = None
        self._surface = surface
        self._search = search
        self._on_open: Callable[[], None] | None = on_open
        self._is_timed = is_timed

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask for the events."""
        writing = without_delay(transport)
        is_sse = self._surface == "sse"
        self._reader: SocketReader | EventReader = EventReader() if is_sse else SocketReader(writing.write)
        writing.write(request(self._surface, transport.get_extra_info("peername")[1]))

    def connection_lost(self, exc: Exception | None) -> None:
        """Remember that it did not last."""
        self.failure = self.failure or f"connection lost: {exc}"

    def begin(self, this: Round) -> None:
        """Start a round with a new ledger."""
        self.round, self.bytes = this, 0
        self.ledger = Ledger(streams=this.streams, tokens=this.tokens)

    def data_received(self, data: bytes) -> None:
        """Note the tokens of the messages that are whole now."""
        now_ns = time.monotonic_ns()
        self.bytes += len(data)
        reader: MessageReader = self._reader
        try:
            messages = reader.feed(data)
        except HungUpError as error:
            self.failure = str(error)
            return
        if self._on_open is not None and self._reader.is_open and (messages or self._surface == "relay"):
            self._on_open()
            self._on_open = None
        for message in messages:
            self._take(message, now_ns)

    def _take(self, message: bytes, now_ns: int) -> None:
        stamps = self._search.stamps(message)
        if stamps.has_gap:
            self.failure = "a gap: the viewer fell behind the journal's reach"
        if not stamps.stretches:
            return
        was_full = self.ledger.is_full
        self.ledger.take(stamps.stretches)
        if self._is_timed:
            self.round.latencies_ns += [now_ns - sent_ns for sent_ns in stamps.sent_ns]
            for stretch in stamps.stretches:
                if stretch.first == 0:
                    self.round.first_ns.setdefault(stretch.stream, now_ns)
        if self.ledger.is_full and not was_full:
            self.round.complete()


class Stalled(asyncio.Protocol):
    """A viewer that asks for everything and takes nothing."""

    def __init__(self, surface: str) -> None:
        self._surface = surface

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask, and never read."""
        self.transport = without_delay(transport)
        self.transport.write(request(self._surface, transport.get_extra_info("peername")[1]))
        self.transport.pause_reading()


class Audience:
    """All viewers of a server."""

    def __init__(self, port: int, surface: str, viewers: int, stalled: int) -> None:
        self._port = port
        self._surface = surface
        self._stalled_viewers = stalled
        self._reading_viewers = viewers - stalled
        self._viewers: list[Viewer] = []
        self._stalled: list[Stalled] = []
        self._round = Round(streams=0, tokens=0, viewers=1)

    async def come(self) -> None:
        """Connect those that read; returns when each is served."""
        loop, search, opened = asyncio.get_running_loop(), Search(), asyncio.Semaphore(0)
        for number in range(self._reading_viewers):
            make = partial(Viewer, self._surface, search, on_open=opened.release, is_timed=number < TIMED_VIEWERS)
            _, viewer = await loop.create_connection(make, "127.0.0.1", self._port)
            self._viewers.append(viewer)
        for _ in self._viewers:
            await opened.acquire()

    async def begin(self, streams: int, tokens: int) -> None:
        """Start a round: new ledgers, and new stalled viewers, for those of the round before were sent away."""
        for one in self._stalled:
            one.transport.abort()
        self._stalled = [await self._stall() for _ in range(self._stalled_viewers)]
        self._round = Round(streams=streams, tokens=tokens, viewers=self._reading_viewers)
        for viewer in self._viewers:
            viewer.begin(self._round)

    def report(self) -> dict[str, object]:
        """Say what reached whom, and how fast."""
        flaws = [viewer.ledger.flaws() for viewer in self._viewers]
        failures = [viewer.failure for viewer in self._viewers if viewer.failure]
        latencies_ms = sorted(latency / 1e6 for latency in self._round.latencies_ns) or [0.0]
        return {
            "flaws": [describe(number, flaw) for number, flaw in enumerate(flaws) if flaw] + failures,
            "bytes": statistics.median(viewer.bytes for viewer in self._viewers) if self._viewers else 0,
            "latency_p50_ms": quantile(latencies_ms, 0.5),
            "latency_p99_ms": quantile(latencies_ms, 0.99),
        }

    def first_tokens_ns(self) -> list[int]:
        """Give when each stream's first token came."""
        return sorted(self._round.first_ns.values())

    async def _stall(self) -> Stalled:
        loop = asyncio.get_running_loop()
        sock = socket.socket()
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, STALLED_BUFFER_BYTES)
        sock.setblocking(False)
        await loop.sock_connect(sock, ("127.0.0.1", self._port))
        _, stalled = await loop.create_connection(lambda: Stalled(self._surface), sock=sock)
        return stalled


def describe(number: int, flaws: Flaws) -> str:
    """Say what is wrong with what a viewer got."""
    return (
        f"viewer {number}: {flaws.missing} tokens missing, {flaws.doubled} doubled, {flaws.reordered} out of order, "
        f"{flaws.foreign} too many"
    )


def request(surface: str, port: int) -> bytes:
    """Give what a viewer asks first."""
    head = f"GET {PATHS[surface]} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n"
    if surface != "sse":
        head += (
            "Upgrade: websocket\r\nConnection: Upgrade\r\n"
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
        )
    return f"{head}\r\n".encode()


async def main(port: int, surface: str, viewers: int, stalled: int) -> None:
    """Watch round after round."""
    audience = Audience(port, surface, viewers, stalled)
    await audience.come()
    tell()
    async for command in commands():
        match command:
            case ["begin", streams, tokens]:
                await audience.begin(int(streams), int(tokens))
                tell()
            case ["report"]:
                tell(**audience.report())
            case ["first"]:
                tell(first_ns=audience.first_tokens_ns())


if __name__ == "__main__":
    run(main(int(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4])))
