"""Who watches: the viewers attached to the journal, counted and measured, never waited for."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal, Protocol

ViewerKind = Literal["terminal", "websocket", "sse", "program"]


class Lagging(Protocol):
    """A reader that knows how many events it is behind."""

    @property
    def lag(self) -> int:
        """Events between its place and the journal's head."""


class Audience:
    """The set of attached viewers."""

    def __init__(self) -> None:
        self._viewers: dict[object, tuple[Lagging, ViewerKind]] = {}

    @contextmanager
    def attend(self, reader: Lagging, kind: ViewerKind) -> Iterator[None]:
        """Count `reader` as a viewer for as long as the block runs."""
        place = object()
        self._viewers[place] = (reader, kind)
        try:
            yield
        finally:
            del self._viewers[place]

    def __len__(self) -> int:
        return len(self._viewers)

    def by_kind(self) -> Counter[ViewerKind]:
        """Give how many viewers of each kind are attached."""
        return Counter(kind for _, kind in self._viewers.values())

    @property
    def max_lag(self) -> int:
        """How many events the slowest viewer is behind; 0 without viewers."""
        return max((reader.lag for reader, _ in self._viewers.values()), default=0)
