"""Reading a run's events again, whatever the pages and whatever the journal still holds."""

from contextlib import ExitStack

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flock.cursor import Cursor
from flock.events import Event, Gap, Snapshot, StreamingOutputEvent, StreamStarted
from flock.journal import Journal
from flock.orchestrator import Flock
from flock.server.replay import replay
from tests.backend import Writing, writing

writes = st.lists(st.tuples(st.integers(0, 2), st.text(min_size=1, max_size=4)), max_size=60)


def written(journal: Journal, plan: list[tuple[int, str]]) -> list[Writing]:
    """Let three runs write what the plan says, in its order, and end."""
    flock = Flock(view=None, journal=journal)
    with ExitStack() as stack:
        works = [stack.enter_context(writing(flock, f"agent{number}")) for number in range(3)]
        for number, text in plan:
            works[number].write(text)
    return works


async def read_all(journal: Journal, run_id: str, limit: int) -> list[Event]:
    events: list[Event] = []
    cursor: Cursor | None = None
    while True:
        page = await replay(journal, run_id, cursor=cursor, limit=limit)
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
        events = await read_all(journal, work.run_id, limit)
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
        events = await read_all(journal, work.run_id, limit)
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
    page = await replay(journal, "queued", cursor=None, limit=10)
    assert (page.events, page.has_more) == ([], False)


@pytest.mark.parametrize(("cursor", "reason"), [(Cursor("other", 1), "other_epoch"), (Cursor("here", 10_000), "ahead")])
async def test_a_cursor_one_cannot_go_on_from_gets_a_gap(cursor: Cursor, reason: str) -> None:
    journal = Journal(epoch="here")
    (work, *_) = written(journal, [(0, "text")])
    page = await replay(journal, work.run_id, cursor=cursor, limit=10)
    gap, snapshot = page.events
    assert isinstance(gap, Gap)
    assert isinstance(snapshot, Snapshot)
    assert (gap.reason, gap.requested) == (reason, str(cursor))
    assert page.cursor == journal.cursor(journal.head)
