"""A viewer's way through the journal, in virtual time where time matters."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing, asynccontextmanager, suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flock.cursor import NOWHERE, Cursor
from flock.errors import OutputTooLargeError
from flock.events import Event, Gap, Hello, Snapshot, wire_events
from flock.frame import Frame
from flock.frames import FRAME_BYTES, IDLE_FRAME_S, FrameSource
from flock.journal import Journal
from flock.reader import Reader
from flock.selection import EVERYTHING, Selection
from tests.unit.replica import Replica
from tests.unit.samples import close_stream, open_stream, texts_of, write
from tests.unit.virtual_time import in_virtual_time, keep_doing, now_s, run_in_virtual_time, timers, turns

NOBODY = Selection.of(agent=["nobody"])


class Viewer:
    """Takes frames at its own pace, and puts together what they say."""

    def __init__(self, frames: AsyncIterator[Frame]) -> None:
        self.replica = Replica()
        self.cursor: Cursor | None = None
        self._frames = frames

    async def take(self) -> Frame:
        frame = await anext(self._frames)
        self.replica.take(wire_events(frame.items))
        self.cursor = frame.cursor
        return frame

    async def events(self) -> list[Event]:
        return wire_events((await self.take()).items)

    async def until(self, offset: int) -> list[Frame]:
        frames: list[Frame] = []
        while self.cursor is None or self.cursor == NOWHERE or self.cursor.offset < offset:
            frames.append(await self.take())
        return frames


@asynccontextmanager
async def watching(
    journal: Journal,
    *,
    cursor: Cursor | None = None,
    selection: Selection = EVERYTHING,
    source: FrameSource | None = None,
    idle_frame_s: float = IDLE_FRAME_S,
) -> AsyncIterator[Viewer]:
    source = source or FrameSource(journal, idle_frame_s=idle_frame_s)
    reader = Reader(source, selection=selection, cursor=cursor)
    async with aclosing(reader.frames()) as frames:
        yield Viewer(frames)


@in_virtual_time
async def test_the_first_event_is_hello_with_the_place_the_viewer_starts_from() -> None:
    journal = Journal(epoch="ab")
    write(journal, open_stream(journal), "a", "b")
    async with watching(journal) as viewer:
        (hello, snapshot) = (await viewer.take()).items
    assert isinstance(hello, Hello)
    assert isinstance(snapshot, Snapshot)
    assert (hello.epoch, hello.cursor, hello.format, hello.flush_interval_ms) == ("ab", "ab-3", "full", 33.0)


@in_virtual_time
async def test_who_joins_late_gets_all_text_and_then_what_happens() -> None:
    journal = Journal()
    finished, running = open_stream(journal, run_id="1"), open_stream(journal, run_id="2")
    write(journal, finished, "done")
    close_stream(journal, finished)
    write(journal, running, "half ")
    async with watching(journal) as viewer:
        await viewer.take()
        write(journal, running, "and half")
        await viewer.take()
    assert (viewer.replica.text("1"), viewer.replica.text("2")) == ("done", "half and half")
    assert viewer.replica.gaps == []


@in_virtual_time
async def test_an_empty_journal_greets_and_waits() -> None:
    journal = Journal()
    async with watching(journal) as viewer:
        assert [type(event) for event in await viewer.events()] == [Hello]
        write(journal, open_stream(journal), "first")
        await viewer.take()
    assert viewer.replica.text("run-1") == "first"


@in_virtual_time
async def test_who_comes_back_with_its_cursor_gets_exactly_what_it_missed() -> None:
    journal = Journal()
    transcript = open_stream(journal)
    write(journal, transcript, "a")
    cursor = journal.cursor(journal.head)
    write(journal, transcript, "b", "c")
    async with watching(journal, cursor=cursor) as viewer:
        (hello,) = (await viewer.take()).items
        assert isinstance(hello, Hello)
        assert hello.cursor == str(cursor) == str(viewer.cursor)
        frame = await anext(viewer._frames)
    assert texts_of(frame.items) == ["bc"]
    assert frame.cursor.offset == journal.head


@in_virtual_time
async def test_who_comes_back_to_the_head_gets_only_what_is_new() -> None:
    journal = Journal()
    transcript = open_stream(journal)
    write(journal, transcript, "a")
    async with watching(journal, cursor=journal.cursor(journal.head)) as viewer:
        assert [type(item) for item in (await viewer.take()).items] == [Hello]
        write(journal, transcript, "b")
        assert texts_of((await anext(viewer._frames)).items) == ["b"]


@in_virtual_time
async def test_a_cursor_ahead_of_what_others_were_shown_is_resumed_exactly() -> None:
    journal = Journal()
    transcript = open_stream(journal)
    write(journal, transcript, "a", "b", "c")
    assert journal.pulse.published == 0
    async with watching(journal, cursor=journal.cursor(3)) as viewer:
        await viewer.take()
        assert texts_of((await anext(viewer._frames)).items) == ["c"]


@pytest.mark.parametrize(
    ("cursor", "reason"),
    [
        (Cursor("cd", 5), "other_epoch"),
        (Cursor("ab", 99_999), "ahead"),
        (Cursor("ab", 1), "too_old"),
        (NOWHERE, "other_epoch"),
    ],
)
def test_a_cursor_that_cannot_be_resumed_gets_a_gap_and_all_that_is_known(cursor: Cursor, reason: str) -> None:
    async def test() -> None:
        journal = Journal(max_bytes=4000, epoch="ab")
        transcript = open_stream(journal)
        write(journal, transcript, *["x"] * 100)
        async with watching(journal, cursor=cursor) as viewer:
            hello, gap, snapshot = await viewer.events()
            assert isinstance(hello, Hello)
            assert isinstance(gap, Gap)
            assert isinstance(snapshot, Snapshot)
            assert (gap.reason, gap.requested) == (reason, str(cursor))
            assert gap.cursor == hello.cursor == str(viewer.cursor) == str(journal.cursor(journal.head))
            write(journal, transcript, "y")
            await viewer.take()
        assert viewer.replica.text("run-1") == "x" * 100 + "y"

    run_in_virtual_time(test())


@in_virtual_time
async def test_a_slow_viewer_that_is_left_behind_is_told_and_whole_again() -> None:
    journal = Journal(max_bytes=8000)
    transcript = open_stream(journal)
    async with watching(journal) as viewer:
        await viewer.take()
        write(journal, transcript, "first ")
        await viewer.take()
        for count in (1, 2):
            write(journal, transcript, *["more "] * 100)
            frames = await viewer.until(journal.head)
            assert [type(item) for frame in frames for item in frame.items] == [Gap, Snapshot]
            assert [gap.reason for gap in viewer.replica.gaps] == ["too_old"] * count
    assert viewer.replica.text("run-1") == "first " + "more " * 200


@in_virtual_time
async def test_snapshots_in_several_parts_have_a_cursor_only_at_their_end() -> None:
    journal = Journal()
    for index in range(5):
        write(journal, open_stream(journal, run_id=f"{index}"), "x" * (FRAME_BYTES // 3))
    async with watching(journal) as viewer:
        frames = await viewer.until(journal.head)
        assert [frame.cursor for frame in frames] == [NOWHERE, NOWHERE, journal.cursor(journal.head)]
        assert [len(frame.items) for frame in frames] == [1 + 2, 2, 1]


@in_virtual_time
async def test_all_parts_of_the_snapshots_are_of_one_moment() -> None:
    journal = Journal()
    transcripts = [open_stream(journal, run_id=f"{index}") for index in range(4)]
    for transcript in transcripts:
        write(journal, transcript, "x" * FRAME_BYTES)
    async with watching(journal) as viewer:
        await viewer.take()
        for transcript in transcripts:
            write(journal, transcript, "later")
        journal.start_attempt(transcripts[-1], reason="again")
        write(journal, transcripts[-1], "anew")
        close_stream(journal, transcripts[0])
        await viewer.until(journal.head)
    assert [viewer.replica.text(f"{index}") for index in range(4)] == [*["x" * FRAME_BYTES + "later"] * 3, "anew"]
    assert viewer.replica.runs["0"].outcome is not None


@in_virtual_time
async def test_a_viewer_left_behind_amid_its_snapshots_gets_a_gap_after_them() -> None:
    journal = Journal(max_bytes=8 * FRAME_BYTES)
    transcripts = [open_stream(journal, run_id=f"{index}") for index in range(3)]
    for transcript in transcripts:
        write(journal, transcript, "x" * FRAME_BYTES)
    async with watching(journal) as viewer:
        await viewer.take()
        write(journal, transcripts[0], *["y"] * 10_000)
        await viewer.until(journal.head)
        assert [gap.reason for gap in viewer.replica.gaps] == ["too_old"]
    assert viewer.replica.text("0") == "x" * FRAME_BYTES + "y" * 10_000


@in_virtual_time
async def test_a_selection_gets_its_own_snapshots_and_events() -> None:
    journal = Journal()
    writer, editor = open_stream(journal, agent_name="writer"), open_stream(journal, run_id="2", agent_name="editor")
    write(journal, writer, "a")
    async with watching(journal, selection=Selection.of(agent=["writer"])) as viewer:
        assert len((await viewer.take()).items) == 2
        write(journal, editor, "not this")
        write(journal, writer, "b")
        frame = await viewer.take()
        assert texts_of(frame.items) == ["b"]
        assert frame.cursor.offset == journal.head
    assert viewer.replica.runs.keys() == {"run-1"}


@in_virtual_time
async def test_a_viewer_whose_selection_has_nothing_gets_an_empty_frame_now_and_then() -> None:
    journal = Journal()
    transcript = open_stream(journal)
    async with watching(journal, selection=NOBODY, idle_frame_s=5) as viewer:
        await viewer.take()
        write(journal, transcript, "a")
        frame = await viewer.take()
        assert (frame.items, frame.cursor.offset, now_s()) == ((), 2, 5.0)
        writing = asyncio.create_task(keep_doing(lambda: write(journal, transcript, "b"), seconds=12))
        frame = await viewer.take()
        assert (frame.items, now_s()) == ((), 10.0)
        await writing


@in_virtual_time
async def test_where_nothing_happens_no_empty_frames_are_sent() -> None:
    journal = Journal()
    async with watching(journal, selection=NOBODY, idle_frame_s=5) as viewer:
        await viewer.take()
        waiting = asyncio.create_task(viewer.take())
        await asyncio.sleep(100)
        assert not waiting.done()
        waiting.cancel()
        await turns()


@in_virtual_time
async def test_a_viewer_of_everything_needs_no_idle_timer() -> None:
    journal = Journal()
    async with watching(journal) as viewer:
        await viewer.take()
        waiting = asyncio.create_task(viewer.take())
        await turns()
        assert timers() == 0
        waiting.cancel()
        await turns()


@in_virtual_time
async def test_the_cursor_of_an_idle_viewer_does_not_age() -> None:
    journal = Journal(max_bytes=20_000)
    transcript = open_stream(journal)
    async with watching(journal, selection=NOBODY, idle_frame_s=5) as viewer:
        await viewer.take()
        for _ in range(20):
            await asyncio.gather(keep_doing(lambda: write(journal, transcript, "b"), seconds=5), viewer.take())
        assert viewer.replica.gaps == []
        assert viewer.cursor is not None
        assert journal.locate(viewer.cursor) is None
    assert journal.tail > 800


@in_virtual_time
async def test_the_first_event_after_a_quiet_moment_is_shown_at_once_and_later_ones_paced() -> None:
    journal = Journal(flush_interval_s=0.032)
    transcript = open_stream(journal)
    async with watching(journal) as viewer:
        await viewer.take()
        await asyncio.sleep(10)
        writing = asyncio.create_task(keep_doing(lambda: write(journal, transcript, "x"), seconds=0.1, every_s=0.001))
        seen = []
        for _ in range(6):
            frame = await viewer.take()
            seen.append((round(now_s() - 10, 3), len("".join(texts_of(frame.items)))))
        await writing
    assert [time_s for time_s, _ in seen] == [0.0, 0.004, 0.012, 0.028, 0.06, 0.092]
    assert seen[0] == (0.0, 1)
    assert min(count for _, count in seen[4:]) > 30


@in_virtual_time
async def test_without_a_flush_interval_every_event_is_a_frame_of_its_own() -> None:
    journal = Journal(flush_interval_s=0)
    transcript = open_stream(journal)
    async with watching(journal) as viewer:
        await viewer.take()
        write(journal, transcript, "a", "b", "c")
        assert [texts_of((await viewer.take()).items) for _ in range(3)] == [["a"], ["b"], ["c"]]
        assert now_s() == 0.0


@in_virtual_time
async def test_a_viewer_that_lags_gets_larger_frames_not_more_of_them() -> None:
    journal = Journal()
    transcript = open_stream(journal)
    async with watching(journal) as viewer:
        await viewer.take()
        for _ in range(100):
            write(journal, transcript, "x")
            await asyncio.sleep(0.033)
        assert texts_of((await viewer.take()).items) == ["x" * 100]


@in_virtual_time
async def test_live_viewers_share_their_frames() -> None:
    journal = Journal()
    source = FrameSource(journal)
    transcript = open_stream(journal)
    async with watching(journal, source=source) as one, watching(journal, source=source) as other:
        await asyncio.gather(one.take(), other.take())
        for _ in range(5):
            frames = asyncio.gather(one.take(), other.take())
            await turns()
            write(journal, transcript, "x")
            assert len({id(frame.encode("full")) for frame in await frames}) == 1


@pytest.mark.parametrize("is_resumed", [True, False])
def test_a_viewer_that_catches_up_lets_others_have_the_loop_between_two_frames(is_resumed: bool) -> None:
    async def test() -> None:
        journal = Journal(max_output_bytes=2**30)
        start = journal.cursor(0) if is_resumed else None
        for index in range(20):
            write(journal, open_stream(journal, run_id=f"{index}"), *["x" * 16_000] * 15)
        beats = 0

        async def beat() -> None:
            nonlocal beats
            while True:
                beats += 1
                await asyncio.sleep(0)

        beating = asyncio.create_task(beat())
        async with watching(journal, cursor=start) as viewer:
            frames = await viewer.until(journal.head)
        beating.cancel()
        assert len(frames) > 10
        assert beats >= len(frames) - 1

    run_in_virtual_time(test())


@in_virtual_time
async def test_a_viewer_that_leaves_while_it_waits_leaves_nothing_behind() -> None:
    journal = Journal(flush_interval_s=10)
    transcript = open_stream(journal)
    for selection in (EVERYTHING, Selection.of(agent=["writer"]), NOBODY):
        async with watching(journal, selection=selection) as viewer:
            await viewer.take()
            write(journal, transcript, "x")
            if selection is not NOBODY:
                await viewer.take()
            waiting = asyncio.create_task(viewer.take())
            await turns()
            write(journal, transcript, "x")
            await turns()
            assert timers() > 0
            waiting.cancel()
            await asyncio.wait([waiting])
            assert waiting.cancelled()
        assert timers() == 0
        assert not journal.pulse._waiting


@in_virtual_time
async def test_a_reader_that_ends_stops_behind_the_last_event_of_a_journal_that_has_ended() -> None:
    journal = Journal()
    reader = Reader(FrameSource(journal), cursor=journal.cursor(0), ends=True)
    async with aclosing(reader.frames()) as frames:
        await anext(frames)
        open_stream(journal)
        first = await anext(frames)
        close_stream(journal, open_stream(journal, run_id="2"))
        journal.pulse.end()
        rest = [frame async for frame in frames]
    assert (first.cursor.offset, [frame.cursor.offset for frame in rest]) == (1, [3])


@in_virtual_time
async def test_lag_is_what_the_viewer_has_not_read() -> None:
    journal = Journal()
    transcript = open_stream(journal)
    reader = Reader(FrameSource(journal))
    assert reader.lag == 0
    async with aclosing(reader.frames()) as frames:
        await anext(frames)
        write(journal, transcript, "a", "b", "c")
        assert reader.lag == 3
        await anext(frames)
        assert reader.lag == 0


@in_virtual_time
async def test_a_reader_keeps_the_format_its_viewer_asked_for() -> None:
    reader = Reader(FrameSource(Journal()), format="compact")
    async with aclosing(reader.frames()) as frames:
        (hello,) = (await anext(frames)).items
    assert isinstance(hello, Hello)
    assert (hello.format, reader.format) == ("compact", "compact")


class Play:
    """Runs that do as they like, and one viewer that watches at its own pace, leaves, and comes back."""

    def __init__(self, journal: Journal) -> None:
        self.journal = journal
        self.running = [open_stream(journal, run_id="0")]
        self.truth = {"0": ""}
        self.replica = Replica()
        self.cursor: Cursor | None = None
        self.reader = Reader(FrameSource(journal))
        self.frames = self.reader.frames()

    def open(self) -> None:
        run_id = f"{len(self.truth)}"
        self.running.append(open_stream(self.journal, run_id=run_id))
        self.truth[run_id] = ""

    def write(self, text: str = "word ") -> None:
        for transcript in self.running[-1:]:
            with suppress(OutputTooLargeError):
                write(self.journal, transcript, text)
                self.truth[transcript.stream.run_id] += text

    def flood(self) -> None:
        for number in range(30):
            self.write(f"{number} ")

    def attempt(self) -> None:
        for transcript in self.running[:1]:
            self.journal.start_attempt(transcript, reason="again")
            self.truth[transcript.stream.run_id] = ""

    def close(self) -> None:
        for transcript in self.running[:1]:
            close_stream(self.journal, transcript)
            self.running.remove(transcript)

    async def take(self) -> None:
        if self.cursor is None or self.reader.lag or self.cursor == NOWHERE:
            frame = await anext(self.frames)
            self.replica.take(wire_events(frame.items))
            self.cursor = frame.cursor

    async def come_back(self) -> None:
        await self.frames.aclose()
        self.reader = Reader(FrameSource(self.journal), cursor=self.cursor)
        self.frames = self.reader.frames()
        self.cursor = None
        await self.take()

    async def wait(self) -> None:
        await asyncio.sleep(0.02)

    async def finish(self) -> None:
        while self.cursor is None or self.cursor == NOWHERE or self.cursor.offset < self.journal.head:
            await self.take()
        await self.frames.aclose()
        seen = {run_id: self.replica.text(run_id) for run_id in self.replica.runs}
        assert {transcript.stream.run_id for transcript in self.running} <= seen.keys()
        assert seen.items() <= self.truth.items()

    async def play(self, steps: Sequence[str]) -> None:
        acts = {
            "open": self.open,
            "write": self.write,
            "flood": self.flood,
            "attempt": self.attempt,
            "close": self.close,
            "take": self.take,
            "come back": self.come_back,
            "wait": self.wait,
        }
        for step in steps:
            done = acts[step]()
            if done is not None:
                await done
        await self.finish()


@settings(max_examples=300, deadline=None)
@given(
    st.lists(st.sampled_from("open|write|flood|attempt|close|take|come back|wait".split("|")), max_size=60),
    st.sampled_from([3_000, 20_000, 2**20]),
    st.sampled_from([0.0, 0.033]),
)
def test_a_viewer_that_lags_leaves_and_comes_back_knows_in_the_end_what_is_true(
    steps: Sequence[str], max_bytes: int, interval_s: float
) -> None:
    journal = Journal(max_bytes=max_bytes, flush_interval_s=interval_s, recent_runs=2)
    run_in_virtual_time(Play(journal).play(steps))
