"""Colours of the terminal views, as plain SGR sequences; none where none are wanted."""

import os
import sys
import zlib
from typing import Literal, TextIO

Style = Literal["dim", "bold", "good", "bad"]

_STYLES: dict[Style, str] = {"dim": "2", "bold": "1", "good": "32", "bad": "31"}
_AGENT_COLOURS = ("36", "33", "35", "32", "34", "96", "93", "95", "92", "94")


class Ink:
    """Paints pieces of text. Every piece ends with a reset, so that no colour outlives it."""

    def __init__(self, *, is_coloured: bool) -> None:
        self._is_coloured = is_coloured
        self._colours: dict[str, str] = {}

    @classmethod
    def of(cls, out: TextIO) -> "Ink":
        """Give coloured ink for a terminal that takes it, honouring NO_COLOR and TERM."""
        is_capable = sys.platform != "win32" or "WT_SESSION" in os.environ
        is_wanted = not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
        return cls(is_coloured=out.isatty() and is_capable and is_wanted)

    def paint(self, style: Style, text: str) -> str:
        """Give `text` in a style."""
        return self._sgr(_STYLES[style], text)

    def agent(self, name: str, text: str) -> str:
        """Give `text` in the agent's colour: the same from run to run, and its own while there are enough."""
        return self._sgr(self._colour(name), text)

    def _colour(self, name: str) -> str:
        colour = self._colours.get(name)
        if colour is None:
            start = zlib.crc32(name.encode("utf-8", "replace")) % len(_AGENT_COLOURS)
            taken = set(self._colours.values())
            order = (*_AGENT_COLOURS[start:], *_AGENT_COLOURS[:start])
            colour = self._colours[name] = next((one for one in order if one not in taken), order[0])
        return colour

    def _sgr(self, code: str, text: str) -> str:
        return f"\x1b[{code}m{text}\x1b[0m" if self._is_coloured and text else text
