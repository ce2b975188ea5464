"""Events in, text for one terminal or pipe out. Nothing is read or written here."""

import os
from collections.abc import Iterable
from typing import Literal, TextIO

from flock.events import Event
from flock.sinks.focus import FocusPage
from flock.sinks.follow import Follower, Page
from flock.sinks.ink import Ink
from flock.sinks.lines import LinesPage

ViewName = Literal["focus", "lines"]


class Rendering:
    """One view of the events on its way to `out`.

    On a terminal text comes as it grows, with colours where they are wanted; anything else gets plain whole lines.
    """

    def __init__(self, view: ViewName, out: TextIO) -> None:
        ink = Ink.of(out)
        page: Page = FocusPage(ink) if view == "focus" else LinesPage(ink, lambda: _columns(out))
        self._follower = Follower(page)
        self._is_terminal = out.isatty()
        self._unfinished: list[str] = []

    def take(self, events: Iterable[Event]) -> str:
        """Give what to write for these events."""
        return self._whole_lines("".join([self._follower.take(event) for event in events]))

    def end(self) -> str:
        """Give what to write last: the terminal is left at the beginning of a line."""
        rest = self._follower.end()
        return rest if self._is_terminal else "".join((*self._unfinished, rest))

    def _whole_lines(self, text: str) -> str:
        if self._is_terminal or not text:
            return text
        lines, newline, rest = text.rpartition("\n")
        if not newline:
            self._unfinished.append(rest)
            return ""
        whole = "".join((*self._unfinished, lines, newline))
        self._unfinished = [rest] if rest else []
        return whole


def _columns(out: TextIO) -> int | None:
    if not out.isatty():
        return None
    try:
        return os.get_terminal_size(out.fileno()).columns or None
    except (OSError, ValueError):
        return None
