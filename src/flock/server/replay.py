"""Events that are read again: page by page, at most 100 ms of a stream merged, so that its rhythm stays."""

import asyncio
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import msgspec

from flock.cursor import Cursor
from flock.events import Delta, Event, Gap, JournalItem, RunEvent, StreamStarted, wire_events
from flock.frames import FRAME_BYTES
from flock.journal import Batch, GapReason, Journal
from flock.selection import Selection

MERGE_WINDOW_S = 0.1

PAGE_BYTES = 2**20
"""About how much one page holds."""


class Page(NamedTuple):
    """Events, the cursor behind them, and whether the journal holds more."""

    events: Sequence[Event]
    cursor: Cursor
    has_more: bool

    def to_wire(self) -> dict[str, Any]:
        """Give the JSON form."""
        following = str(self.cursor) if self.has_more else None
        items = [msgspec.to_builtins(event) for event in self.events]
        return {"items": items, "next": following, "cursor": str(self.cursor)}


async def replay(
    journal: Journal, selection: Selection, *, cursor: Cursor | None, limit: int, starts: Iterable[int] = ()
) -> Page:
    """Read at most `limit` selected events, from the beginning or behind `cursor`.

    `starts` are the offsets at which the selected runs begin, of those that are known. Where the journal does not
    reach back that far, a gap and snapshots stand for everything up to now.
    """
    if cursor is None and any(start <= journal.tail for start in starts):
        return _gap(journal, selection, journal.cursor(0), "too_old")
    reason = journal.locate(cursor) if cursor is not None else None
    if cursor is not None and reason is not None:
        return _gap(journal, selection, cursor, reason)
    start = journal.tail if cursor is None else cursor.offset
    items: list[JournalItem] = []
    place, size = start, 0
    while place < journal.head and len(items) < limit and size < PAGE_BYTES:
        if place < journal.tail:
            return _gap(journal, selection, journal.cursor(place), "too_old")
        batch = _fitting(journal, selection, place, limit - len(items))
        items += batch.items
        size += FRAME_BYTES if batch.items else 0
        place = batch.end
        await asyncio.sleep(0)
    if cursor is None and (_begins_amid(items) or (not items and journal.marks(selection)[1])):
        return _gap(journal, selection, journal.cursor(0), "too_old")
    return Page(wire_events(items), journal.cursor(place), place < journal.head)


def _fitting(journal: Journal, selection: Selection, after: int, limit: int) -> Batch:
    """Read the longest range that gives at most `limit` items; there is always one, for its first entry fits."""

    def read(upto: int) -> Batch:
        return journal.read(after, selection, max_bytes=FRAME_BYTES, upto=upto, merge_window_s=MERGE_WINDOW_S)

    batch = read(journal.head)
    if len(batch.items) <= limit:
        return batch
    fits, too_far = after + 1, batch.end
    while too_far - fits > 1:
        middle = (fits + too_far) // 2
        if len(read(middle).items) <= limit:
            fits = middle
        else:
            too_far = middle
    return read(fits)


def _begins_amid(items: Iterable[JournalItem]) -> bool:
    """Whether there is something of a run whose start is not there."""
    started: set[str] = set()
    for item in items:
        match item:
            case StreamStarted():
                started.add(item.run_id)
            case Delta() if item.stream.run_id not in started:
                return True
            case RunEvent() if item.run_id not in started:
                return True
    return False


def _gap(journal: Journal, selection: Selection, requested: Cursor, reason: GapReason) -> Page:
    head, marks = journal.marks(selection)
    place = journal.cursor(head)
    gap = Gap(reason=reason, requested=str(requested), cursor=str(place))
    return Page([gap, *(mark.snapshot() for mark in marks)], place, has_more=False)
