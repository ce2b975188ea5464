"""How a range of the log becomes what a viewer gets: consecutive deltas of one place are one."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from flock.events import Delta, Event, JournalItem, Stream
from flock.visibility import Visibility

EVENT_BYTES = 256
"""What an event of a delta costs on the wire beside its text."""


@dataclass(frozen=True, slots=True)
class Record:
    """An event in the log, with the stream it belongs to, and who may see it where the stream does not say that."""

    event: Event
    stream: Stream | None
    size: int
    visibility: Visibility | None = None


Takes = Callable[[Delta | Record], bool]


class Merge:
    """Collects entries in order, joining consecutive deltas of a stream's channel."""

    def __init__(self, window_s: float | None) -> None:
        self.items: list[JournalItem | list[Delta]] = []
        self._open: dict[int, list[Delta]] = {}
        self._window_s = window_s

    def add(self, entries: Iterable[Delta | Record | None], takes: Takes | None, room: int) -> int:
        """Take entries, only those that `takes` says yes to where it is given, until `room` bytes are used up.

        Gives how many were looked at before that. The first one that is taken always fits.
        """
        number = 0
        for entry in entries:
            if entry is not None and (takes is None or takes(entry)):
                if isinstance(entry, Delta):
                    text = entry.text
                    room -= len(text) if text.isascii() else len(text.encode())
                    group = self._open.get(entry.stream.number)
                    if group is None or not self._continues(group, entry):
                        group = None
                        room -= EVENT_BYTES
                    if room < 0 and self.items:
                        break
                    if group is None:
                        self._begin(entry)
                    else:
                        group.append(entry)
                else:
                    room -= entry.size
                    if room < 0 and self.items:
                        break
                    self._add_record(entry)
            number += 1
        return number

    def _begin(self, delta: Delta) -> None:
        """Begin a group in this place."""
        self._open[delta.stream.number] = group = [delta]
        self.items.append(group)

    def _add_record(self, record: Record) -> None:
        """Take another event; text of its own stream does not merge across it."""
        self.items.append(record.event)
        if record.stream is not None:
            self._open.pop(record.stream.number, None)

    def _continues(self, group: list[Delta], delta: Delta) -> bool:
        last = group[-1]
        return (
            (last.channel is delta.channel or last.channel == delta.channel)
            and last.sequence + last.count == delta.sequence
            and last.attempt == delta.attempt
            and (self._window_s is None or delta.timestamp - group[0].timestamp <= self._window_s)
        )

    def result(self) -> tuple[JournalItem, ...]:
        """Give what was taken, each group as one delta."""
        return tuple(_join(item) if isinstance(item, list) else item for item in self.items)


def _join(group: list[Delta]) -> Delta:
    first = group[0]
    if len(group) == 1:
        return first
    text = "".join([delta.text for delta in group])
    count = sum([delta.count for delta in group])
    return Delta(first.stream, first.channel, first.attempt, first.sequence, text, first.timestamp, count)
