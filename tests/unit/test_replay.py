"""Reading a run's events again, whatever the pages and whatever the journal still holds."""

from contextlib import ExitStack

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flock.cursor import Cursor
from flock.events import Event, Gap, Snapshot, StreamingOutputEvent, StreamStarted
from flock.journal import Journal
from flock.orchestrator import Flock
from flock.selection import Selection
from flock.server.replay import replay
from tests.backend import Writing, writing
from tests.unit.samples import open_stream, write

writes = st.lists(st.tuples(st.integers(0, 2), st.text(min_size=1, max_size=4)), max_size=60)


def written(journal: Journal, plan: list[tuple[int, str]]) -> list[Writing]:
    """Let three runs write what the plan says, in its order, and end."""
    flock = Flock(view=None, journal=journal)
    with ExitStack() as stack:
        works = [stack.enter_context(writing(flock, f"agent{number}")) for number in range(3)]
        for number, text in plan:
            works[number].write(text)
    return works


async def read_all(journal: Journal, work: Writing, limit: int) -> list[Event]:
    events: list[Event] = []
    cursor: Cursor | None = None
    while True:
        page = await replay(
            journal, Selection.of(run_id=[work.run_id]), cursor=cursor, limit=limit, starts=[work.first_offset]
        )
        assert len(page.events) <= max(limit, 2), "a gap and its snapshot come together"
        events += page.events
        if not page.has_more:
            return events
        cursor = page.cursor


def text(events: list[Event]) -> str:
    return "".join(event.content for event in events if isinstance(event, StreamingOutputEvent))


@given(writes, st.integers(1, 50))
async def test_pages_of_any_size_hold_each_event_of_the_run_once(plan: list[tuple[int, str]], limit: int) -> None:
    journal = Journal()
    for work in written(journal, plan):
        events = await read_all(journal, work, limit)
        assert isinstance(events[0], StreamStarted)
        assert text(events) == work.text
        outputs = [event for event in events if isinstance(event, StreamingOutputEvent)]
        assert outputs[-1].is_final
        following = 0
        for event in outputs:
            assert event.sequence == following
            following += event.count


@given(writes, st.integers(1, 50))
async def test_what_is_no_longer_held_is_told(plan: list[tuple[int, str]], limit: int) -> None:
    journal = Journal(max_bytes=8000)
    for work in written(journal, plan):
        events = await read_all(journal, work, limit)
        match events[0]:
            case StreamStarted():
                assert text(events) == work.text
            case first:
                assert isinstance(first, Gap)
                snapshots = [event for event in events[1:] if isinstance(event, Snapshot)]
                assert len(snapshots) == len(events) - 1 <= 1
                for snapshot in snapshots:
                    assert "".join(field.text for field in snapshot.fields) == work.text


async def test_a_run_without_events_has_none() -> None:
    journal = Journal()
    written(journal, [])
    page = await replay(journal, Selection.of(run_id=["queued"]), cursor=None, limit=10)
    assert (page.events, page.has_more) == ([], False)


async def test_a_run_whose_first_event_is_gone_is_told_of_a_gap_though_others_are_whole() -> None:
    journal = Journal(max_bytes=8000)
    older = open_stream(journal, run_id="older")
    while older.first_offset > journal.tail:
        write(journal, older, "text" * 10)
    newer = open_stream(journal, run_id="newer")
    both = Selection.of(correlation_id=["correlation-1"])
    for selection, starts, kind in (
        (both, [older.first_offset, newer.first_offset], Gap),
        (both, [], Gap),
        (Selection.of(run_id=["newer"]), [newer.first_offset], StreamStarted),
    ):
        page = await replay(journal, selection, cursor=None, limit=10, starts=starts)
        assert isinstance(page.events[0], kind)


@pytest.mark.parametrize(("cursor", "reason"), [(Cursor("other", 1), "other_epoch"), (Cursor("here", 10_000), "ahead")])
async def test_a_cursor_one_cannot_go_on_from_gets_a_gap(cursor: Cursor, reason: str) -> None:
    journal = Journal(epoch="here")
    (work, *_) = written(journal, [(0, "text")])
    page = await replay(journal, Selection.of(run_id=[work.run_id]), cursor=cursor, limit=10)
    gap, snapshot = page.events
    assert isinstance(gap, Gap)
    assert isinstance(snapshot, Snapshot)
    assert (gap.reason, gap.requested) == (reason, str(cursor))
    assert page.cursor == journal.cursor(journal.head)
