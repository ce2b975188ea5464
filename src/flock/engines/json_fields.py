"""The JSON format: one object whose keys are the fields."""

import re
from collections.abc import Sequence
from typing import Any

from flock.engines.field_types import FieldDelta, FieldSpec
from flock.engines.json_scanner import JsonScanner
from flock.engines.stray_text import StrayText, no_fields_error
from flock.errors import FormatError

_SPACE = re.compile(r"\s*")


class JsonFields:
    """Parses a JSON answer.

    The object begins with the first `{` that a key follows. Text around it is stray, without code fences; keys that
    are no expected field are skipped in silence; of two equal keys the first counts.
    """

    def __init__(self, specs: Sequence[FieldSpec]) -> None:
        self._specs = {spec.name: spec for spec in specs}
        self._stray = StrayText(drops_fences=True)
        self._scanner = JsonScanner(None, specs=self._specs)
        self._brace: list[str] = []
        self._has_begun = False
        self._error: FormatError | None = None

    @property
    def values(self) -> dict[str, Any]:
        """The value of each field found, once the object is complete."""
        return dict(self._scanner.value) if self._scanner.is_done else {}

    def feed(self, text: str) -> list[FieldDelta]:
        """Take the next piece of the answer."""
        out: list[FieldDelta] = []
        if self._error is not None:
            return out
        try:
            pos = 0 if self._has_begun else self._seek(text, out)
            if not self._scanner.is_done:
                pos = self._scanner.feed(text, pos, out)
            if pos < len(text):
                self._stray.feed(text[pos:], out)
        except FormatError as error:
            self._error = error
        return out

    def more(self, text: str) -> str | None:
        """Take a piece of the string that is under way."""
        return self._scanner.more(text)

    def close(self, *, is_whole: bool = True) -> list[FieldDelta]:
        """End the answer."""
        out: list[FieldDelta] = []
        if self._error is not None:
            raise self._error
        self._stray.feed("".join(self._brace), out)
        self._stray.close(out)
        if self._has_begun:
            self._scanner.finish(out)
        if self._specs and not self.values:
            raise no_fields_error(self._specs, "JSON", self._stray.start)
        return out

    def _seek(self, text: str, out: list[FieldDelta]) -> int:
        """Look for the object's beginning; give the place of its first key, or the end of the text."""
        pos = 0
        while pos < len(text):
            if self._brace:
                space = _SPACE.match(text, pos)
                end = space.end() if space else pos
                self._brace.append(text[pos:end])
                if end == len(text):
                    return end
                if text[end] in "\"'":
                    self._brace.clear()
                    self._has_begun = True
                    self._scanner.feed("{", 0, out)
                    return end
                self._stray.feed("".join(self._brace), out)
                self._brace.clear()
                pos = end
            brace = text.find("{", pos)
            end = brace if brace >= 0 else len(text)
            self._stray.feed(text[pos:end], out)
            if brace >= 0:
                self._brace.append("{")
            pos = end + 1
        return len(text)
