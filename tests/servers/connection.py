"""HTTP/1.1 for test servers: requests of one connection after another, and the news when its client leaves."""

import asyncio
import json
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from http import HTTPStatus
from typing import Any, Literal, Protocol
from urllib.parse import parse_qsl, urlsplit

from tests.servers.doors import reset_on_close

RequestState = Literal["answering", "answered", "closed_early", "cut"]


@dataclass
class Request:
    """One request as it was seen; `closed_early` when the client left before the answer was complete."""

    connection: int
    method: str
    target: str
    headers: dict[str, str]
    raw_body: bytes = field(repr=False)
    state: RequestState = "answering"

    @property
    def path(self) -> str:
        return urlsplit(self.target).path

    @property
    def query(self) -> dict[str, str]:
        return dict(parse_qsl(urlsplit(self.target).query))

    def body(self) -> Any:
        return json.loads(self.raw_body) if self.raw_body else None

    def record(self) -> dict[str, Any]:
        """Give what `GET /control/requests` tells of this request."""
        record = {key: value for key, value in asdict(self).items() if key != "raw_body"}
        return {**record, "body": self.body(), "closed_early": self.state == "closed_early"}


class RequestHandler(Protocol):
    """What answers the requests of all connections."""

    async def answer(self, request: Request, connection: "Connection") -> bool:
        """Answer one request; tell whether the connection is kept. Cancelled when the client leaves."""

    def changed(self) -> None:
        """Take note that a request changed its state."""


class Connection(asyncio.Protocol):
    """One client's connection: its requests one after the other, and the news when it leaves."""

    def __init__(self, handler: RequestHandler, number: int) -> None:
        self._handler = handler
        self._number = number
        self._buffer = b""
        self._writable = asyncio.Event()
        self._transport: asyncio.Transport | None = None
        self._task: asyncio.Task[None] | None = None
        self._request: Request | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._writable.set()

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        self._take_request()

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        if self._task is not None:
            self._task.cancel()
        if self._request is not None and self._request.state == "answering":
            self._set_state(self._request, "closed_early")

    def pause_writing(self) -> None:
        self._writable.clear()

    def resume_writing(self) -> None:
        self._writable.set()

    async def write(self, data: bytes) -> None:
        """Write when the client has read enough of what was written before."""
        await self._writable.wait()
        await asyncio.sleep(0)  # news of the client, and other connections, get their turn
        if self._transport is not None:
            self._transport.write(data)

    def leave(self, *, reset: bool) -> None:
        """Cut the connection off: by a reset, or after what was written."""
        if self._request is not None:
            self._set_state(self._request, "cut")
        if self._transport is not None:
            if reset:
                reset_on_close(self._transport)
            self._transport.close()

    def _take_request(self) -> None:
        head, separator, rest = self._buffer.partition(b"\r\n\r\n")
        if self._transport is not None and self._buffer and not self._buffer[:1].isupper():
            self._transport.write(response_head(400, {"Content-Length": "0"}))
            self._transport.close()
            return
        if self._task is not None or not separator:
            return
        request_line, *lines = head.decode("latin-1").split("\r\n")
        method, target, _ = request_line.split(" ", 2)
        headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        length = int(headers.get("content-length", "0"))
        if len(rest) < length:
            return
        self._buffer = rest[length:]
        request = Request(self._number, method, target, headers, rest[:length])
        self._request = request
        self._task = asyncio.create_task(self._answer(request))

    def _set_state(self, request: Request, state: RequestState) -> None:
        request.state = state
        self._handler.changed()

    async def _answer(self, request: Request) -> None:
        is_kept = False
        try:
            is_kept = await self._handler.answer(request, self)
        finally:
            if not is_kept and self._transport is not None:
                if self._transport.can_write_eof():
                    with suppress(OSError):
                        self._transport.write_eof()  # at once: closing takes another turn of the loop
                self._transport.close()
        self._task = None
        if request.state == "answering":
            self._set_state(request, "answered")
        if is_kept:
            self._take_request()


def response_head(status: int, headers: dict[str, str]) -> bytes:
    """Give a response's status line and headers as bytes."""
    reasons = {known.value: known.phrase for known in HTTPStatus}
    lines = [
        f"HTTP/1.1 {status} {reasons.get(status, 'Unknown')}",
        *(f"{key}: {value}" for key, value in headers.items()),
    ]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")
