"""uvicorn's WebSocket protocol with shared bytes out, bounded pieces, and the documented code for large messages."""

import asyncio
from collections import deque
from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Any

from uvicorn._types import ASGISendEvent
from uvicorn.config import Config
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from uvicorn.server import ServerState
from websockets.frames import Close as CloseFrame
from websockets.frames import CloseCode, Frame, Opcode
from websockets.http11 import Response
from websockets.protocol import OPEN
from websockets.server import ServerProtocol

from flock.server.closes import BROKEN, GOING_AWAY, MALFORMED, TOO_LARGE, Close, Gone
from flock.server.connection import CONNECTION, DISCARD_S, Connection
from flock.server.guards import SECURITY_HEADERS

MAX_FRAGMENTS = 1024
"""In how many fragments a message may come."""


class SocketConnection(Connection):
    """The transport of a WebSocket, and the way past the protocol for messages that are bytes already.

    The protocol speaks before the first message and after the last one, and its pings and pongs stand between two
    pieces. `put` never waits: what the peer does not take now is the rest, of one message, which `flush` writes.
    """

    def __init__(self, transport: asyncio.Transport, release: Callable[[], None], protocol: ServerProtocol) -> None:
        super().__init__(transport, release)
        self._protocol = protocol
        self._rest: deque[bytes] = deque()
        self._is_silent = False

    def put(self, pieces: Iterable[bytes]) -> bool:
        """Take a message, write what the peer takes of it now, and say whether another one can follow at once."""
        if not self._is_open:
            return False
        self._rest.extend(pieces)
        return self._write()

    async def flush(self, stall_timeout_s: float) -> None:
        """Return when all that was put is written and the peer takes more; raises `Closing` or `Gone`."""
        while True:
            await self.until_writable(stall_timeout_s)
            if not self._is_open:
                raise Gone
            if self._write():
                return

    def finish(self) -> None:
        """Break off what is under way: only a close may follow."""
        self.silence()
        super().finish()

    def silence(self) -> None:
        """Write no message any more."""
        self._is_silent = True
        self._rest.clear()

    @property
    def _is_open(self) -> bool:
        return self._protocol.state is OPEN and not self._is_silent and not self._transport.is_closing()

    def _write(self) -> bool:
        rest = self._rest
        while self.is_writable:
            if not rest:
                return True
            self._transport.write(rest.popleft())
        return False


class Conversation(ServerProtocol):
    """The protocol without its socket; broken handshakes are answered with the headers of every answer."""

    def reject(self, status: HTTPStatus | int, text: str) -> Response:
        response = super().reject(status, text)
        response.headers.update(SECURITY_HEADERS)
        return response


class WebSocketProtocol(WebSocketsSansIOProtocol):
    """A WebSocket on one connection."""

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self.conn = Conversation(max_size=config.ws_max_size, logger=self.logger)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self.connection = SocketConnection(self.transport, self.resume_writing, self.conn)
        self.app_state = {**self.app_state, CONNECTION: self.connection}

    def connection_lost(self, exc: Exception | None) -> None:
        self.connection.lose()
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        """Hold the writers, and read nothing either: answers to pings must not pile up."""
        self.connection.pause()
        super().pause_writing()
        if not self.transport.is_closing():
            self.transport.pause_reading()

    def resume_writing(self) -> None:
        self.connection.resume()
        super().resume_writing()
        if not self.read_paused and not self.transport.is_closing():
            self.transport.resume_reading()

    def shutdown(self) -> None:
        """Send away who is no viewer yet, with the code that viewers get."""
        if self.handshake_complete and not self.close_sent:
            self.queue.put_nowait({"type": "websocket.disconnect", "code": GOING_AWAY.code})
            self.conn.send_close(GOING_AWAY.code, GOING_AWAY.name)
            self.transport.write(b"".join(self.conn.data_to_send()))
            self.close_sent = True
        super().shutdown()

    def handle_cont(self, event: Frame) -> None:
        """Take up a fragment; a message in too many of them counts as too large."""
        if self.close_sent:
            return
        if len(self.frames) >= MAX_FRAGMENTS:
            self._end(TOO_LARGE)
        else:
            super().handle_cont(event)

    def send_receive_event_to_app(self) -> None:
        """Pass a message on; a text that is no UTF-8 ends the conversation, and is nothing to log."""
        if self.curr_msg_data_type == "text" and not self.close_sent and not _is_utf8(b"".join(self.frames)):
            self._end(MALFORMED)
        else:
            super().send_receive_event_to_app()

    def handle_parser_exception(self) -> None:
        """End a broken conversation; a message over the bound gets its own code."""
        if self.close_sent:
            return
        sent = self.conn.close_sent
        self._end(TOO_LARGE if sent is not None and sent.code == CloseCode.MESSAGE_TOO_BIG else BROKEN)

    async def run_asgi(self) -> None:
        """Serve the connection; a peer that does not take its last bytes is cut off."""
        await super().run_asgi()
        self.connection.linger()

    async def send(self, message: ASGISendEvent) -> None:
        """Pass on what the application says; where the conversation has ended already, a close needs no saying."""
        await self.writable.wait()
        if not (self.close_sent and message["type"] == "websocket.close"):
            await super().send(message)

    def _end(self, close: Close) -> None:
        """Send the code and leave time to read it: closing with unread data would destroy it on its way."""
        self.connection.silence()
        self.conn.data_to_send()
        self.queue.put_nowait({"type": "websocket.disconnect", "code": close.code, "reason": close.name})
        frame = Frame(Opcode.CLOSE, CloseFrame(close.code, close.name).serialize())
        self.transport.write(frame.serialize(mask=False))
        self.close_sent = True
        self.close_timer = self.loop.call_later(DISCARD_S, self.transport.close)


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True
