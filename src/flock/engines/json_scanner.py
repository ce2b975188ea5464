"""Reads one JSON value that arrives in pieces: gives its leaves as deltas and builds the value, in one pass."""

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from io import StringIO
from typing import Any, NamedTuple

from flock.engines.field_types import FieldDelta, FieldKind, FieldSpec, make_delta
from flock.engines.json_string import JsonString
from flock.errors import FormatError
from flock.pointer import MAX_DEPTH, child

MAX_LITERAL_CHARS = 600
"""Longest number; below the least limit that Python may be told to have for digits."""

_SPACE = re.compile(r"[\s\ufeff]*")
_LITERAL_RUN = re.compile(r"[-+.0-9A-Za-z_]*")
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?")


class Literal(NamedTuple):
    """A number, `true`, `false` or `null`: as JSON text, and as a value."""

    text: str
    value: Any


_WORDS = {
    "true": Literal("true", True),
    "True": Literal("true", True),
    "false": Literal("false", False),
    "False": Literal("false", False),
    "null": Literal("null", None),
    "None": Literal("null", None),
}


def parse_literal(token: str) -> Literal | None:
    """Read a JSON number or word, or Python's spelling of one. None if it is neither, or no finite number."""
    if word := _WORDS.get(token):
        return word
    number = _NUMBER.fullmatch(token) if len(token) <= MAX_LITERAL_CHARS else None
    if number is None:
        return None
    if number[1] is None and number[2] is None:
        return Literal(token, int(token))
    value = float(token)
    return Literal(token, value) if math.isfinite(value) else None


@dataclass(slots=True)
class _Place:
    """Where a value stands: in which field, and there at which pointer. The answer's own object is in no field."""

    field: str | None
    pointer: str = ""
    is_muted: bool = False
    key: str = ""


@dataclass(slots=True)
class _Frame:
    """A container that is open."""

    place: _Place
    container: dict[str, Any] | list[Any]
    key: str = ""


class JsonScanner:
    """One JSON value of `field`, at `pointer` in it; or, with `specs`, an object whose keys are the fields.

    Tolerated: trailing commas, Python's `True`, `False` and `None`, strings in single quotes inside containers, raw
    control characters in strings. Of two equal keys the first counts, and keys that are no field are skipped.
    A number or boolean where `specs` want a text is taken as the text it is written as.
    """

    def __init__(self, field: str | None, pointer: str = "", *, specs: Mapping[str, FieldSpec] | None = None) -> None:
        self.is_done = False
        self.value: Any = None
        self._specs = specs or {}
        self._frames: list[_Frame] = []
        self._place = _Place(field, pointer)
        self._path = ""
        self._string = JsonString()
        self._buffer = StringIO()
        self._is_running = False
        self._state: Callable[[str, int, list[FieldDelta]], int] = self._expect_value

    def feed(self, text: str, pos: int, out: list[FieldDelta]) -> int:
        """Read `text` from `pos`; give the place behind the value, or the end of the text.

        Raises `FormatError` where the text is no JSON.
        """
        while pos < len(text) and not self.is_done:
            pos = self._state(text, pos, out)
        return pos

    def more(self, text: str) -> str | None:
        """Take a piece of the string that is under way, where some were passed on; None for all but plain text."""
        if not self._is_running or not self._string.is_plain(text):
            return None
        self._buffer.write(text)
        return text

    def finish(self, out: list[FieldDelta]) -> None:
        """End the text. Raises `FormatError` when the value is not complete."""
        if self._state == self._in_literal and not self._frames:
            self._end_literal(out)
        if not self.is_done:
            raise FormatError(f"The JSON{self._where()} is cut off: the text ends before the value does.")

    def _expect_value(self, text: str, pos: int, out: list[FieldDelta]) -> int:
        pos = _run_end(_SPACE, text, pos)
        if pos == len(text):
            return pos
        char = text[pos]
        if char == "]" and self._frames and isinstance(self._frames[-1].container, list):
            return self._pop(pos, out)
        self._enter()
        if char == '"' or (char == "'" and self._frames):
            self._string = JsonString(char)
            self._path = self._place.pointer[1:]
            self._buffer = StringIO()
            self._state = self._in_string
        elif char in "{[":
            self._push({} if char == "{" else [])
        elif _run_end(_LITERAL_RUN, char, 0):
            self._buffer = StringIO()
            self._state = self._in_literal
            return pos
        else:
            raise self._error("a value", text, pos)
        return pos + 1

    def _expect_key(self, text: str, pos: int, out: list[FieldDelta]) -> int:
        pos = _run_end(_SPACE, text, pos)
        if pos == len(text):
            return pos
        if text[pos] == "}":
            return self._pop(pos, out)
        if text[pos] not in "\"'":
            raise self._error("a key in quotes or '}'", text, pos)
        self._string = JsonString(text[pos])
        self._buffer = StringIO()
        self._state = self._in_key
        return pos + 1

    def _in_key(self, text: str, pos: int, out: list[FieldDelta]) -> int:
        parts: list[str] = []
        pos = self._string.feed(text, pos, parts)
        self._buffer.write("".join(parts))
        if self._string.is_closed:
            self._frames[-1].key = self._buffer.getvalue()
            self._state = self._expect_colon
        return pos

    def _expect_colon(self, text: str, pos: int, out: list[FieldDelta]) -> int:
        pos = _run_end(_SPACE, text, pos)
        if pos == len(text):
            return pos
        if text[pos] != ":":
            raise self._error(f"':' after the key {self._frames[-1].key[:40]!r}", text, pos)
        self._state = self._expect_value
        return pos + 1

    def _in_string(self, text: str, pos: int, out: list[FieldDelta]) -> int:
        parts: list[str] = []
        pos = self._string.feed(text, pos, parts)
        if parts and not self._place.is_muted:
            piece = "".join(parts)
            self._buffer.write(piece)
            out.append(make_delta((self._place.field, self._path, "text", piece)))
            self._is_running = True
        if self._string.is_closed:
            self._is_running = False
            self._complete(self._buffer.getvalue())
        return pos

    def _in_literal(self, text: str, pos: int, out: list[FieldDelta]) -> int:
        end = _run_end(_LITERAL_RUN, text, pos)
        if self._buffer.tell() + end - pos > MAX_LITERAL_CHARS:
            raise self._error(f"a number of at most {MAX_LITERAL_CHARS} characters", text, pos)
        self._buffer.write(text[pos:end])
        if end < len(text):
            self._end_literal(out)
        return end

    def _end_literal(self, out: list[FieldDelta]) -> None:
        token = self._buffer.getvalue()
        literal = parse_literal(token)
        if literal is None:
            raise self._error("a number, true, false or null", token, 0)
        spec = None if self._place.pointer else self._specs.get(self._place.field or "")
        if spec is not None and spec.kind == "text" and literal.value is not None:
            self._emit("text", token, out)
            self._complete(token)
        else:
            self._emit("json", literal.text, out)
            self._complete(literal.value)

    def _after_value(self, text: str, pos: int, out: list[FieldDelta]) -> int:
        pos = _run_end(_SPACE, text, pos)
        if pos == len(text):
            return pos
        is_list = isinstance(self._frames[-1].container, list)
        end = "]" if is_list else "}"
        if text[pos] == end:
            return self._pop(pos, out)
        if text[pos] != ",":
            raise self._error(f"',' or '{end}'", text, pos)
        self._state = self._expect_value if is_list else self._expect_key
        return pos + 1

    def _enter(self) -> None:
        """Find the place of the value that begins."""
        if not self._frames:
            return
        frame = self._frames[-1]
        outer, key = frame.place, frame.key
        if isinstance(frame.container, list):
            self._place = _Place(outer.field, child(outer.pointer, len(frame.container)), outer.is_muted)
        elif outer.field is None:
            self._place = _Place(key, "", key not in self._specs or key in frame.container, key)
        else:
            is_muted = outer.is_muted or key in frame.container
            self._place = _Place(outer.field, child(outer.pointer, key), is_muted, key)

    def _push(self, container: dict[str, Any] | list[Any]) -> None:
        if len(self._frames) == MAX_DEPTH:
            raise FormatError(f"The JSON{self._where()} is nested deeper than {MAX_DEPTH} levels.")
        self._frames.append(_Frame(self._place, container))
        self._state = self._expect_key if isinstance(container, dict) else self._expect_value

    def _pop(self, pos: int, out: list[FieldDelta]) -> int:
        frame = self._frames.pop()
        self._place = frame.place
        if not frame.container and frame.place.field is not None:
            self._emit("json", "[]" if isinstance(frame.container, list) else "{}", out)
        self._complete(frame.container)
        return pos + 1

    def _complete(self, value: object) -> None:
        self._state = self._after_value
        if not self._frames:
            self.value = value
            self.is_done = True
        elif not self._place.is_muted:
            container = self._frames[-1].container
            if isinstance(container, list):
                container.append(value)
            else:
                container[self._place.key] = value

    def _emit(self, kind: FieldKind, text: str, out: list[FieldDelta]) -> None:
        if not self._place.is_muted:
            out.append(make_delta((self._place.field, self._place.pointer[1:], kind, text)))

    def _where(self) -> str:
        place = self._place
        if place.field is None:
            return " of the answer"
        return f" of field {place.field!r}" + (f" at {place.pointer[1:]!r}" if place.pointer else "")

    def _error(self, expected: str, text: str, pos: int) -> FormatError:
        found = text[pos : pos + 40]
        return FormatError(f"The JSON{self._where()} is broken: expected {expected}, found {found!r}.")


def _run_end(run: re.Pattern[str], text: str, pos: int) -> int:
    found = run.match(text, pos)
    return found.end() if found else pos
