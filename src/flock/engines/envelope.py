"""What stands around the text of a stream's events: mostly the same bytes from one token to the next."""

from collections.abc import Callable

import msgspec

_PROBE = "?!"
"""Stands in for a text, to see whether it is the text of the event."""

_decode_text = msgspec.json.Decoder(str).decode


class Envelope:
    """The bytes before and behind the text of a token, known once two events in a row had the same ones.

    An event that has them too differs in nothing but its text: of such an event only the text is parsed, which stands
    there as one JSON string. `read` gives an event's text, None where it is no token.
    """

    __slots__ = ("_after", "_before", "_end", "_is_known", "_is_tried", "_read", "_start")

    def __init__(self, read: Callable[[bytes], str | None]) -> None:
        self._read = read
        self._before = self._after = b""
        self._start = self._end = 0
        self._is_tried = False
        self._is_known = False

    def open(self, event: bytes) -> str | None:
        """Give the text of an event with the known bytes around it; None for any other one."""
        if self._is_known and event.startswith(self._before) and event.endswith(self._after):
            try:
                return _decode_text(event[self._start : self._end])
            except (msgspec.DecodeError, UnicodeDecodeError):
                return None
        return None

    def learn(self, event: bytes, text: str) -> None:
        """Look at what stands around the text of an event."""
        before, found, after = event.rpartition(b'"%b"' % text.encode())
        if not found:
            return
        if before != self._before or after != self._after:
            self._before, self._after = before, after
            self._start, self._end = len(before), -len(after)
            self._is_known = self._is_tried = False
        elif not self._is_tried and text != _PROBE:
            self._is_tried = True
            self._is_known = self._read(b'%b"%b"%b' % (before, _PROBE.encode(), after)) == _PROBE
