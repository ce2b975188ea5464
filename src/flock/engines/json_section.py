"""The text of a JSON field in a chat or XML answer."""

import re
from collections.abc import Callable
from io import StringIO
from typing import Any

from flock.engines.field_types import FieldDelta
from flock.engines.json_scanner import MAX_LITERAL_CHARS, JsonScanner, parse_literal
from flock.engines.trimmer import WHITESPACE, Trimmer, may_become
from flock.errors import FormatError

_FENCES = ("```json", "```JSON", "```python")
_FENCE = re.compile(r"```(?:json|JSON|python)?")
_TOKEN = re.compile(r"[-+.0-9A-Za-z]*")


class JsonSection:
    """A JSON value, as models write it.

    One code fence around it is dropped, and what follows the value is stray. Text that is no JSON at all (a bare
    word, a phrase) is the value itself, as a string. Text that begins as a JSON container or string has to end as one.
    A number or word is JSON if nothing else is on its line. `value` is there once closed, `error` if it has none.
    """

    def __init__(self, field: str, pointer: str = "", *, nullable: bool) -> None:
        self.value: Any = None
        self.error: FormatError | None = None
        self._field = field
        self._pointer = pointer
        self._nullable = nullable
        self._trimmer = Trimmer()
        self._scanner = JsonScanner(field, pointer)
        self._held = ""
        self._fence = ""
        self._closing_ticks = 0
        self._buffer = StringIO()
        self._state: Callable[[str, list[FieldDelta]], None] = self._start

    @property
    def is_empty(self) -> bool:
        """Whether nothing but whitespace has come."""
        return not self._trimmer.has_started

    def feed(self, text: str, out: list[FieldDelta]) -> None:
        """Take the next piece."""
        text = self._trimmer.feed(text)
        if text and self.error is None:
            self._state(text, out)

    def close(self, out: list[FieldDelta]) -> None:
        """End the section."""
        if self._state == self._start:
            self._end_of_nothing(out)
        elif self._state == self._in_token:
            self._end_token("", out)
        elif self._state == self._in_json and self.error is None:
            try:
                self._scanner.finish(out)
            except FormatError as error:
                self.error = error
        if self._state == self._in_text:
            self.value = self._buffer.getvalue()

    def _start(self, text: str, out: list[FieldDelta]) -> None:
        text, self._held = self._held + text, ""
        if text[0] == "`":
            fence = _FENCE.match(text)
            if may_become(text, _FENCES) or (fence and fence.end() == len(text)):
                self._held = text
                return
            if fence:
                body = text[fence.end() :].lstrip(WHITESPACE)
                self._fence = text[: len(text) - len(body)]
                self._closing_ticks = 3
                text = body
        self._begin(text, out)

    def _begin(self, text: str, out: list[FieldDelta]) -> None:
        if text[0] in '{["':
            self._state = self._in_json
        elif _run_end(text):
            self._state = self._in_token
        else:
            self._become_text(text, out)
            return
        self._state(text, out)

    def _in_json(self, text: str, out: list[FieldDelta]) -> None:
        try:
            end = self._scanner.feed(text, 0, out)
        except FormatError as error:
            self.error = error
            return
        if self._scanner.is_done:
            self._finish(self._scanner.value, text[end:], out)

    def _in_token(self, text: str, out: list[FieldDelta]) -> None:
        end = _run_end(text)
        self._buffer.write(text[:end])
        if end < len(text) or self._buffer.tell() > MAX_LITERAL_CHARS:
            self._end_token(text[end:], out)

    def _end_token(self, rest: str, out: list[FieldDelta]) -> None:
        token = self._buffer.getvalue()
        literal = parse_literal(token)
        after = rest.lstrip(WHITESPACE)
        stands_alone = not after or "\n" in rest[: len(rest) - len(after)] or (self._fence and after[0] == "`")
        if literal is None or not stands_alone:
            self._become_text(token + rest, out)
            return
        out.append(FieldDelta(self._field, self._pointer[1:], "json", literal.text))
        self._finish(literal.value, rest, out)

    def _become_text(self, text: str, out: list[FieldDelta]) -> None:
        self._buffer = StringIO()
        self._state = self._in_text
        self._in_text(self._fence + text, out)

    def _in_text(self, text: str, out: list[FieldDelta]) -> None:
        self._buffer.write(text)
        out.append(FieldDelta(self._field, self._pointer[1:], "text", text))

    def _finish(self, value: object, rest: str, out: list[FieldDelta]) -> None:
        self.value = value
        self._state = self._after_value
        self._after_value(rest, out)

    def _after_value(self, text: str, out: list[FieldDelta]) -> None:
        if text and self._closing_ticks:
            body = text.lstrip(WHITESPACE) if self._closing_ticks == 3 else text
            ticks = min(len(body) - len(body.lstrip("`")), self._closing_ticks)
            self._closing_ticks -= ticks
            text = body[ticks:]
            if text and self._closing_ticks:
                text = "`" * (3 - self._closing_ticks) + text
                self._closing_ticks = 0
        if text:
            out.append(FieldDelta(None, "", "text", text))

    def _end_of_nothing(self, out: list[FieldDelta]) -> None:
        if self._held:
            self._become_text(self._held, out)
        elif self._nullable:
            out.append(FieldDelta(self._field, self._pointer[1:], "json", "null"))
        else:
            self.value = ""


def _run_end(text: str) -> int:
    token = _TOKEN.match(text)
    return token.end() if token else 0
