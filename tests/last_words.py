"""Viewers that stay until the server sends them away, however that goes: what they saw, and the code they were told."""

import asyncio
import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

import httpx
from httpx_sse import aconnect_sse
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from flock.events import Event, Format, Status, StreamingOutputEvent
from tests.resuming import Surface
from tests.wire import Wire

LEAVE_S = 0.5
"""How long one that leaves waits for the server to agree: it reads nothing more, and a server that writes reads not."""


@dataclass
class Stayer:
    """One viewer. `code` is why the server closed, None while it has not, or where it cut the connection.

    One that `greets` shows its token as the WebSocket's first message, others in the handshake.
    """

    surface: Surface
    format: Format = "full"
    greets: bool = False
    events: list[Event] = field(default_factory=list)
    code: int | None = None
    has_left: bool = False

    def __post_init__(self) -> None:
        self.writing: set[str] = set()  # the runs whose text has come
        self._wire = Wire(self.format)
        self._news = asyncio.Event()

    @property
    def statuses(self) -> list[Status]:
        """How the runs ended whose final events came."""
        finals = [event for event in self.events if isinstance(event, StreamingOutputEvent) and event.is_final]
        return [event.outcome.status for event in finals if event.outcome]

    async def stay(self, url: str, token: str) -> None:
        """Watch until the connection ends."""
        headers = {"authorization": f"Bearer {token}"}
        try:
            if self.surface == "websocket":
                await self._stay_on_socket(url, {} if self.greets else headers, token)
            else:
                await self._stay_on_events(url, headers)
        finally:
            self.has_left = True
            self._tell()

    async def until(self, is_true: Callable[[], bool]) -> None:
        """Return when something is true of what was seen, or the viewer has left."""
        while not is_true() and not self.has_left:
            await self._news.wait()

    async def has_come(self) -> None:
        """Return with the first frame, or when there will be none."""
        await self.until(lambda: bool(self.events))

    async def _stay_on_socket(self, url: str, headers: dict[str, str], token: str) -> None:
        address = f"{url.replace('http', 'ws', 1)}/ws?format={self.format}"
        with suppress(OSError, InvalidHandshake, EOFError):
            async with connect(
                address, additional_headers=headers, proxy=None, max_size=None, close_timeout=LEAVE_S
            ) as socket:
                with suppress(ConnectionClosed):
                    if self.greets:
                        await socket.send(json.dumps({"token": token}))
                    async for message in socket:
                        self._take(message)
                self.code = None if socket.close_code == 1006 else socket.close_code

    async def _stay_on_events(self, url: str, headers: dict[str, str]) -> None:
        address = f"{url}/api/v1/events?format={self.format}"
        with suppress(httpx.TransportError):
            async with httpx.AsyncClient(timeout=None, headers=headers, trust_env=False, verify=False) as http:
                async with aconnect_sse(http, "GET", address) as source:
                    async for message in source.aiter_sse():
                        if message.event == "close":
                            self.code = int(message.data)
                        elif message.data:  # httpx-sse makes an event of every comment
                            self._take(message.data)

    def _take(self, message: str | bytes) -> None:
        _, events = self._wire.read(message)
        self.events += events
        self.writing |= {event.run_id for event in events if isinstance(event, StreamingOutputEvent) and event.content}
        self._tell()

    def _tell(self) -> None:
        news, self._news = self._news, asyncio.Event()
        news.set()
