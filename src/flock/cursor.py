"""A viewer's place in the journal: `epoch-offset`, the same string on every surface."""

import re
from typing import NamedTuple

from flock.errors import CursorError

_FORM = re.compile(r"([0-9a-zA-Z]{1,32})-([0-9]{1,18})", re.ASCII)


class Cursor(NamedTuple):
    """The place behind `offset` in the journal with this `epoch`; offset 0 is before the first event."""

    epoch: str
    offset: int

    def __str__(self) -> str:
        return f"{self.epoch}-{self.offset}"

    @classmethod
    def parse(cls, text: str) -> "Cursor":
        """Read a cursor; raises `CursorError`."""
        match = _FORM.fullmatch(text)
        if match is None:
            shown = text if len(text) <= 64 else f"{text[:64]}…"
            raise CursorError(
                f"{shown!r} is not a cursor.", hint="Send back the `cursor` of the last frame, or leave it out."
            )
        return cls(match[1], int(match[2]))


NOWHERE = Cursor("0", 0)
"""A cursor no journal can resume from: whoever reconnects with it gets a gap and snapshots."""
