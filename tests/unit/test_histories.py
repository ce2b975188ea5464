"""The validator of histories passes what resuming promises, and finds each planted bug."""

import asyncio
import random
from collections.abc import Callable

import pytest
from msgspec.structs import replace

from flock.audience import Audience
from flock.cursor import NOWHERE, Cursor
from flock.events import Event, Gap, Hello, Snapshot, StreamingOutputEvent, wire_events
from flock.journal import Journal
from flock.redaction import Redactor
from flock.streams import Streams
from tests.histories import Visit, check_history, known_events
from tests.random_runs import Truth, run_random
from tests.unit.replica import Replica


class Resumed:
    """Two runs that one viewer saw over three connections: from the start, resumed, and told that it came too late."""

    def __init__(self, journal: Journal) -> None:
        self.journal = journal
        head, marks = journal.marks()
        third, half = head // 3, head // 2
        self.first = Visit(None, [self.hello(0), *self.frames(0, third)])
        self.second = Visit(self.at(third), [self.hello(third), *self.frames(third, half)])
        gap = Gap(reason="too_old", requested=str(self.at(half)), cursor=str(self.at(head)))
        one, two = (mark.snapshot() for mark in marks)
        opening: list[Event] = [*self.hello(head)[1], gap, one]
        self.third = Visit(self.at(half), [(NOWHERE, opening), (self.at(head), [two])])

    @property
    def visits(self) -> list[Visit]:
        return [self.first, self.second, self.third]

    def at(self, offset: int) -> Cursor:
        return self.journal.cursor(offset)

    def hello(self, offset: int) -> tuple[Cursor, list[Event]]:
        hello = Hello(epoch=self.journal.epoch, cursor=str(self.at(offset)), format="full", flush_interval_ms=33)
        return (self.at(offset), [hello])

    def frames(self, start: int, end: int) -> list[tuple[Cursor, list[Event]]]:
        return [
            (self.at(offset + 1), wire_events(self.journal.read(offset, upto=offset + 1).items))
            for offset in range(start, end)
        ]

    def change(self, visit: Visit, number: int, **changes: object) -> None:
        """Change an event of a visit's first frame."""
        events = visit.frames[0][1]
        events[number] = replace(events[number], **changes)

    def move_cursor(self, visit: Visit, frame: int, cursor: Cursor) -> None:
        visit.frames[frame] = (cursor, visit.frames[frame][1])


@pytest.fixture
def truth() -> Truth:
    return {}


@pytest.fixture
async def resumed(truth: Truth) -> Resumed:
    streams = Streams(Journal(), Audience(), Redactor())
    rng = random.Random(4)

    async def pause() -> None:
        await asyncio.sleep(0)

    for agent in ("one", "two"):
        await run_random(streams, rng, truth, agent=agent, acts=20, pause=pause)
    return Resumed(streams.journal)


def test_what_really_happened_keeps_the_promises(resumed: Resumed, truth: Truth) -> None:
    assert check_history(resumed.visits).keys() == truth.keys()
    known = Replica().take(known_events(resumed.visits)).runs
    assert {run_id: run.texts for run_id, run in known.items()} == truth


def test_who_comes_without_a_cursor_starts_over(resumed: Resumed) -> None:
    again = Visit(None, [resumed.hello(0), *resumed.frames(0, resumed.journal.head)])
    assert len(check_history([*resumed.visits, again])) == 2


def test_a_connection_that_was_cut_before_its_first_frame_says_nothing(resumed: Resumed) -> None:
    empty = Visit(resumed.second.asked)
    assert empty.cursor == resumed.second.asked
    check_history([resumed.first, empty, resumed.second, resumed.third])


BUGS: dict[str, tuple[Callable[[Resumed], object], str]] = {
    "a frame is lost after resuming": (lambda seen: seen.second.frames.pop(1), "expected|a delta"),
    "a frame comes again after resuming": (
        lambda seen: seen.second.frames.insert(1, (seen.second.frames[0][0], seen.first.frames[-1][1])),
        "sequence",
    ),
    "a delta of another run is in a frame": (
        lambda seen: seen.second.frames[1][1].append(_stranger()),
        "StreamingOutputEvent before its start",
    ),
    "a visit begins without hello": (lambda seen: seen.second.frames.pop(0), "the first event is"),
    "hello comes twice": (lambda seen: seen.second.frames.insert(0, seen.second.frames[0]), "hello came twice"),
    "hello names another place": (
        lambda seen: seen.change(seen.second, 0, cursor=str(seen.at(1))),
        "not the place that was asked for",
    ),
    "the gap is missing": (lambda seen: seen.third.frames[0][1].pop(1), "not the place|without a gap"),
    "the gap is for another cursor": (
        lambda seen: seen.change(seen.third, 1, requested=str(seen.at(1))),
        "a gap for another cursor",
    ),
    "snapshots come without a gap": (
        lambda seen: seen.second.frames[1][1].insert(0, seen.third.frames[1][1][0]),
        "a snapshot without a gap",
    ),
    "a cursor goes back": (lambda seen: seen.move_cursor(seen.second, 2, seen.at(1)), "a cursor went back"),
    "a cursor is of another epoch": (
        lambda seen: seen.move_cursor(seen.second, 1, Cursor("other", 99)),
        "of another epoch",
    ),
    "a frame cannot be resumed from": (
        lambda seen: seen.move_cursor(seen.second, 1, NOWHERE),
        "a frame one cannot resume from",
    ),
}


def _stranger() -> StreamingOutputEvent:
    return StreamingOutputEvent(
        correlation_id="c", agent_name="a", run_id="stranger", output_type="llm_token", content="x", sequence=0
    )


@pytest.mark.parametrize("name", BUGS)
def test_a_planted_bug_is_found(resumed: Resumed, name: str) -> None:
    plant, complaint = BUGS[name]
    plant(resumed)
    with pytest.raises(AssertionError, match=complaint):
        check_history(resumed.visits)


def test_a_snapshot_whose_text_is_not_what_was_written_differs_from_the_truth(resumed: Resumed, truth: Truth) -> None:
    snapshot = resumed.third.frames[1][1][0]
    assert isinstance(snapshot, Snapshot)
    resumed.third.frames[1][1][0] = replace(snapshot, fields=snapshot.fields[1:])
    known = Replica().take(known_events(resumed.visits)).runs
    assert known[snapshot.run_id].texts != truth[snapshot.run_id]
