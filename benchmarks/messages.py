"""Messages out of the bytes of a live surface: WebSocket frames, or server-sent events in an HTTP answer."""

from collections.abc import Callable
from typing import Protocol

import httptools

_FINAL, _CONTINUATION, _TEXT, _BINARY, _CLOSE, _PING = 0x80, 0, 1, 2, 8, 9


class HungUpError(ConnectionError):
    """The server closed the viewer's connection, or refused it."""


class MessageReader(Protocol):
    """Turns received bytes into whole messages."""

    def feed(self, data: bytes) -> list[bytes]:
        """Give the messages that are whole now; raises `HungUpError`."""


class SocketReader:
    """Reads a server's WebSocket frames, the handshake first; answers pings."""

    def __init__(self, send: Callable[[bytes], None]) -> None:
        self._send = send
        self._rest = b""
        self._is_open = False
        self._fragments: list[bytes] = []

    @property
    def is_open(self) -> bool:
        """Whether the handshake is over."""
        return self._is_open

    def feed(self, data: bytes) -> list[bytes]:
        """Give the messages that are whole now; raises `HungUpError`."""
        buffer = self._rest + data if self._rest else data
        if not self._is_open:
            head, end, buffer = buffer.partition(b"\r\n\r\n")
            if not end:
                self._rest = head
                return []
            _check_status(head, b"101")
            self._is_open = True
        messages: list[bytes] = []
        place = 0
        while (frame := _frame(buffer, place)) is not None:
            start, end_of_frame = frame
            self._take(buffer[place], buffer[start:end_of_frame], messages)
            place = end_of_frame
        self._rest = buffer[place:]
        return messages

    def _take(self, first: int, payload: bytes, messages: list[bytes]) -> None:
        match first & 0x0F:
            case op if op in (_CONTINUATION, _TEXT, _BINARY):
                if first & _FINAL and not self._fragments:
                    messages.append(payload)
                    return
                self._fragments.append(payload)
                if first & _FINAL:
                    messages.append(b"".join(self._fragments))
                    self._fragments.clear()
            case op if op == _PING:
                self._send(bytes((0x8A, 0x80 | len(payload), 0, 0, 0, 0)) + payload)
            case op if op == _CLOSE:
                raise HungUpError(f"The server closed with {int.from_bytes(payload[:2], 'big')}.")


class EventReader:
    """Reads server-sent events, one message each."""

    def __init__(self) -> None:
        self._parser = httptools.HttpResponseParser(self)
        self._status = 0
        self._has_ended = False
        self._body: list[bytes] = []
        self._rest = b""

    @property
    def is_open(self) -> bool:
        """Whether the answer has begun."""
        return self._status == 200

    def on_headers_complete(self) -> None:
        """Take the status."""
        self._status = self._parser.get_status_code()

    def on_body(self, data: bytes) -> None:
        """Take a part of the body."""
        self._body.append(data)

    def on_message_complete(self) -> None:
        """Note that nothing more will come."""
        self._has_ended = True

    def feed(self, data: bytes) -> list[bytes]:
        """Give the messages that are whole now; raises `HungUpError`."""
        self._parser.feed_data(data)
        if self._has_ended or self._status not in (0, 200):
            raise HungUpError(f"The server answered {self._status}, and ended.")
        *messages, self._rest = b"".join((self._rest, *self._body)).split(b"\n\n")
        self._body.clear()
        return messages


def _check_status(head: bytes, status: bytes) -> None:
    line = head.partition(b"\r\n")[0]
    if line.split(b" ")[1:2] != [status]:
        raise HungUpError(f"The server answered {line.decode()!r}.")


def _frame(buffer: bytes, place: int) -> tuple[int, int] | None:
    """Give where the payload of the frame at `place` starts and ends, None where it is not whole yet."""
    start = place + 2
    if len(buffer) < start:
        return None
    length = buffer[place + 1]
    if length >= 126:
        width = 2 if length == 126 else 8
        length = int.from_bytes(buffer[start : start + width], "big")
        start += width
    end = start + length
    return (start, end) if len(buffer) >= end else None
