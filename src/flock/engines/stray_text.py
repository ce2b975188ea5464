"""Text outside every field: chatter before, between and after."""

import re
from collections.abc import Iterable

from flock.engines.field_types import FieldDelta
from flock.engines.trimmer import Trimmer, may_become
from flock.errors import FormatError

EXCERPT_CHARS = 60

_FENCES = ("```json", "```xml")
_FENCE = re.compile(r"```(?:json|xml)?")


class StrayText:
    """Streams stray text under no field; with `drops_fences`, without the fences of code blocks.

    `start` is its beginning, for messages.
    """

    def __init__(self, *, drops_fences: bool = False) -> None:
        self.start = ""
        self._trimmer = Trimmer()
        self._drops_fences = drops_fences
        self._held = ""

    def feed(self, text: str, out: list[FieldDelta]) -> None:
        """Take the next piece."""
        text = self._trimmer.feed(self._without_fences(text) if self._drops_fences else text)
        if text:
            self.start = (self.start + text[:EXCERPT_CHARS])[:EXCERPT_CHARS]
            out.append(FieldDelta(None, "", "text", text))

    def close(self, out: list[FieldDelta]) -> None:
        """Give up holding back what might have become a fence."""
        held, self._held = _FENCE.sub("", self._held), ""
        text = self._trimmer.feed(held)
        if text:
            out.append(FieldDelta(None, "", "text", text))

    def _without_fences(self, text: str) -> str:
        text, self._held = self._held + text, ""
        kept: list[str] = []
        pos = 0
        while (tick := text.find("`", pos)) >= 0:
            kept.append(text[pos:tick])
            if may_become(text[tick : tick + 8], _FENCES):
                self._held = text[tick:]
                return "".join(kept)
            fence = _FENCE.match(text, tick)
            pos = fence.end() if fence else tick + 1
            if fence is None:
                kept.append("`")
        kept.append(text[pos:])
        return "".join(kept)


def no_fields_error(names: Iterable[str], format_name: str, start: str) -> FormatError:
    """Make the error for an answer that has none of the fields `names`."""
    found = f"it begins with {start!r}" if start else "it is empty"
    listed = ", ".join(repr(name) for name in names)
    return FormatError(f"The answer has none of the fields expected ({listed}) in the {format_name} format; {found}.")
