"""Cut text into lines that fit a terminal, as it grows."""

import unicodedata

TAB_CELLS = 4
MAX_CHARS_PER_CELL = 8
"""Characters without a width of their own do not make a line endless."""


class LineWrap:
    """Collects text and gives its complete lines: at newlines, and where given at `width` cells, at a space if it can.

    Holds one line at the most.
    """

    __slots__ = ("_parts",)

    def __init__(self) -> None:
        self._parts: list[str] = []

    def feed(self, text: str, width: int | None) -> list[str]:
        """Give the lines that `text` completes."""
        *ended, rest = text.split("\n")
        lines: list[str] = []
        for line in ended:
            lines += self._wrapped(self._join(line), width)
        if width is None:
            self._parts += [rest] if rest else []
        else:
            *full, last = self._wrapped(self._join(rest), width)
            lines += full
            self._parts = [last]
        return lines

    def end(self) -> list[str]:
        """Give the line that was under way, if there is one."""
        line = self._join("")
        return [line] if line else []

    def _join(self, text: str) -> str:
        line = "".join((*self._parts, text))
        self._parts = []
        return line

    def _wrapped(self, line: str, width: int | None) -> list[str]:
        if width is None:
            return [line]
        line = line.expandtabs(TAB_CELLS)
        lines: list[str] = []
        start = 0
        while (end := _cut(line, start, width)) < len(line):
            space = line.rfind(" ", start + 1, end + 1)
            lines.append(line[start : space if space > 0 else end])
            start = space + 1 if space > 0 else end
        return [*lines, line[start:]]


def _cut(text: str, start: int, width: int) -> int:
    """Give where the text from `start` on stops fitting into `width` cells, at least one character later."""
    used = 0
    most = min(len(text), start + width * MAX_CHARS_PER_CELL)
    for index in range(start, most):
        used += _cells(text[index])
        if used > width:
            return max(index, start + 1)
    return most


def _cells(char: str) -> int:
    if char.isascii():
        return 1
    if unicodedata.category(char) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(char) in ("W", "F") else 1
