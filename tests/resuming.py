"""Viewers that come back with their last cursor, however often their connection is cut."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing, suppress
from typing import Literal
from urllib.parse import urlencode

import httpx
from httpx_sse import aconnect_sse
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from flock.cursor import Cursor
from flock.events import Event, Format
from tests.histories import Visit
from tests.wire import Wire

Surface = Literal["websocket", "sse"]


class ResumingViewer:
    """One viewer at a port of this machine; `visits` is what it got over its connections."""

    def __init__(
        self,
        port: int,
        headers: dict[str, str],
        *,
        surface: Surface,
        format: Format,
        query: str = "",
        cursor: Cursor | None = None,
    ) -> None:
        self._cursor = cursor
        self.visits: list[Visit] = []
        self._port = port
        self._headers = headers
        self._surface: Surface = surface
        self._format: Format = format
        self._query = query
        self._wire = Wire(format)

    def __repr__(self) -> str:
        return f"{self._surface}, {self._format}, {len(self.visits)} visits"

    async def watch(self, is_enough: Callable[[list[Event]], bool]) -> None:
        """Watch, and come back after each cut, until a frame with these events is enough."""
        messages = self._socket_messages if self._surface == "websocket" else self._sse_messages
        async with httpx.AsyncClient(trust_env=False, timeout=None, verify=False) as http:
            while True:
                asked = self.visits[-1].cursor if self.visits else self._cursor
                visit = Visit(asked)
                self.visits.append(visit)
                if asked is None:
                    self._wire = Wire(self._format)
                async with aclosing(messages(None if asked is None else str(asked), http)) as received:
                    async for message in received:
                        cursor, events = self._wire.read(message)
                        visit.frames.append((cursor, events))
                        if is_enough(events):
                            return
                await asyncio.sleep(0)

    async def _socket_messages(self, cursor: str | None, _: httpx.AsyncClient) -> AsyncGenerator[str | bytes, None]:
        url = f"ws://127.0.0.1:{self._port}/ws?{self._question(cursor)}"
        try:
            async with connect(
                url, additional_headers=self._headers, compression=None, proxy=None, max_size=None
            ) as socket:
                async for message in socket:
                    yield message
                raise AssertionError(f"the server closed with {socket.close_code}")
        except ConnectionClosed as error:
            if error.rcvd is not None:
                raise AssertionError(f"the server closed with {error.rcvd}") from error
        except (InvalidHandshake, OSError, EOFError):
            return

    async def _sse_messages(self, cursor: str | None, http: httpx.AsyncClient) -> AsyncGenerator[str | bytes, None]:
        url = f"http://127.0.0.1:{self._port}/api/v1/events?{self._question(None)}"
        headers = self._headers if cursor is None else {**self._headers, "last-event-id": cursor}
        with suppress(httpx.TransportError):
            async with aconnect_sse(http, "GET", url, headers=headers) as source:
                assert source.response.status_code == 200, f"the server answered {source.response.status_code}"
                async for message in source.aiter_sse():
                    assert message.event == "message", f"the server closed with {message.data}"
                    yield message.data

    def _question(self, cursor: str | None) -> str:
        asked = {"format": self._format} | ({} if cursor is None else {"cursor": cursor})
        return "&".join(filter(None, (urlencode(asked), self._query)))
