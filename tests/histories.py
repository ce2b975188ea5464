"""Says whether what one viewer got over all its connections keeps the promises of resuming."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from flock.cursor import NOWHERE, Cursor
from flock.events import Event, Gap, Hello, Snapshot
from tests.validators import SeenStream, check_streams


@dataclass
class Visit:
    """One connection: the cursor it asked for, and the frames it got whole."""

    asked: Cursor | None = None
    frames: list[tuple[Cursor, list[Event]]] = field(default_factory=list)

    @property
    def events(self) -> list[Event]:
        """The events of all frames."""
        return [event for _, events in self.frames for event in events]

    @property
    def cursor(self) -> Cursor | None:
        """Where to go on: the last cursor one can resume from, or what was asked for."""
        cursors = [cursor for cursor, _ in self.frames if cursor != NOWHERE]
        return cursors[-1] if cursors else self.asked


def check_history(visits: Sequence[Visit], *, is_over: bool = True) -> dict[str, SeenStream]:
    """Check one viewer's visits in their order, and give each stream as it knows it; raises `AssertionError`.

    Each visit begins with one `hello` from the place that was asked for, or a `gap` that says why it cannot; snapshots
    come only where nothing was asked for or a gap said so; cursors never go back; and all visits together are what
    one unbroken connection would have shown (`check_streams`).
    """
    for visit in visits:
        _check_visit(visit)
    return check_streams(known_events(visits), is_over=is_over)


def known_events(visits: Iterable[Visit]) -> list[Event]:
    """Join the visits: who comes without a cursor starts over."""
    events: list[Event] = []
    for visit in visits:
        if visit.asked is None:
            events.clear()
        events += visit.events
    return events


def _check_visit(visit: Visit) -> None:
    events = visit.events
    if not events:
        return
    hello = events[0]
    assert isinstance(hello, Hello), f"the first event is {type(hello).__name__}"
    assert sum(isinstance(event, Hello) for event in events) == 1, "hello came twice"
    if any(isinstance(event, Gap) for event in visit.frames[0][1]):
        place = visit.asked
    else:
        place = Cursor.parse(hello.cursor)
        assert visit.asked in (None, place), "not the place that was asked for"
    may_restore = visit.asked is None
    for cursor, items in visit.frames:
        for event in items:
            if isinstance(event, Gap):
                assert event.requested == str(place), "a gap for another cursor"
                place, may_restore = Cursor.parse(event.cursor), True
            elif isinstance(event, Snapshot):
                assert may_restore, "a snapshot without a gap"
            elif not isinstance(event, Hello):
                may_restore = False
        place = _follow(place, cursor, is_restoring=may_restore)


def _follow(place: Cursor | None, cursor: Cursor, *, is_restoring: bool) -> Cursor | None:
    """Give the place a frame leads to."""
    if cursor == NOWHERE:
        assert is_restoring, "a frame one cannot resume from"
        return place
    assert place is None or cursor.epoch == place.epoch, "a cursor of another epoch"
    assert place is None or cursor.offset >= place.offset, "a cursor went back"
    return cursor
