"""The events of one run, read again: page by page, at most 100 ms of a stream merged, so that its rhythm stays."""

import asyncio
from collections.abc import Sequence
from typing import NamedTuple

from flock.cursor import Cursor
from flock.events import Event, Gap, JournalItem, StreamStarted, wire_events
from flock.frames import FRAME_BYTES
from flock.journal import Batch, GapReason, Journal
from flock.selection import Selection
from flock.visibility import OPERATOR, Identity

MERGE_WINDOW_S = 0.1

PAGE_BYTES = 2**20
"""About how much one page holds."""


class Page(NamedTuple):
    """Events, the cursor behind them, and whether the journal holds more."""

    events: Sequence[Event]
    cursor: Cursor
    has_more: bool


async def replay(
    journal: Journal, run_id: str, *, cursor: Cursor | None, limit: int, seen_by: Identity = OPERATOR
) -> Page:
    """Read at most `limit` events of a run that `seen_by` may see, from its beginning or behind `cursor`.

    Where the journal does not reach back that far, a gap and the run's snapshot stand for everything up to now.
    """
    selection = Selection.of(run_id=[run_id], seen_by=seen_by)
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
        if cursor is None and items and not isinstance(items[0], StreamStarted):
            return _gap(journal, selection, journal.cursor(0), "too_old")
        await asyncio.sleep(0)
    if cursor is None and not items and journal.marks(selection)[1]:
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


def _gap(journal: Journal, selection: Selection, requested: Cursor, reason: GapReason) -> Page:
    head, marks = journal.marks(selection)
    place = journal.cursor(head)
    gap = Gap(reason=reason, requested=str(requested), cursor=str(place))
    return Page([gap, *(mark.snapshot() for mark in marks)], place, has_more=False)
