"""uvicorn's WebSocket protocol with shared bytes out, bounded pieces, and the documented code for large messages."""

import asyncio
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from uvicorn._types import ASGISendEvent
from uvicorn.config import Config
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from uvicorn.server import ServerState
from websockets.exceptions import InvalidState
from websockets.frames import Close as CloseFrame
from websockets.frames import CloseCode, Frame, Opcode
from websockets.http11 import Response
from websockets.server import ServerProtocol

from flock.server.closes import BROKEN, GOING_AWAY, MALFORMED, TOO_LARGE, Close, Gone
from flock.server.connection import CONNECTION, DISCARD_S, PIECE_BYTES, Connection
from flock.server.guards import SECURITY_HEADERS

MAX_FRAGMENTS = 1024
"""In how many fragments a message may come."""


class SocketConnection(Connection):
    """The transport of a WebSocket, and a way to send text that is bytes already."""

    def __init__(self, transport: asyncio.Transport, release: Callable[[], None], protocol: ServerProtocol) -> None:
        super().__init__(transport, release)
        self._protocol = protocol

    async def send_text(self, payload: bytes, stall_timeout_s: float) -> None:
        """Send one text message, in fragments where it is long; raises `Closing` or `Gone`.

        Cancelled between two fragments it leaves a message open, and only a close may follow: see `is_mid_message`.
        """
        start = 0
        while True:
            await self.until_writable(stall_timeout_s)
            end = piece_end(payload, start)
            self._write(payload if end - start == len(payload) else payload[start:end], start, end == len(payload))
            if end == len(payload):
                return
            start = end

    @property
    def is_mid_message(self) -> bool:
        """Whether a message was begun and not ended."""
        return self._protocol.expect_continuation_frame

    def _write(self, piece: bytes, start: int, is_last: bool) -> None:  # noqa: FBT001 - as the protocol's own
        send = self._protocol.send_continuation if start else self._protocol.send_text
        try:
            send(piece, is_last)
        except InvalidState:
            raise Gone from None
        self._transport.write(b"".join(self._protocol.data_to_send()))


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


def piece_end(payload: bytes, start: int) -> int:
    """Give the end of the piece that begins at `start`: behind a comma where one is near, so that values stay whole."""
    limit = start + PIECE_BYTES
    if limit >= len(payload):
        return len(payload)
    return payload.rfind(b",", limit - PIECE_BYTES // 8, limit) + 1 or limit
