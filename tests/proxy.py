"""A TCP proxy in front of a server on this machine that cuts connections where it is told to."""

import asyncio
import random
import socket
import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, NamedTuple, Self

Direction = Literal["up", "down"]
"""Towards the server, or towards the client."""

CHUNK_BYTES = 2**16

REQUEST_BYTES = 150
"""Less than any request has: a cut behind its end would never come."""

HEAD_BYTES = 512
"""About how much it takes to shake hands and to say hello."""


@dataclass(frozen=True)
class Cut:
    """Where a connection ends: after so many bytes of one direction, with a reset on both sides or a clean close.

    A close delivers exactly these bytes, a reset at the most.
    """

    after: int
    direction: Direction = "down"
    how: Literal["reset", "close"] = "close"


Plan = Callable[[], Cut | None]


def random_cuts(rng: random.Random, *, max_bytes: int) -> Plan:
    """Cut every connection: now and then in the request or the head of the answer, mostly anywhere in what follows."""

    def plan() -> Cut:
        how: Literal["reset", "close"] = "reset" if rng.random() < 0.5 else "close"
        match rng.random():
            case chance if chance < 0.05:
                return Cut(rng.randrange(REQUEST_BYTES), "up", how)
            case chance if chance < 0.2:
                return Cut(rng.randrange(HEAD_BYTES), "down", how)
            case _:
                least = 2 * HEAD_BYTES
                return Cut(int(least * (max_bytes / least) ** rng.random()), "down", how)

    return plan


class Proxy:
    """Forwards connections for as long as its `async with` block runs.

    `plan` is asked once per connection; None lets it live. `cuts` counts the connections that were cut, `port` is where
    clients connect. While `hold` runs nothing is forwarded and nobody is told: both sides see a peer that is silent.
    """

    def __init__(self, server_port: int, plan: Plan = lambda: None) -> None:
        self.plan = plan
        self.cuts = 0
        self.port = 0
        self.connections = 0
        self._server_port = server_port
        self._flowing = asyncio.Event()
        self._flowing.set()
        self._tasks = asyncio.TaskGroup()
        self._forwarding: set[asyncio.Task[None]] = set()
        self._listener: asyncio.Server | None = None

    async def __aenter__(self) -> Self:
        await self._tasks.__aenter__()
        self._listener = await asyncio.start_server(self._accept, "127.0.0.1", 0, limit=CHUNK_BYTES, backlog=1024)
        self.port = self._listener.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *error: object) -> None:
        assert self._listener is not None
        self._listener.close()
        for task in self._forwarding:
            task.cancel()
        await self._tasks.__aexit__(None, None, None)

    def hold(self) -> None:
        """Forward nothing until `release`."""
        self._flowing.clear()

    def release(self) -> None:
        """Forward again."""
        self._flowing.set()

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = self._tasks.create_task(self._serve(reader, writer))
        self._forwarding.add(task)
        task.add_done_callback(self._forwarding.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        cut = self.plan()
        far_reader, far_writer = await asyncio.open_connection(sock=await self._connect(), limit=CHUNK_BYTES)
        is_cut = False
        try:
            is_cut = await self._forward(Way("up", reader, far_writer), Way("down", far_reader, writer), cut)
        finally:
            self.cuts += is_cut
            for end in (writer, far_writer):
                if is_cut and cut is not None and cut.how == "reset":
                    _reset(end)
                else:
                    end.close()

    async def _connect(self) -> socket.socket:
        """Connect to the server, with a small buffer to receive into, so that it feels when nobody reads."""
        raw = socket.socket()
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, CHUNK_BYTES)
        raw.setblocking(False)
        try:
            await asyncio.get_running_loop().sock_connect(raw, ("127.0.0.1", self._server_port))
        except BaseException:
            raw.close()
            raise
        return raw

    async def _forward(self, up: "Way", down: "Way", cut: Cut | None) -> bool:
        """Forward both ways until one of them ends, and say whether that was the cut."""
        pumps = [
            asyncio.create_task(
                self._pump(way, cut.after if cut is not None and cut.direction == way.direction else None)
            )
            for way in (up, down)
        ]
        try:
            done, _ = await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for pump in pumps:
                pump.cancel()
            await asyncio.gather(*pumps, return_exceptions=True)
        return any(pump.result() for pump in done)

    async def _pump(self, way: "Way", room: int | None) -> bool:
        """Forward at most `room` bytes, and say whether they are used up; false where a side ended before."""
        while room is None or room > 0:
            try:
                data = await way.reader.read(CHUNK_BYTES if room is None else min(room, CHUNK_BYTES))
                await self._flowing.wait()
                if not data:
                    return False
                way.writer.write(data)
                await way.writer.drain()
            except ConnectionError:
                return False
            if room is not None:
                room -= len(data)
        return True


class Way(NamedTuple):
    """One direction of a connection."""

    direction: Direction
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter


def _reset(writer: asyncio.StreamWriter) -> None:
    raw = writer.get_extra_info("socket")
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()
