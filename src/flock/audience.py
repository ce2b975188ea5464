"""Who watches: the viewers attached to the journal, counted and measured, never waited for."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal, Protocol

ViewerKind = Literal["terminal", "websocket", "sse", "program"]


class Lagging(Protocol):
    """A reader that knows how many events it is behind."""

    @property
    def lag(self) -> int:
        """Events between its place and the journal's head."""


@dataclass(frozen=True, slots=True, eq=False)
class Attendance:
    """One viewer, for as long as it is attached."""

    reader: Lagging
    kind: ViewerKind
    since: datetime


class Audience:
    """The set of attached viewers."""

    def __init__(self) -> None:
        self._attendances: set[Attendance] = set()

    @contextmanager
    def attend(self, reader: Lagging, kind: ViewerKind) -> Iterator[None]:
        """Count `reader` as a viewer for as long as the block runs."""
        attendance = Attendance(reader, kind, datetime.now(UTC))
        self._attendances.add(attendance)
        try:
            yield
        finally:
            self._attendances.remove(attendance)

    def __len__(self) -> int:
        return len(self._attendances)

    @property
    def attendances(self) -> list[Attendance]:
        """The viewers, those that have watched for longest first."""
        return sorted(self._attendances, key=lambda attendance: attendance.since)

    def by_kind(self) -> Counter[ViewerKind]:
        """Give how many viewers of each kind are attached."""
        return Counter(attendance.kind for attendance in self._attendances)

    @property
    def max_lag(self) -> int:
        """How many events the slowest viewer is behind; 0 without viewers."""
        return max((attendance.reader.lag for attendance in self._attendances), default=0)
