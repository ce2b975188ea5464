"""A frame: what viewers get at once, encoded and packed once for all who get it."""

from collections.abc import Callable

from flock.cursor import Cursor
from flock.events import Format, JournalItem, encode_frame

Pack = Callable[["Frame", Format], tuple[bytes, ...]]
"""Makes of a frame what one kind of line writes, piece by piece."""


class Frame:
    """Items, and the cursor to resume from once a viewer has them; encoded and packed at most once per format.

    While snapshots are under way the cursor is `NOWHERE`: whoever breaks off there starts over.
    """

    __slots__ = ("_encoded", "_packed", "cursor", "items")

    def __init__(self, cursor: Cursor, items: tuple[JournalItem, ...]) -> None:
        self.cursor = cursor
        self.items = items
        self._encoded: dict[Format, bytes] = {}
        self._packed: dict[tuple[Pack, Format], tuple[bytes, ...]] = {}

    def encode(self, format: Format) -> bytes:
        """Give the JSON message `{"cursor", "events"}`; the same bytes object for everyone who asks."""
        data = self._encoded.get(format)
        if data is None:
            data = self._encoded[format] = encode_frame(str(self.cursor), self.items, format)
        return data

    def packed(self, pack: Pack, format: Format) -> tuple[bytes, ...]:
        """Give the pieces that `pack` makes of this frame; the same bytes objects for everyone who asks."""
        try:
            return self._packed[pack, format]
        except KeyError:
            pieces = self._packed[pack, format] = pack(self, format)
            return pieces
