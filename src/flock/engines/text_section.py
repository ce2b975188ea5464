"""The text of a string field in a chat or XML answer."""

from io import StringIO

from flock.engines.field_types import FieldDelta, make_delta
from flock.engines.trimmer import Trimmer, may_become
from flock.errors import FormatError

_NULLS = ("null", "None")


class TextSection:
    """A string, written raw: fed all that stands between its markers, it trims the ends and alters nothing else.

    Where it may be null, exactly `null`, `None` or nothing is None. `value` is there once closed.
    """

    def __init__(self, field: str, pointer: str = "", *, nullable: bool) -> None:
        self.value: str | None = None
        self.error: FormatError | None = None
        self._field = field
        self._path = pointer[1:]
        self._trimmer = Trimmer()
        self._may_be_null = nullable
        self._held = ""
        self._is_running = False
        self._buffer = StringIO()

    @property
    def is_empty(self) -> bool:
        """Whether nothing but whitespace has come."""
        return not self._trimmer.has_started

    def feed(self, text: str, out: list[FieldDelta]) -> None:
        """Take the next piece."""
        text = self._trimmer.feed(text)
        if text and self._may_be_null:
            text = self._certain(text)
        if text:
            self._is_running = True
            self._buffer.write(text)
            out.append(make_delta((self._field, self._path, "text", text)))

    def more(self, text: str) -> str | None:
        """Take the next piece where some were passed on; give what follows them, None before."""
        if not self._is_running:
            return None
        text = self._trimmer.feed(text)
        if text:
            self._buffer.write(text)
        return text

    def _certain(self, text: str) -> str:
        """Give what cannot become null any more."""
        text, self._held = self._held + text, ""
        if text in _NULLS or may_become(text, _NULLS):
            self._held = text
            return ""
        self._may_be_null = False
        return text

    def close(self, out: list[FieldDelta]) -> None:
        """End the section."""
        if self._may_be_null and (self._held in _NULLS or not self._held):
            out.append(FieldDelta(self._field, self._path, "json", "null"))
            return
        if self._held:
            self._buffer.write(self._held)
            out.append(FieldDelta(self._field, self._path, "text", self._held))
        self.value = self._buffer.getvalue()
