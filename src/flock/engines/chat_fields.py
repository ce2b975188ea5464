"""The chat format: each field under a header `[[ ## name ## ]]` at the start of a line."""

import re
from collections.abc import Sequence
from typing import Any

from flock.engines.field_types import FieldDelta, FieldSpec
from flock.engines.json_section import JsonSection
from flock.engines.stray_text import StrayText, no_fields_error
from flock.engines.text_section import TextSection

COMPLETED = "completed"

_FIRST_BRACKET = re.compile(r"[ \t]*+\[")
_NEXT_BRACKET = re.compile(r"\n[ \t]*+\[")
_BLANKS = r"[ \t]{0,8}"
_BEGUN_HEADER = re.compile(rf"\[\[{_BLANKS}##")


class ChatFields:
    """Parses a chat answer.

    Only the headers of expected fields, and `completed`, are markers, and only at the start of a line (`\\n` ends
    lines, nothing else does); any other brackets are text. The first section of a field is the field: a header that
    comes again, or `completed`, ends the section before it, and what follows is stray until a field's first header.
    A header repeated with nothing in between is a stutter and ignored. Whitespace around a value is not part of it.
    """

    def __init__(self, specs: Sequence[FieldSpec]) -> None:
        self._specs = {spec.name: spec for spec in specs}
        self._stray = StrayText()
        self._section: TextSection | JsonSection | StrayText = self._stray
        self._text: TextSection | None = None
        self._sections: dict[str, TextSection | JsonSection] = {}
        self._held = ""
        self._is_line_start = True
        names = [*self._specs, COMPLETED]
        longest = max(map(len, names))
        listed = "|".join(map(re.escape, names))
        self._header = re.compile(rf"\[\[{_BLANKS}##{_BLANKS}({listed}){_BLANKS}##{_BLANKS}\]\]")
        self._header_start = re.compile(
            rf"\[(?:\[{_BLANKS}(?:#(?:#{_BLANKS}(?:\w{{1,{longest}}}{_BLANKS}(?:#(?:#{_BLANKS}\]?)?)?)?)?)?)?"
        )

    @property
    def values(self) -> dict[str, Any]:
        """The value of each field found."""
        return {name: section.value for name, section in self._sections.items()}

    def feed(self, text: str) -> list[FieldDelta]:
        """Take the next piece of the answer."""
        out: list[FieldDelta] = []
        if self._held:
            text, self._held = self._held + text, ""
        if self._is_line_start or "\n" in text:
            self._split(text, out)
        else:
            self._section.feed(text, out)
        return out

    def more(self, text: str) -> str | None:
        """Take a piece of the line of text that is under way."""
        section = self._text
        if section is None or self._is_line_start or self._held or "\n" in text:
            return None
        return section.more(text)

    def close(self, *, is_whole: bool = True) -> list[FieldDelta]:
        """End the answer. The beginning of a header is text at the end of a whole one, but not where it broke off."""
        out: list[FieldDelta] = []
        if not is_whole and _BEGUN_HEADER.match(self._held):
            self._held = ""
        self._section.feed(self._held, out)
        self._section.close(out)
        for section in self._sections.values():
            if section.error is not None:
                raise section.error
        if self._specs and not self._sections:
            raise no_fields_error(self._specs, "chat", self._stray.start)
        return out

    def _split(self, text: str, out: list[FieldDelta]) -> None:
        routed = 0
        is_line_start = self._is_line_start
        bracket = (_FIRST_BRACKET.match(text) if is_line_start else None) or _NEXT_BRACKET.search(text)
        while bracket:
            start = bracket.end() - 1
            if header := self._header.match(text, start):
                self._section.feed(text[routed:start], out)
                self._open(header[1], out)
                routed = header.end()
                is_line_start = False
            elif self._header_start.fullmatch(text, start):
                self._section.feed(text[routed:start], out)
                self._held = text[start:]
                self._is_line_start = True
                return
            bracket = _NEXT_BRACKET.search(text, max(routed, start + 1))
        rest = text[routed:]
        self._section.feed(rest, out)
        newline = rest.rfind("\n")
        self._is_line_start = (is_line_start or newline >= 0) and not rest[newline + 1 :].strip(" \t")

    def _open(self, name: str, out: list[FieldDelta]) -> None:
        known = self._sections.get(name)
        if known is not None and known is self._section and known.is_empty:
            return
        self._section.close(out)
        spec = self._specs.get(name)
        if spec is None or known is not None:
            self._section = self._stray
        else:
            kind = TextSection if spec.kind == "text" else JsonSection
            self._section = self._sections[name] = kind(name, nullable=spec.nullable)
        self._text = self._section if isinstance(self._section, TextSection) else None
