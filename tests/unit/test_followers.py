"""Viewers that keep up, in virtual time: one group per selection, every one of them on its own."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flock.cursor import NOWHERE
from flock.events import wire_events
from flock.frame import Frame
from flock.frames import IDLE_FRAME_S, FrameSource
from flock.journal import Journal
from flock.reader import Reader
from flock.selection import EVERYTHING, Selection
from tests.unit.replica import Replica
from tests.unit.samples import close_stream, open_stream, texts_of, write
from tests.unit.virtual_time import in_virtual_time, keep_doing, now_s, run_in_virtual_time, timers, turns

NOBODY = Selection.of(agent=["nobody"])


class Taker:
    """Takes frames in the beat, for as long as there is room."""

    def __init__(self, reader: Reader) -> None:
        self.reader = reader
        self.replica = Replica()
        self.frames: list[Frame] = []
        self.times_s: list[float] = []
        self.room = 1000
        self.has_failed = False

    def take(self, frame: Frame) -> bool:
        self.has_failed = not self.room
        assert self.room, "it said that it takes no more"
        self.room -= 1
        self.frames.append(frame)
        self.times_s.append(now_s())
        self.replica.take(wire_events(frame.items))
        return self.room > 0

    def follow(self) -> asyncio.Task[bool]:
        return asyncio.create_task(self.reader.follow(self.take))


@asynccontextmanager
async def following(
    journal: Journal,
    *,
    source: FrameSource | None = None,
    selection: Selection = EVERYTHING,
    idle_frame_s: float = IDLE_FRAME_S,
) -> AsyncIterator[Taker]:
    """A taker that has its opening and one frame, and is at the head."""
    taker = Taker(Reader(source or FrameSource(journal, idle_frame_s=idle_frame_s), selection=selection))
    task = taker.follow()
    await asyncio.sleep(1)
    open_stream(journal, run_id=f"begin-{journal.head}", agent_name="nobody" if selection is NOBODY else "writer")
    await asyncio.sleep(1)
    assert taker.frames[-1].cursor.offset == journal.head
    yield taker
    task.cancel()
    await asyncio.wait([task])


@in_virtual_time
async def test_at_the_head_all_are_handed_the_same_frame_in_the_beat_itself() -> None:
    journal = Journal()
    source = FrameSource(journal)
    async with following(journal, source=source) as one, following(journal, source=source) as other:
        transcript = open_stream(journal)
        await asyncio.sleep(1)
        in_beat: list[Frame] = []
        with journal.pulse.listening(lambda: in_beat.append(one.frames[-1]), journal.head):
            for count in range(1, 6):
                write(journal, transcript, "x")
                await asyncio.sleep(1)
                assert one.frames[-1] is other.frames[-1] is in_beat[-1]
                assert (len(in_beat), texts_of(in_beat[-1].items), one.reader.lag) == (count, ["x"], 0)
    assert not journal.pulse._listeners


@in_virtual_time
async def test_who_takes_no_more_is_handed_nothing_and_reads_on_from_there() -> None:
    journal = Journal()
    async with following(journal) as other:
        taker = Taker(Reader(FrameSource(journal)))
        task = taker.follow()
        await turns()
        transcript = open_stream(journal)
        await asyncio.sleep(1)
        taker.room = 1
        for _ in range(3):
            write(journal, transcript, "x")
            await asyncio.sleep(1)
        assert await task is True
        assert taker.replica.text("run-1") == "x"
        assert taker.reader.lag == 2
        taker.room = 1000
        task = taker.follow()
        await turns()
        assert taker.replica.text("run-1") == other.replica.text("run-1") == "xxx"
        task.cancel()
        await asyncio.wait([task])


@in_virtual_time
async def test_more_than_a_frame_in_a_beat_is_read_with_turns_for_others_in_between() -> None:
    journal = Journal(max_output_bytes=2**30)
    async with following(journal) as taker:
        transcript = open_stream(journal)
        await asyncio.sleep(1)
        write(journal, transcript, *["x" * 16_000] * 100)
        counts: list[int] = []
        while taker.frames[-1].cursor.offset < journal.head:
            counts.append(len(taker.frames))
            await asyncio.sleep(0)
        assert counts[-1] - counts[0] > 5
        assert max(after - before for before, after in itertools.pairwise(counts)) == 1
        assert taker.replica.text("run-1") == "x" * 1_600_000


@in_virtual_time
async def test_who_is_left_behind_between_two_beats_is_told_and_whole_again() -> None:
    journal = Journal(max_bytes=8000)
    async with following(journal) as taker:
        transcript = open_stream(journal)
        await asyncio.sleep(1)
        write(journal, transcript, *["more "] * 100)
        await asyncio.sleep(1)
        assert [gap.reason for gap in taker.replica.gaps] == ["too_old"]
        assert taker.replica.text("run-1") == "more " * 100
        write(journal, transcript, "end")
        await asyncio.sleep(1)
    assert taker.replica.text("run-1") == "more " * 100 + "end"


@in_virtual_time
async def test_one_viewers_fault_is_raised_where_it_is_served_and_the_others_keep_up() -> None:
    journal = Journal()
    async with following(journal) as healthy:
        faulty = Taker(Reader(FrameSource(journal)))
        task = faulty.follow()
        await turns()
        transcript = open_stream(journal)
        await asyncio.sleep(1)
        faulty.room = 0
        write(journal, transcript, "x")
        with pytest.raises(AssertionError, match="takes no more"):
            await task
        write(journal, transcript, "y")
        await asyncio.sleep(1)
        assert healthy.replica.text("run-1") == "xy"


@in_virtual_time
async def test_one_that_keeps_up_and_sees_nothing_gets_an_empty_frame_now_and_then() -> None:
    journal = Journal()
    async with following(journal, selection=Selection.of(agent=["writer"]), idle_frame_s=5) as taker:
        transcript = open_stream(journal, agent_name="another")
        before, began_s = len(taker.frames), now_s()
        await keep_doing(lambda: write(journal, transcript, "b"), seconds=12, every_s=0.5)
        empty = taker.frames[before:]
        assert [frame.items for frame in empty] == [(), ()]
        first_s, second_s = taker.times_s[before:]
        assert 5 <= first_s - began_s <= 6
        assert 5 <= second_s - first_s <= 6
        assert taker.reader.lag <= 1


@in_virtual_time
async def test_cancelled_a_follower_has_everything_once_and_goes_on_from_there() -> None:
    journal = Journal()
    taker = Taker(Reader(FrameSource(journal)))
    transcript = open_stream(journal)
    for _ in range(10):
        task = taker.follow()
        await asyncio.sleep(0.05)
        write(journal, transcript, "a")
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait([task])
        write(journal, transcript, "b")
        assert timers() == 0
    taker.follow()
    await asyncio.sleep(1)
    assert taker.replica.text("run-1") == "ab" * 10


@in_virtual_time
async def test_a_follower_that_ends_stops_where_the_journal_has_ended() -> None:
    journal = Journal()
    taker = Taker(Reader(FrameSource(journal), cursor=journal.cursor(0), ends=True))
    task = taker.follow()
    await turns()
    transcript = open_stream(journal)
    await turns()
    close_stream(journal, transcript)
    journal.pulse.end()
    assert await task is False
    assert taker.frames[-1].cursor.offset == journal.head


@in_virtual_time
async def test_what_a_beat_brings_is_read_once_for_all_who_want_the_same() -> None:
    journal = Journal()
    source = Reads(journal)
    async with AsyncExitStack() as stack:
        for _ in range(5):
            await stack.enter_async_context(following(journal, source=source))
        transcript = open_stream(journal)
        await asyncio.sleep(1)
        source.places.clear()
        write(journal, transcript, "x")
        await asyncio.sleep(1)
        assert source.places == [journal.head - 1]
    assert not journal.pulse._listeners


class Reads(FrameSource):
    """Notes where it reads; cannot read what one selection wants once it is broken."""

    def __init__(self, journal: Journal) -> None:
        super().__init__(journal)
        self.places: list[int] = []
        self.broken: Selection | None = None

    def read(self, after: int, selection: Selection) -> Frame:
        self.places.append(after)
        if selection == self.broken:
            raise ValueError("nothing can be read")
        return super().read(after, selection)


@in_virtual_time
async def test_one_that_stalls_is_let_go_alone_and_joins_again_when_it_has_caught_up() -> None:
    journal = Journal()
    source = FrameSource(journal)
    async with following(journal, source=source) as stalled, following(journal, source=source) as healthy:
        transcript = open_stream(journal)
        await asyncio.sleep(1)
        stalled.room = 1
        for _ in range(3):
            write(journal, transcript, "x")
            await asyncio.sleep(1)
        assert (texts_of(stalled.frames[-1].items), stalled.reader.lag) == (["x"], 2)
        assert (healthy.replica.text("run-1"), healthy.reader.lag) == ("xxx", 0)
        assert stalled.reader.place == stalled.frames[-1].cursor
        stalled.room = 1000
        again = stalled.follow()
        await turns()
        assert texts_of(stalled.frames[-1].items) == ["xx"]
        write(journal, transcript, "x")
        await asyncio.sleep(1)
        assert stalled.frames[-1] is healthy.frames[-1]
        again.cancel()
        await asyncio.wait([again])


@in_virtual_time
async def test_who_is_let_go_stays_where_it_was_when_the_next_beat_comes_before_its_turn() -> None:
    journal = Journal()
    source = FrameSource(journal)
    transcript = open_stream(journal)

    def finish() -> None:
        write(journal, transcript, "y")
        journal.pulse.end()

    def hurry(frame: Frame) -> bool:
        if texts_of(frame.items) == ["x"]:
            asyncio.get_running_loop().call_soon(finish)
        return True

    hurrying = asyncio.create_task(Reader(source).follow(hurry))
    async with following(journal, source=source) as stalled:
        stalled.room = 1
        write(journal, transcript, "x")
        await asyncio.sleep(1)
        assert journal.pulse.has_ended
        assert (stalled.reader.place, stalled.reader.lag) == (stalled.frames[-1].cursor, 1)
        stalled.room = 1
        assert await stalled.follow() is True
        assert stalled.replica.text("run-1") == "xy"
    hurrying.cancel()
    await asyncio.wait([hurrying])


@in_virtual_time
async def test_one_that_raises_leaves_the_others_of_its_group_their_frame() -> None:
    journal = Journal()
    source = FrameSource(journal)
    async with following(journal, source=source) as first:
        faulty = Taker(Reader(source))
        task = faulty.follow()
        await asyncio.sleep(1)
        async with following(journal, source=source) as last:
            transcript = open_stream(journal)
            await asyncio.sleep(1)
            faulty.room = 0
            write(journal, transcript, "x")
            with pytest.raises(AssertionError, match="takes no more"):
                await task
            write(journal, transcript, "y")
            await asyncio.sleep(1)
            assert first.frames[-1] is last.frames[-1]
            assert (first.replica.text("run-1"), last.replica.text("run-1")) == ("xy", "xy")
            assert texts_of(faulty.frames[-1].items) == []


@in_virtual_time
async def test_who_joins_in_the_middle_of_a_beat_gets_what_comes_after_it() -> None:
    journal = Journal()
    source = FrameSource(journal)
    late: list[Frame] = []
    with ExitStack() as stack:

        def take_late(frame: Frame) -> bool:
            late.append(frame)
            return True

        def bring_along(frame: Frame) -> bool:
            if texts_of(frame.items) == ["x"]:
                group = source.followers(EVERYTHING)
                assert not group.are_at(journal.head - 1)
                assert group.are_at(journal.head)
                stack.enter_context(group.joined(take_late))
            return True

        async with following(journal, source=source) as other:
            bringer = asyncio.create_task(Reader(source).follow(bring_along))
            transcript = open_stream(journal)
            await asyncio.sleep(1)
            write(journal, transcript, "x")
            await asyncio.sleep(1)
            assert (other.replica.text("run-1"), late) == ("x", [])
            write(journal, transcript, "y")
            await asyncio.sleep(1)
            assert (texts_of(late[0].items), len(late)) == (["y"], 1)
            assert other.frames[-1] is late[0]
            bringer.cancel()
            await asyncio.wait([bringer])


@in_virtual_time
async def test_who_is_cancelled_in_the_beat_of_another_has_everything_once_and_goes_on_from_there() -> None:
    journal = Journal()
    source = FrameSource(journal)
    tasks: list[asyncio.Task[bool]] = []

    def cancel_all(frame: Frame) -> bool:
        while tasks:
            tasks.pop().cancel()
        return True

    async with following(journal, source=source) as other:
        before, after = Taker(Reader(source)), Taker(Reader(source))
        victims = [before.follow()]
        await asyncio.sleep(1)
        canceller = asyncio.create_task(Reader(source).follow(cancel_all))
        await asyncio.sleep(1)
        victims.append(after.follow())
        transcript = open_stream(journal)
        await asyncio.sleep(1)
        tasks += victims
        write(journal, transcript, "x")
        await asyncio.wait(victims)
        assert all(victim.cancelled() for victim in victims)
        for victim in (before, after):
            assert victim.reader.place == victim.frames[-1].cursor
        write(journal, transcript, "y")
        again = [before.follow(), after.follow()]
        await asyncio.sleep(1)
        assert {taker.replica.text("run-1") for taker in (before, after, other)} == {"xy"}
        for task in (canceller, *again):
            task.cancel()
        await asyncio.wait([canceller, *again])


@in_virtual_time
async def test_what_cannot_be_read_is_raised_where_each_of_the_group_is_served_and_other_groups_keep_up() -> None:
    journal = Journal()
    source = Reads(journal)
    writers = Selection.of(agent=["writer"])
    async with following(journal, source=source) as healthy:
        takers = [Taker(Reader(source, selection=writers)) for _ in range(2)]
        tasks = [taker.follow() for taker in takers]
        transcript = open_stream(journal)
        await asyncio.sleep(1)
        source.broken = writers
        write(journal, transcript, "x")
        await asyncio.sleep(1)
        assert [str(task.exception()) for task in tasks] == ["nothing can be read"] * 2
        assert healthy.replica.text("run-1") == "x"


@in_virtual_time
async def test_after_the_end_of_the_journal_nobody_follows_for_ever() -> None:
    journal = Journal()
    source = FrameSource(journal)
    taker = Taker(Reader(source, cursor=journal.cursor(0), ends=True))
    async with following(journal, source=source) as other:
        task = taker.follow()
        transcript = open_stream(journal)
        await asyncio.sleep(1)
        taker.room = 1
        close_stream(journal, transcript)
        journal.pulse.end()
        assert await task is True
        taker.room = 1
        assert await taker.follow() is False
        assert taker.frames[-1] is other.frames[-1]
        assert not journal.pulse._listeners


class Crowd:
    """Runs that do as they like, and viewers of one group that stall, fail, are cancelled, and always come back."""

    def __init__(self, journal: Journal, size: int) -> None:
        self.journal = journal
        self.transcript = open_stream(journal)
        self.truth = ""
        self.source = FrameSource(journal)
        self.takers = [Taker(Reader(self.source)) for _ in range(size)]
        self.tasks = [taker.follow() for taker in self.takers]

    def write(self, _: int) -> None:
        write(self.journal, self.transcript, "word ")
        self.truth += "word "

    def flood(self, _: int) -> None:
        for _ in range(40):
            self.write(0)

    def attempt(self, _: int) -> None:
        self.journal.start_attempt(self.transcript, reason="again")
        self.truth = ""

    def stall(self, who: int) -> None:
        self.takers[who].room = 1

    def fail(self, who: int) -> None:
        self.takers[who].room = 0

    def cancel(self, who: int) -> None:
        self.tasks[who].cancel()

    async def wait(self, _: int) -> None:
        await asyncio.sleep(0.02)

    async def turn(self, _: int) -> None:
        await asyncio.sleep(0)

    async def come_back(self, who: int) -> None:
        """Follow again where one has stopped: with the same reader, or behind the last frame where that one failed."""
        taker, task = self.takers[who], self.tasks[who]
        await turns()
        taker.room = 1000
        if not task.done():
            return
        assert task.cancelled() or taker.has_failed == (task.exception() is not None)
        if not taker.has_failed:
            places = {taker.reader.place, *(frame.cursor for frame in taker.frames[-1:])}
            assert len(places - {NOWHERE}) <= 1
        else:
            taker.has_failed = False
            taker.reader = Reader(self.source, cursor=taker.frames[-1].cursor if taker.frames else None)
        self.tasks[who] = taker.follow()

    async def play(self, steps: Sequence[tuple[str, int]]) -> None:
        acts = {
            "write": self.write,
            "flood": self.flood,
            "attempt": self.attempt,
            "stall": self.stall,
            "fail": self.fail,
            "cancel": self.cancel,
            "wait": self.wait,
            "turn": self.turn,
            "come back": self.come_back,
        }
        for act, who in steps:
            done = acts[act](who)
            if done is not None:
                await done
        for who in range(len(self.takers)):
            await self.come_back(who)
        await asyncio.sleep(1)
        for taker in self.takers:
            assert (taker.replica.text("run-1"), taker.reader.lag) == (self.truth, 0)
        for task in self.tasks:
            task.cancel()
        await asyncio.wait(self.tasks)
        assert not self.journal.pulse._listeners


@settings(max_examples=200, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from("write|write|flood|attempt|stall|fail|cancel|wait|wait|turn|come back".split("|")),
            st.integers(0, 3),
        ),
        max_size=60,
    ),
    st.sampled_from([3_000, 20_000, 2**20]),
    st.sampled_from([0.0, 0.033]),
)
def test_viewers_that_stall_fail_and_are_cancelled_in_one_group_all_know_in_the_end_what_is_true(
    steps: Sequence[tuple[str, int]], max_bytes: int, interval_s: float
) -> None:
    async def play() -> None:
        await Crowd(Journal(max_bytes=max_bytes, flush_interval_s=interval_s), size=4).play(steps)

    run_in_virtual_time(play())
