"""Decodes one JSON string that arrives in pieces."""

import re

_SPECIAL = {'"': re.compile(r'["\\]'), "'": re.compile(r"['\\]")}
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", '"': '"', "'": "'", "\\": "\\", "/": "/"}
_HEX = frozenset("0123456789abcdefABCDEF")
_REPLACEMENT = "\ufffd"


class JsonString:
    """The inside of a JSON string, from behind its opening quote to its closing one.

    Models' habits are met: raw control characters are kept, and so is an escape that JSON does not know, as it is
    written. Surrogate pairs are joined; a lone surrogate becomes U+FFFD.
    """

    __slots__ = ("_escape", "_high", "_special", "is_closed")

    def __init__(self, quote: str = '"') -> None:
        self.is_closed = False
        self._special = _SPECIAL[quote]
        self._escape = ""
        self._high = 0

    def feed(self, text: str, pos: int, parts: list[str]) -> int:
        """Decode `text` from `pos` into `parts`; give the place behind the closing quote, or the end of the text."""
        while pos < len(text):
            if self._escape:
                pos = self._continue_escape(text, pos, parts)
                continue
            special = self._special.search(text, pos)
            end = special.start() if special else len(text)
            if self._high and end > pos:
                self._put("", parts)
            if end > pos:
                parts.append(text[pos:end])
            if special is None:
                return end
            pos = end + 1
            if text[end] != "\\":
                self._put("", parts)
                self.is_closed = True
                return pos
            self._escape = "\\"
        return pos

    def is_plain(self, text: str) -> bool:
        """Whether this piece stands for itself: no escape, and not the end."""
        return not self._escape and not self._high and self._special.search(text) is None

    def _continue_escape(self, text: str, pos: int, parts: list[str]) -> int:
        char = text[pos]
        if self._escape == "\\":
            self._escape = "\\u" if char == "u" else ""
            if not self._escape:
                self._put(_ESCAPES.get(char, f"\\{char}"), parts)
            return pos + 1
        if char not in _HEX:
            self._put(self._escape, parts)
            self._escape = ""
            return pos
        self._escape += char
        if len(self._escape) == len("\\uXXXX"):
            self._put_unit(int(self._escape[2:], 16), parts)
            self._escape = ""
        return pos + 1

    def _put_unit(self, unit: int, parts: list[str]) -> None:
        if 0xDC00 <= unit < 0xE000 and self._high:
            high, self._high = self._high, 0
            parts.append(chr(0x10000 + ((high - 0xD800) << 10) + (unit - 0xDC00)))
        elif 0xD800 <= unit < 0xDC00:
            self._put("", parts)
            self._high = unit
        else:
            self._put(_REPLACEMENT if 0xDC00 <= unit < 0xE000 else chr(unit), parts)

    def _put(self, text: str, parts: list[str]) -> None:
        if self._high:
            self._high = 0
            parts.append(_REPLACEMENT)
        if text:
            parts.append(text)
