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
    """Reads a server's WebSocket frames, the handshake first; answers pings.

    The bytes of a large frame are joined once, when it is whole: viewers must cost less than who serves them.
    """

    def __init__(self, send: Callable[[bytes], None]) -> None:
        self._send = send
        self._pieces: list[bytes] = []
        self._held = self._needed = 0
        self._is_open = False
        self._fragments: list[bytes] = []

    @property
    def is_open(self) -> bool:
        """Whether the handshake is over."""
        return self._is_open

    def feed(self, data: bytes) -> list[bytes]:
        """Give the messages that are whole now; raises `HungUpError`."""
        self._pieces.append(data)
        self._held += len(data)
        if self._held < self._needed:
            return []
        buffer = b"".join(self._pieces)
        if not self._is_open:
            head, end, rest = buffer.partition(b"\r\n\r\n")
            if not end:
                return []
            _check_status(head, b"101")
            self._is_open, buffer = True, rest
        messages: list[bytes] = []
        place = 0
        while (bounds := _payload(buffer, place)) is not None and bounds[1] <= len(buffer):
            self._take(buffer[place], buffer[slice(*bounds)], messages)
            place = bounds[1]
        self._pieces = [buffer[place:]]
        self._held = len(buffer) - place
        self._needed = 0 if bounds is None else bounds[1] - place
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


def _payload(buffer: bytes, place: int) -> tuple[int, int] | None:
    """Give where the payload of the frame at `place` starts and ends, None where its head is not whole yet."""
    if len(buffer) < place + 2:
        return None
    start = place + 2
    length = buffer[place + 1]
    if length >= 126:
        start += 2 if length == 126 else 8
        if len(buffer) < start:
            return None
        length = int.from_bytes(buffer[place + 2 : start], "big")
    return start, start + length
