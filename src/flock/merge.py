"""How a range of the log becomes what a viewer gets: consecutive deltas of one place are one."""

from dataclasses import dataclass

from flock.events import Delta, Event, JournalItem, Stream
from flock.visibility import Visibility


@dataclass(frozen=True, slots=True)
class Record:
    """An event in the log, with the stream it belongs to, and who may see it where the stream does not say that."""

    event: Event
    stream: Stream | None
    size: int
    visibility: Visibility | None = None


class Merge:
    """Collects entries in order, joining consecutive deltas of a stream's channel."""

    def __init__(self, window_s: float | None) -> None:
        self.items: list[JournalItem | list[Delta]] = []
        self._open: dict[int, list[Delta]] = {}
        self._window_s = window_s

    def group(self, delta: Delta) -> list[Delta] | None:
        """Give the group this delta continues, None where it begins one."""
        group = self._open.get(delta.stream.number)
        if group is None:
            return None
        first, last = group[0], group[-1]
        continues = (
            (last.channel is delta.channel or last.channel == delta.channel)
            and last.attempt == delta.attempt
            and last.sequence + last.count == delta.sequence
            and (self._window_s is None or delta.timestamp - first.timestamp <= self._window_s)
        )
        return group if continues else None

    def add_delta(self, delta: Delta, group: list[Delta] | None) -> None:
        """Take a delta into its group, or begin one in this place."""
        if group is not None:
            group.append(delta)
        else:
            self._open[delta.stream.number] = group = [delta]
            self.items.append(group)

    def add_record(self, record: Record) -> None:
        """Take another event; text of its own stream does not merge across it."""
        self.items.append(record.event)
        if record.stream is not None:
            self._open.pop(record.stream.number, None)

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
