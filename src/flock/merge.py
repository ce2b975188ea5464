"""How a range of the log becomes what a viewer gets: consecutive deltas of one place are one."""

from collections.abc import Callable, Sequence
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
    """Collects entries in order, joining consecutive deltas of a stream's channel.

    In `_items` stands the first delta of each group; what follows it is kept aside until all is taken, so that a delta
    that nothing follows costs next to nothing.
    """

    def __init__(self, window_s: float | None) -> None:
        self._items: list[JournalItem] = []
        self._places: dict[int, int] = {}
        self._rests: dict[int, list[Delta]] = {}
        self._window_s = window_s

    def add(self, entries: Sequence[Delta | Record | None], takes: Takes | None, room: int) -> int:
        """Take entries, only those that `takes` says yes to where it is given, until `room` bytes are used up.

        Gives how many were looked at before that. The first one that is taken always fits.
        """
        items, places = self._items, self._places
        for number, entry in enumerate(entries):
            if entry is None or (takes is not None and not takes(entry)):
                continue
            if isinstance(entry, Delta):
                text, stream = entry.text, entry.stream.number
                room -= len(text) if text.isascii() else len(text.encode())
                place = places.get(stream)
                if place is None or (rest := self._rest(place, entry)) is None:
                    room -= EVENT_BYTES
                    if room < 0 and items:
                        return number
                    places[stream] = len(items)
                    items.append(entry)
                elif room < 0:
                    return number
                else:
                    rest.append(entry)
            else:
                room -= entry.size
                if room < 0 and items:
                    return number
                self._add_record(entry)
        return len(entries)

    def _add_record(self, record: Record) -> None:
        """Take another event; text of its own stream does not merge across it."""
        self._items.append(record.event)
        if record.stream is not None:
            self._places.pop(record.stream.number, None)

    def _rest(self, place: int, delta: Delta) -> list[Delta] | None:
        """Give what follows the delta in this place, where this one goes on with it; None where it does not."""
        first = self._items[place]
        assert isinstance(first, Delta)
        rest = self._rests.get(place)
        last = rest[-1] if rest else first
        if (
            (last.channel is not delta.channel and last.channel != delta.channel)
            or last.sequence + last.count != delta.sequence
            or last.attempt != delta.attempt
            or (self._window_s is not None and delta.timestamp - first.timestamp > self._window_s)
        ):
            return None
        if rest is None:
            rest = self._rests[place] = []
        return rest

    def result(self) -> tuple[JournalItem, ...]:
        """Give what was taken, each group as one delta."""
        items = self._items.copy()
        for place, rest in self._rests.items():
            first = items[place]
            assert isinstance(first, Delta)
            items[place] = _join([first, *rest])
        return tuple(items)


def _join(group: list[Delta]) -> Delta:
    first = group[0]
    text = "".join([delta.text for delta in group])
    count = sum([delta.count for delta in group])
    return Delta(first.stream, first.channel, first.attempt, first.sequence, text, first.timestamp, count)
