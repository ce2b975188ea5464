"""An application asked in process, without a socket: thousands of requests in seconds."""

import asyncio
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope
from websockets.protocol import State
from websockets.server import ServerProtocol

from flock.server.connection import CONNECTION, Connection
from flock.server.websocket_protocol import SocketConnection

HeaderList = Sequence[tuple[str, str]]

UNFINISHED = 0
"""What stands for the code of a WebSocket that was let in, and not closed."""


class Answer(NamedTuple):
    """Status, headers and body of a response."""

    status: int
    headers: Headers
    body: bytes


class Drain(asyncio.Transport):
    """A transport whose peer takes everything at once; `connection` is told when it is cut off."""

    connection: Connection | None = None

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        pass

    def get_write_buffer_size(self) -> int:
        return 0

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return default

    def is_closing(self) -> bool:
        return False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        pass

    def abort(self) -> None:
        if self.connection is not None:
            self.connection.lose()


async def ask(app: ASGIApp, method: str, path: str, headers: HeaderList, body: bytes = b"") -> Answer:
    """Send a request, and leave when it was heard; the path may have a query."""
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    await app(
        _scope("http", path, headers, Connection(Drain(), _nothing), method=method),
        _telling({"type": "http.request", "body": body, "more_body": False}, {"type": "http.disconnect"}),
        send,
    )
    assert sent, f"{method} {path} was not answered"
    return _answer(sent)


async def watch(
    app: ASGIApp, path: str, headers: HeaderList, *, until: bytes, has_begun: asyncio.Event | None = None
) -> Answer:
    """Read a response that goes on, and leave when `until` has come, or it has ended.

    `has_begun` is set when its first piece is there.
    """
    sent: list[Message] = []
    has_come = asyncio.Event()
    last = b""

    async def send(message: Message) -> None:
        nonlocal last
        sent.append(message)
        if has_begun is not None and message.get("body"):
            has_begun.set()
        last = last[-len(until) :] + bytes(message.get("body", b""))  # messages come in pieces
        if until in last:
            has_come.set()

    async def receive() -> Message:
        await has_come.wait()
        return {"type": "http.disconnect"}

    drain = Drain()
    drain.connection = Connection(drain, _nothing)
    await app(_scope("http", path, headers, drain.connection, method="GET"), receive, send)
    return _answer(sent)


class Recorder(SocketConnection):
    """The connection of a WebSocket that keeps the messages it sends, and tells when `until` was in one of them."""

    def __init__(self, until: bytes) -> None:
        protocol = ServerProtocol()
        protocol.state = State.OPEN
        super().__init__(Drain(), _nothing, protocol)
        self.until = until
        self.messages: list[bytes] = []
        self.has_come = asyncio.Event()

    def put(self, pieces: Iterable[bytes]) -> bool:
        pieces = list(pieces)
        payload = b"".join([piece[2 if piece[1] < 126 else 4 :] for piece in pieces])
        self.messages.append(payload)
        if self.until in payload:
            self.has_come.set()
        return super().put(pieces)


async def watch_socket(app: ASGIApp, path: str, headers: HeaderList, *, until: bytes) -> Answer:
    """Watch over a WebSocket, and leave when `until` was in one of its messages; the status is its close code."""
    sent: list[Message] = []
    connection = Recorder(until)
    greeting: list[Message] = [{"type": "websocket.connect"}]

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        if greeting:
            return greeting.pop()
        await connection.has_come.wait()
        return {"type": "websocket.disconnect", "code": 1005}

    await app(_scope("websocket", path, headers, connection, subprotocols=[]), receive, send)
    return Answer(_close_code(sent), Headers(), b"".join(connection.messages))


async def knock(app: ASGIApp, path: str, headers: HeaderList, *messages: str) -> int:
    """Open a WebSocket, send these messages and leave; gives the code it was closed with."""
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    protocol = ServerProtocol()
    protocol.state = State.OPEN
    said = [{"type": "websocket.receive", "text": text} for text in messages]
    await app(
        _scope("websocket", path, headers, SocketConnection(Drain(), _nothing, protocol), subprotocols=[]),
        _telling({"type": "websocket.connect"}, *said, {"type": "websocket.disconnect", "code": 1005}),
        send,
    )
    assert sent[0]["type"] == "websocket.accept", "browsers see no code before that"
    return _close_code(sent)


def _close_code(sent: list[Message]) -> int:
    return next((int(message["code"]) for message in sent if message["type"] == "websocket.close"), UNFINISHED)


def _answer(sent: list[Message]) -> Answer:
    body = b"".join(message.get("body", b"") for message in sent[1:])
    return Answer(sent[0]["status"], Headers(raw=sent[0]["headers"]), body)


def _scope(kind: str, path: str, headers: HeaderList, connection: Connection, **more: Any) -> Scope:
    path, _, query = path.partition("?")
    return {
        "type": kind,
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "scheme": "http" if kind == "http" else "ws",
        "path": path,
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "root_path": "",
        "headers": [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers],
        "server": ("127.0.0.1", 8000),
        "client": ("127.0.0.1", 50000),
        "state": {CONNECTION: connection},
        **more,
    }


def _telling(*messages: Message) -> Receive:
    waiting = list(messages)

    async def receive() -> Message:
        return waiting.pop(0) if len(waiting) > 1 else waiting[0]

    return receive


def _nothing() -> None:
    pass
