"""Make text safe to show in a terminal: whatever could steer it becomes visible instead.

That is every control character but newline and tab, the bidirectional controls, the Unicode line separators, and
what no encoding can hold. Joiners stay: emoji and several scripts need them.
"""

import re

MAX_LINE_CHARS = 1000
"""Names and error messages longer than this are cut."""

_UNSAFE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u206f\ud800-\udfff\ufeff\ufff9-\ufffb]"
)


def visible(text: str) -> str:
    """Give `text` with its dangerous characters written out, such as `\\x1b` for the escape character."""
    return _UNSAFE.sub(_written_out, text) if _UNSAFE.search(text) else text


def visible_line(text: str) -> str:
    """Give a name or a message as one safe line: runs of white space become a space, what is too long is cut."""
    line = " ".join(text[: MAX_LINE_CHARS * 4].split())
    return visible(line if len(line) <= MAX_LINE_CHARS else f"{line[:MAX_LINE_CHARS]}…")


class VisibleText:
    """Makes the pieces of one text visible; a CRLF becomes a newline also where it falls between two pieces."""

    __slots__ = ("_held",)

    def __init__(self) -> None:
        self._held = ""

    def feed(self, text: str) -> str:
        """Give what can be shown now: everything but a carriage return at the very end."""
        if not self._held and "\r" not in text:
            return visible(text)
        text = self._held + text
        self._held = "\r" if text.endswith("\r") else ""
        return visible(text.removesuffix("\r").replace("\r\n", "\n"))

    def end(self) -> str:
        """Give what was held back, now that nothing follows."""
        held, self._held = self._held, ""
        return visible(held)


def _written_out(match: re.Match[str]) -> str:
    code = ord(match[0])
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"
