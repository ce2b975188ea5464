"""Ports behind which nobody speaks HTTP: what a client finds before its request is read."""

import asyncio
import socket
import struct
from typing import Literal

DoorKind = Literal[
    "close",  # accepts and closes
    "reset",  # accepts and resets
    "silent",  # accepts, and never says anything
    "refuse",  # accepts nobody
    "full",  # has no place left: connections wait for ever
]


class Doors:
    """Opens ports of 127.0.0.1, one per kind; they are there until the process ends."""

    def __init__(self) -> None:
        self._ports: dict[DoorKind, int] = {}
        self._kept: list[asyncio.Server | socket.socket] = []

    async def open(self, kind: DoorKind) -> int:
        """Give the port of a door of this kind."""
        if kind not in self._ports:
            self._ports[kind] = _taken(kind, self._kept) if kind in ("refuse", "full") else await self._serve(kind)
        return self._ports[kind]

    async def _serve(self, kind: DoorKind) -> int:
        server = await asyncio.get_running_loop().create_server(lambda: _Guest(kind), "127.0.0.1", 0)
        self._kept.append(server)
        port: int = server.sockets[0].getsockname()[1]
        return port


class _Guest(asyncio.Protocol):
    """One connection through a door."""

    def __init__(self, kind: DoorKind) -> None:
        self._kind = kind

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if self._kind == "reset":
            reset_on_close(transport)
        if self._kind != "silent":
            transport.close()


def reset_on_close(transport: asyncio.BaseTransport) -> None:
    """Let the connection end with a reset, not properly, when it is closed."""
    connection = transport.get_extra_info("socket")
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def _taken(kind: DoorKind, kept: list[asyncio.Server | socket.socket]) -> int:
    """Take a port without ever accepting: its backlog is full, or it does not listen at all."""
    taken = socket.socket()
    kept.append(taken)
    taken.bind(("127.0.0.1", 0))
    if kind == "full":
        taken.listen(0)
        # Linux completes one connection more than the backlog says; the next ones wait.
        for _ in range(3):
            waiting = socket.socket()
            kept.append(waiting)
            waiting.setblocking(False)
            waiting.connect_ex(taken.getsockname())
    port: int = taken.getsockname()[1]
    return port
