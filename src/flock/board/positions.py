"""Ascending positions in a log, for its indexes: grow at the end, shrink at the front, readable from anywhere."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator

_COMPACT_AT = 64


class Positions:
    """Positions in ascending order. Appending and dropping are O(1), finding a place is O(log n)."""

    __slots__ = ("_items", "_start")

    def __init__(self) -> None:
        self._items: list[int] = []
        self._start = 0

    def __len__(self) -> int:
        return len(self._items) - self._start

    def append(self, position: int) -> None:
        """Add a position behind all others."""
        self._items.append(position)

    def drop_first(self) -> None:
        """Forget the lowest position."""
        self._start += 1
        if self._start >= _COMPACT_AT and self._start * 2 >= len(self._items):
            del self._items[: self._start]
            self._start = 0

    def after(self, position: int) -> Iterator[int]:
        """Yield the positions above this one."""
        items = self._items
        for index in range(bisect_right(items, position, lo=self._start), len(items)):
            yield items[index]

    def before(self, position: int) -> Iterator[int]:
        """Yield the positions below this one, the highest first."""
        items = self._items
        for index in range(bisect_left(items, position, lo=self._start) - 1, self._start - 1, -1):
            yield items[index]
