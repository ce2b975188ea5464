"""Server-sent events out of bytes, incrementally, by the letter of the WHATWG specification; knows no I/O."""

import msgspec

from flock.errors import ModelError

_BOM = b"\xef\xbb\xbf"


class ServerSentEvent(msgspec.Struct, frozen=True, gc=False):
    """One dispatched event: its `data` lines joined by a line feed, its type, and the last event id known with it."""

    data: bytes
    event: bytes = b"message"
    last_event_id: bytes = b""


class SSEDecoder:
    """Decode a stream of bytes, split anywhere, into events; linear in the input whatever the split.

    An event exists once the blank line behind it arrived: what the stream's end leaves behind is no event, and
    `has_partial_event` tells; `is_between` that there are none and that the next byte begins a line.  `max_event_bytes`
    bounds one event and one line, comments included, and so the memory.
    """

    def __init__(self, *, max_event_bytes: int = 4 * 2**20) -> None:
        self.max_event_bytes = max_event_bytes
        self.retry_ms: int | None = None
        self._start: bytes | None = b""
        self.is_between = False
        self._has_cr_before = False
        self._line: list[bytes] = []
        self._line_bytes = 0
        self._data: list[bytes] = []
        self._event = b""
        self._event_bytes = 0
        self._last_event_id = b""

    @property
    def has_partial_event(self) -> bool:
        """Whether bytes of an event arrived that no blank line has ended yet."""
        return bool(self._line_bytes or self._event_bytes or self._start)

    def sole(self, data: bytes) -> bytes | None:
        """Give the JSON object that is all the data of the one event that these bytes are: a token, mostly.

        There is nothing to feed then. None where they are anything else, and before the first event.
        """
        if (
            self.is_between
            and data.startswith(b"data: {")
            and data.find(b"\n") == len(data) - 2
            and data.endswith(b"\n")
            and data.find(b"\r") < 0
            and len(data) <= self.max_event_bytes
        ):
            return data[6:-2]
        return None

    def feed(self, data: bytes) -> list[ServerSentEvent]:
        """Take the next bytes, give the events they complete.

        Raises `ModelError` when an event or a line passes `max_event_bytes`.
        """
        events = self._feed(data)
        self.is_between = self._start is None and not (self._has_cr_before or self.has_partial_event)
        return events

    def _feed(self, data: bytes) -> list[ServerSentEvent]:
        if self._start is not None:
            data = self._strip_bom(data)
        if self._has_cr_before and data:
            self._has_cr_before = False
            data = data.removeprefix(b"\n")
        if data.find(b"\r") >= 0:  # `in` would look for a number first
            self._has_cr_before = data.endswith(b"\r")
            data = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        lines = data.split(b"\n")
        rest = lines.pop()
        events: list[ServerSentEvent] = []
        if lines:
            if self._line:
                lines[0] = b"".join((*self._line, lines[0]))
                self._line.clear()
                self._line_bytes = 0
            self._take_lines(lines, events)
        if rest:
            self._line.append(rest)
            self._line_bytes += len(rest)
            if self._event_bytes + self._line_bytes > self.max_event_bytes:
                raise self._size_error()
        return events

    def _strip_bom(self, data: bytes) -> bytes:
        data = (self._start or b"") + data
        if len(data) < len(_BOM) and _BOM.startswith(data):
            self._start = data
            return b""
        self._start = None
        return data.removeprefix(_BOM)

    def _take_lines(self, lines: list[bytes], events: list[ServerSentEvent]) -> None:
        for line in lines:
            if not line:
                if self._event_bytes:
                    self._dispatch(events)
                continue
            event_bytes = self._event_bytes + len(line)
            if event_bytes > self.max_event_bytes:
                raise self._size_error()
            if line.startswith(b"data: "):
                self._data.append(line[6:])
                self._event_bytes = event_bytes
            elif not line.startswith(b":"):
                self._take_field(line)
                self._event_bytes = event_bytes

    def _take_field(self, line: bytes) -> None:
        name, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        match name:
            case b"data":
                self._data.append(value)
            case b"event":
                self._event = value
            case b"id" if b"\0" not in value:
                self._last_event_id = value
            case b"retry" if value.isdigit() and len(value) <= 18:
                self.retry_ms = int(value)
            case _:
                pass

    def _dispatch(self, events: list[ServerSentEvent]) -> None:
        if self._data:
            data = self._data[0] if len(self._data) == 1 else b"\n".join(self._data)
            events.append(ServerSentEvent(data, self._event or b"message", self._last_event_id))
            self._data.clear()
        self._event = b""
        self._event_bytes = 0

    def _size_error(self) -> ModelError:
        return ModelError(f"The model server sent an event of more than {self.max_event_bytes:,} bytes.")
