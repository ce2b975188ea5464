"""The journal against a model, and the rules of merging, trimming and remembering one by one."""

import time
from collections.abc import Collection, Sequence
from dataclasses import replace

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, precondition, rule

from flock.cursor import NOWHERE, Cursor
from flock.errors import OutputError, OutputTooLargeError
from flock.events import (
    ArtifactPublished,
    AttemptStarted,
    Channel,
    Delta,
    JournalItem,
    Outcome,
    Status,
    encode_event,
    wire_events,
)
from flock.journal import DELTA_BYTES, RECORD_BYTES, SCAN_ENTRIES, TRIM_SHARE, Journal
from flock.merge import EVENT_BYTES
from flock.selection import EVERYTHING, Selection
from flock.transcript import CHANNEL_BYTES, Mark, Transcript, channel_size
from flock.visibility import PUBLIC, Identity, TenantVisibility
from tests.unit.journal_model import Entry, ModelRun, check_read, check_size
from tests.unit.replica import Replica
from tests.unit.samples import (
    BODY,
    LOG,
    REASONING,
    SCORE,
    TITLE,
    activated,
    close_stream,
    events_of,
    open_stream,
    texts_of,
    write,
)

texts = st.text("ab é漢🦉\n\0", min_size=1, max_size=12)
channels = st.sampled_from([BODY, TITLE, SCORE, REASONING, LOG, Channel(field="body", step=2, artifact=0)])
agents = st.sampled_from(["writer", "editor"])
selections = st.just(EVERYTHING) | st.builds(
    Selection,
    run_id=st.frozensets(st.sampled_from([f"run-{number}" for number in range(1, 5)]), max_size=3),
    agent=st.frozensets(agents, max_size=2),
)

EXAMPLES = settings().max_examples * 3 // 2


class JournalMachine(RuleBasedStateMachine):
    """Appends, trims, reads and joins late in any order; the model is a list of everything that ever happened."""

    running: Bundle[Transcript] = Bundle("running")
    marks: Bundle[tuple[int, list[Mark], dict[str, ModelRun]]] = Bundle("marks")

    def __init__(self) -> None:
        super().__init__()
        self.journal = Journal(max_bytes=8000, max_output_bytes=120, recent_runs=2, flush_interval_s=0)
        self.entries: list[Entry] = []
        self.open_runs: dict[str, ModelRun] = {}
        self.closed_runs: dict[str, ModelRun] = {}

    @precondition(lambda self: len(self.open_runs) < 4)
    @rule(target=running, agent=agents)
    def open(self, agent: str) -> Transcript:
        number = len(self.open_runs) + len(self.closed_runs) + 1
        transcript = open_stream(self.journal, run_id=f"run-{number}", agent_name=agent)
        self.open_runs[transcript.stream.run_id] = ModelRun(transcript.stream)
        self._note_event(transcript)
        return transcript

    @rule(transcript=running, channel=channels, pieces=st.lists(texts, min_size=1, max_size=6))
    def write(self, transcript: Transcript, channel: Channel, pieces: list[str]) -> None:
        run = self.open_runs[transcript.stream.run_id]
        for text in pieces:
            if self._is_too_large(run, channel, text):
                with pytest.raises(OutputTooLargeError):
                    self.journal.append_delta(transcript, channel, text)
                return
            self.journal.append_delta(transcript, channel, text)
            self.entries.append(
                Entry(run.stream, channel=channel, attempt=run.attempt, sequence=run.next_sequence, text=text)
            )
            run.next_sequence += 1
            run.texts[channel] = run.texts.get(channel, "") + text

    @rule(transcript=running)
    def append_an_event_of_a_stream(self, transcript: Transcript) -> None:
        self.journal.append(activated(transcript.stream), transcript.stream)
        self._note_event(transcript)

    @rule()
    def append_an_event_of_none(self) -> None:
        event = published("external")
        self.journal.append(event)
        self.entries.append(Entry(None, event))

    @rule(transcript=running)
    def start_attempt(self, transcript: Transcript) -> None:
        self.journal.start_attempt(transcript, reason="again")
        run = self.open_runs[transcript.stream.run_id]
        run.attempt += 1
        run.texts.clear()
        self._note_event(transcript)

    @rule(transcript=consumes(running), status=st.sampled_from(["completed", "failed", "cancelled"]))
    def close(self, transcript: Transcript, status: Status) -> None:
        event = close_stream(self.journal, transcript, status)
        run = self.open_runs.pop(transcript.stream.run_id)
        run.outcome_bytes = len(encode_event(event)) + RECORD_BYTES
        self.closed_runs[run.stream.run_id] = run
        self.entries.append(Entry(run.stream, event))

    @rule(
        back=st.integers(0, 60),
        most=st.integers(0, 2000),
        span=st.none() | st.integers(0, 40),
        selection=selections,
    )
    def read(self, back: int, most: int, span: int | None, selection: Selection) -> None:
        journal = self.journal
        after = max(journal.tail, journal.head - back)
        upto = None if span is None else after + span
        batch = journal.read(after, selection, max_bytes=most, upto=upto)
        limit = journal.head if upto is None else min(upto, journal.head)
        assert after <= batch.end <= limit
        assert batch.end > after or after == limit
        check_read(self.entries, batch.items, selection, after=after, end=batch.end, whole=True)
        assert len(batch.items) == 1 or self._wire_bytes(batch.items) <= most

    @rule(most=st.integers(0, 2000), selection=selections)
    def read_to_the_end(self, most: int, selection: Selection) -> None:
        journal = self.journal
        after = journal.tail
        items: list[JournalItem] = []
        while after < journal.head:
            batch = journal.read(after, selection, max_bytes=most)
            items += batch.items
            after = batch.end
        check_read(self.entries, items, selection, after=journal.tail, end=after, whole=False)

    @rule(target=marks)
    def join(self) -> tuple[int, list[Mark], dict[str, ModelRun]]:
        head, marks = self.journal.marks()
        known = {mark.stream.run_id for mark in marks}
        assert head == len(self.entries)
        assert known >= self.open_runs.keys()
        assert known <= self.open_runs.keys() | self.closed_runs.keys()
        return head, marks, {run_id: replace(run, texts=dict(run.texts)) for run_id, run in self._runs(known)}

    @rule(joined=consumes(marks), most=st.integers(0, 2000))
    def catch_up(self, joined: tuple[int, list[Mark], dict[str, ModelRun]], most: int) -> None:
        head, marks, at_head = joined
        viewer = Replica().take([mark.snapshot() for mark in marks])
        self._check(viewer, at_head)
        if head < self.journal.tail:
            assert self.journal.locate(self.journal.cursor(head)) == "too_old"
            return
        while head < self.journal.head:
            batch = self.journal.read(head, max_bytes=most)
            viewer.take(wire_events(batch.items))
            head = batch.end
        self._check(viewer, dict(self._runs(viewer.runs)))

    @invariant()
    def the_size_is_what_is_held_and_within_the_bound(self) -> None:
        recent = [self.closed_runs[run_id] for run_id in self.journal._recent]
        assert self.journal._running.keys() == self.open_runs.keys()
        assert len(recent) <= self.journal.recent_runs
        check_size(self.journal, [*self.open_runs.values()], recent)

    @invariant()
    def every_offset_is_counted(self) -> None:
        journal = self.journal
        assert journal.head == len(self.entries)
        assert journal.locate(journal.cursor(journal.tail)) is None
        assert journal.locate(journal.cursor(journal.head)) is None
        assert journal.locate(journal.cursor(journal.head + 1)) == "ahead"
        assert not journal.tail or journal.locate(journal.cursor(journal.tail - 1)) == "too_old"

    def _note_event(self, transcript: Transcript) -> None:
        item = self.journal.read(self.journal.head - 1).items[0]
        assert not isinstance(item, Delta)
        self.entries.append(Entry(transcript.stream, item))

    def _is_too_large(self, run: ModelRun, channel: Channel, text: str) -> bool:
        size = len(text.encode())
        cost = size if channel in run.texts else size + CHANNEL_BYTES + len(channel.field or "")
        others = sum(open_run.size for open_run in self.open_runs.values())
        return run.text_bytes + size > self.journal.max_output_bytes or (others + cost) * 2 > self.journal.max_bytes

    def _runs(self, run_ids: Collection[str]) -> list[tuple[str, ModelRun]]:
        return [(run_id, run) for run_id, run in (self.open_runs | self.closed_runs).items() if run_id in run_ids]

    def _check(self, viewer: Replica, runs: dict[str, ModelRun]) -> None:
        assert viewer.runs.keys() == runs.keys()
        for run_id, run in runs.items():
            seen = viewer.runs[run_id]
            assert (seen.attempt, seen.next_sequence) == (run.attempt, run.next_sequence)
            assert [*seen.texts.values()] == [*run.texts.values()]
            assert (seen.outcome is not None) == (run.outcome_bytes > 0)

    def _wire_bytes(self, items: Sequence[JournalItem]) -> int:
        return sum(
            EVENT_BYTES + len(item.text.encode()) if isinstance(item, Delta) else len(encode_event(item)) + RECORD_BYTES
            for item in items
        )


TestJournalMachine = JournalMachine.TestCase
TestJournalMachine.settings = settings(max_examples=EXAMPLES, stateful_step_count=50)


@pytest.fixture
def journal() -> Journal:
    return Journal(flush_interval_s=0)


def published(agent_name: str, run_id: str | None = None) -> ArtifactPublished:
    return ArtifactPublished(
        artifact_id="a",
        artifact_type="Idea",
        agent_name=agent_name,
        correlation_id="c",
        run_id=run_id,
        derived_from=(),
        tags=(),
    )


def test_deltas_of_a_stream_merge_into_the_place_of_the_earliest_past_other_streams(journal: Journal) -> None:
    one, other = open_stream(journal, run_id="1"), open_stream(journal, run_id="2")
    start = journal.head
    for letter in "abc":
        write(journal, one, letter)
        write(journal, other, letter.upper())
    journal.append(activated(other.stream), other.stream)
    write(journal, one, "d")
    write(journal, other, "D")
    items = journal.read(start).items
    assert texts_of(items) == ["abcd", "ABC", "D"]
    first = items[0]
    assert isinstance(first, Delta)
    assert (first.sequence, first.count) == (0, 4)


def test_nothing_merges_across_an_event_of_its_own_stream(journal: Journal) -> None:
    transcript = open_stream(journal)
    write(journal, transcript, "a", "b")
    journal.append(published("writer", "run-1"), transcript.stream)
    write(journal, transcript, "c")
    kinds = [type(item).__name__ for item in journal.read(1).items]
    assert kinds == ["Delta", "ArtifactPublished", "Delta"]


@pytest.mark.parametrize(
    "other",
    [
        TITLE,
        Channel("reasoning", "body", artifact=0),
        Channel(field="body", kind="json", artifact=0),
        Channel(field="body", step=2, artifact=0),
        Channel(field="body", artifact=1),
    ],
    ids=str,
)
def test_nothing_merges_with_text_of_another_place(journal: Journal, other: Channel) -> None:
    transcript = open_stream(journal, types=["Post", "Summary"])
    write(journal, transcript, "a")
    write(journal, transcript, "b", channel=other)
    write(journal, transcript, "c")
    assert texts_of(journal.read(1).items) == ["a", "b", "c"]


def test_equal_channels_merge_whoever_made_them(journal: Journal) -> None:
    transcript = open_stream(journal)
    for letter in "abc":
        write(journal, transcript, letter, channel=Channel(field="body", artifact=0))
    assert texts_of(journal.read(1).items) == ["abc"]


def test_nothing_merges_across_attempts(journal: Journal) -> None:
    transcript = open_stream(journal)
    write(journal, transcript, "a")
    journal.start_attempt(transcript, reason="validation failed")
    write(journal, transcript, "b")
    first, attempt, second = journal.read(1).items
    assert isinstance(attempt, AttemptStarted)
    assert (attempt.attempt, attempt.reason, attempt.run_id) == (2, "validation failed", "run-1")
    assert isinstance(first, Delta)
    assert isinstance(second, Delta)
    assert (first.attempt, first.sequence, second.attempt, second.sequence) == (1, 0, 2, 1)


def test_a_replay_merges_no_more_than_its_window(journal: Journal) -> None:
    transcript = open_stream(journal)
    write(journal, transcript, *"abcdef")
    base, held = 1000.0, journal._entries
    for index, delay_s in enumerate([0.0, 0.0625, 0.125, 0.1875, 0.25, 5.0], start=1):
        entry = held[index]
        assert isinstance(entry, Delta)
        held[index] = msgspec.structs.replace(entry, timestamp=base + delay_s)
    assert texts_of(journal.read(1, merge_window_s=0.125).items) == ["abc", "de", "f"]
    assert texts_of(journal.read(1).items) == ["abcdef"]


def test_reading_does_not_change_what_the_next_reader_gets(journal: Journal) -> None:
    transcript = open_stream(journal)
    write(journal, transcript, "a", "b")
    assert journal.read(0) == journal.read(0)


def test_a_read_ends_before_its_bound_would_be_passed(journal: Journal) -> None:
    transcript = open_stream(journal)
    write(journal, transcript, *["é" * 50] * 10)
    for max_bytes in (EVENT_BYTES + 200, EVENT_BYTES + 299):
        batch = journal.read(1, max_bytes=max_bytes)
        assert texts_of(batch.items) == ["é" * 100]
        assert batch.end == 3


def test_a_delta_has_the_time_it_was_appended_and_a_merged_one_that_of_its_first(journal: Journal) -> None:
    transcript = open_stream(journal)
    times = [time.time()]
    for letter in "ab":
        write(journal, transcript, letter)
        times.append(time.time())
    (merged,) = journal.read(1).items
    (second,) = journal.read(2).items
    assert isinstance(merged, Delta)
    assert isinstance(second, Delta)
    assert times[0] <= merged.timestamp <= times[1] <= second.timestamp <= times[2]


def test_deltas_that_do_not_merge_count_as_the_events_they_become(journal: Journal) -> None:
    transcript = open_stream(journal)
    for index in range(10):
        write(journal, transcript, "1", channel=Channel(field=f"scores/{index}", kind="json", artifact=0))
    assert len(journal.read(1, max_bytes=4 * EVENT_BYTES).items) == 3


def test_events_fill_a_read_to_its_bound_exactly(journal: Journal) -> None:
    events = [published("writer"), published("editor"), published("writer")]
    for event in events:
        journal.append(event)
    most = sum(len(encode_event(event)) + RECORD_BYTES for event in events[:2])
    assert journal.read(0, max_bytes=most).items == (*events[:2],)
    assert journal.read(0, max_bytes=most - 1).items == (events[0],)


def test_an_event_of_no_stream_is_selected_by_what_it_says(journal: Journal) -> None:
    open_stream(journal)
    event = published("external")
    assert journal.append(event) == journal.head == 2
    assert journal.read(0, Selection.of(correlation_id=["c"])).items == (event,)


async def test_who_waits_for_the_pulse_is_shown_up_to_the_head(journal: Journal) -> None:
    write(journal, open_stream(journal), "a", "b")
    await journal.pulse.wait(0)
    assert journal.pulse.published == 3


def test_a_read_gives_at_least_one_entry_however_large(journal: Journal) -> None:
    transcript = open_stream(journal)
    write(journal, transcript, "x" * 10_000, "y")
    assert texts_of(journal.read(1, max_bytes=10).items) == ["x" * 10_000]


def test_a_read_looks_at_a_bounded_number_of_entries(journal: Journal) -> None:
    transcript = open_stream(journal)
    write(journal, transcript, *["x"] * (SCAN_ENTRIES + 10))
    batch = journal.read(0, Selection.of(agent=["nobody"]))
    assert batch == journal.read(0, Selection.of(agent=["nobody"]), upto=journal.head + 99)
    assert (batch.items, batch.end) == ((), SCAN_ENTRIES)


def test_a_read_up_to_a_place_before_its_start_gives_nothing(journal: Journal) -> None:
    open_stream(journal)
    batch = journal.read(1, upto=0)
    assert (batch.items, batch.end) == ((), 1)


def test_a_cursor_is_too_old_of_another_epoch_ahead_or_good() -> None:
    journal = Journal(max_bytes=2000, epoch="ab")
    transcript = open_stream(journal)
    write(journal, transcript, *["x"] * 100)
    assert journal.tail > 1
    assert journal.locate(Cursor("ab", journal.tail - 1)) == "too_old"
    assert journal.locate(Cursor("ab", journal.tail)) is None
    assert journal.locate(Cursor("ab", journal.head)) is None
    assert journal.locate(Cursor("ab", journal.head + 1)) == "ahead"
    assert journal.locate(Cursor("cd", journal.head)) == "other_epoch"
    assert journal.locate(NOWHERE) == "other_epoch"


def test_what_is_out_of_reach_cannot_be_read() -> None:
    journal = Journal(max_bytes=20_000)
    write(journal, open_stream(journal), *["x"] * 2000)
    with pytest.raises(ValueError, match="out of reach"):
        journal.read(journal.tail - 1)
    assert journal.read(journal.tail).items


def test_a_journal_has_the_bounds_of_the_contract_and_begins_with_nothing() -> None:
    journal = Journal()
    assert (journal.max_bytes, journal.max_output_bytes, journal.recent_runs) == (64 * 2**20, 4 * 2**20, 64)
    assert journal.pulse.interval_s == 0.033
    assert (journal.head, journal.tail, journal.size, journal.events, journal.tokens_total) == (0, 0, 0, 0, 0)


def test_two_journals_have_two_epochs() -> None:
    assert Journal().epoch != Journal().epoch


def test_stream_numbers_are_not_given_twice(journal: Journal) -> None:
    assert [journal.next_stream_number() for _ in range(3)] == [1, 2, 3]


def test_one_run_has_its_bound_in_bytes_and_a_refused_text_leaves_no_trace() -> None:
    journal = Journal(max_output_bytes=10)
    transcript = open_stream(journal)
    write(journal, transcript, "éééé")
    before = journal.size, journal.head, transcript.next_sequence
    with pytest.raises(OutputTooLargeError) as refused:
        write(journal, transcript, "éé")
    assert str(refused.value) == (
        "Run run-1 of 'writer' passed 10 bytes of output. Raise max_output_bytes if answers of this length are meant."
    )
    assert (journal.size, journal.head, transcript.next_sequence) == before
    write(journal, transcript, "é")
    assert transcript.mark().snapshot().fields[0].text == "ééééé"


def test_every_attempt_has_the_whole_bound() -> None:
    journal = Journal(max_output_bytes=10)
    transcript = open_stream(journal)
    for _ in range(3):
        write(journal, transcript, "x" * 10)
        journal.start_attempt(transcript, reason="again")
    assert transcript.next_sequence == 3


def test_half_of_the_journal_is_for_texts_and_finished_streams_make_room_first() -> None:
    journal = Journal(max_bytes=20_000, max_output_bytes=20_000)
    for index in range(2):
        finished = open_stream(journal, run_id=f"finished-{index}")
        write(journal, finished, "x" * 4000)
        close_stream(journal, finished)
    running = open_stream(journal, run_id="running")
    write(journal, running, "y" * 4000)
    assert [mark.stream.run_id for mark in journal.marks()[1]] == ["finished-1", "running"]
    write(journal, running, "y" * 4000)
    assert [mark.stream.run_id for mark in journal.marks()[1]] == ["running"]
    with pytest.raises(OutputTooLargeError) as refused:
        write(journal, running, "y" * 4000)
    assert str(refused.value) == (
        "The texts of all running streams passed half of the journal's 20,000 bytes. "
        "Raise the journal's max_bytes, or run fewer agents at once."
    )
    assert journal.size <= journal.max_bytes


def test_texts_fill_exactly_half_of_the_journal_before_anything_is_forgotten() -> None:
    journal = Journal(max_bytes=20_000)
    finished = open_stream(journal, run_id="finished")
    write(journal, finished, "x" * 4000)
    close_stream(journal, finished)
    running = open_stream(journal, run_id="running")
    room = 10_000 - finished.size - channel_size(running.stream, BODY)
    write(journal, running, "y" * room)
    assert [mark.stream.run_id for mark in journal.marks()[1]] == ["finished", "running"]
    write(journal, running, "y")
    assert [mark.stream.run_id for mark in journal.marks()[1]] == ["running"]
    write(journal, running, "y" * (10_000 - running.size))
    with pytest.raises(OutputTooLargeError):
        write(journal, running, "y")


def test_only_as_many_finished_streams_are_forgotten_as_the_text_needs() -> None:
    journal = Journal(max_bytes=20_000)
    for index in range(3):
        finished = open_stream(journal, run_id=f"{index}")
        write(journal, finished, "x" * 2000)
        close_stream(journal, finished)
    running = open_stream(journal, run_id="running")
    write(journal, running, "y" * 3000)
    assert [mark.stream.run_id for mark in journal.marks()[1]] == ["1", "2", "running"]


def test_what_is_left_may_fill_its_half_exactly_after_something_was_forgotten() -> None:
    journal = Journal(max_bytes=20_000)
    for run_id in ("a", "b"):
        finished = open_stream(journal, run_id=run_id)
        write(journal, finished, "x" * 2000)
        close_stream(journal, finished)
    running = open_stream(journal, run_id="running")
    write(journal, running, "y" * (10_000 - finished.size - channel_size(running.stream, BODY)))
    assert [mark.stream.run_id for mark in journal.marks()[1]] == ["b", "running"]


def test_a_finished_stream_may_fill_half_of_the_journal_exactly() -> None:
    for spare, known in ((0, 1), (-1, 0)):
        journal = Journal(max_bytes=2**20)
        transcript = open_stream(journal)
        write(journal, transcript, "x" * 4000)
        outcome = Outcome(status="completed")
        event = msgspec.structs.replace(activated(transcript.stream), timestamp=1.5)
        journal.max_bytes = 2 * (transcript.size + len(encode_event(event)) + RECORD_BYTES) + spare
        journal.close(transcript, event, outcome)
        assert len(journal.marks()[1]) == known


def test_a_log_that_passes_its_bound_is_trimmed_by_a_share_of_it_and_no_further() -> None:
    for spare, is_trimmed in ((0, False), (-1, True)):
        journal = Journal()
        transcript = open_stream(journal)
        write(journal, transcript, *["x"] * 9999)
        journal.max_bytes = journal.size + DELTA_BYTES + 2 + spare
        write(journal, transcript, "x")
        kept = journal.max_bytes - (journal.max_bytes // TRIM_SHARE if is_trimmed else 0)
        assert kept - DELTA_BYTES - 1 < journal.size <= kept
        assert (journal.tail > 0) is is_trimmed


def test_a_flood_of_tiny_fields_is_bounded_by_what_it_costs() -> None:
    journal = Journal(max_bytes=2**20)
    transcript = open_stream(journal)

    def flood() -> None:
        for index in range(100_000):
            write(journal, transcript, "1", channel=Channel(field=f"scores/{index}", kind="json", artifact=0))

    with pytest.raises(OutputTooLargeError):
        flood()
    assert len(transcript.channels) * CHANNEL_BYTES < 2**19


def test_the_last_finished_streams_are_remembered() -> None:
    journal = Journal(recent_runs=2)
    for index in range(4):
        close_stream(journal, open_stream(journal, run_id=f"{index}"))
    open_stream(journal, run_id="running")
    assert [mark.stream.run_id for mark in journal.marks()[1]] == ["2", "3", "running"]


def test_a_journal_may_remember_no_finished_stream() -> None:
    journal = Journal(recent_runs=0)
    transcript = open_stream(journal)
    write(journal, transcript, "text")
    close_stream(journal, transcript)
    assert journal.marks() == (journal.head, [])
    assert journal.read(0).items


def test_an_end_with_large_values_counts_towards_the_bound() -> None:
    journal = Journal(max_bytes=20_000)
    for index in range(20):
        transcript = open_stream(journal, run_id=f"{index}", agent_name="writer" * 500)
        close_stream(journal, transcript)
        assert journal.size <= journal.max_bytes
    assert len(journal.marks()[1]) == 2


def test_marks_are_of_selected_streams() -> None:
    journal = Journal()
    open_stream(journal, run_id="1", agent_name="writer")
    open_stream(journal, run_id="2", agent_name="editor")
    _, marks = journal.marks(Selection.of(agent=["editor"]))
    assert [mark.stream.run_id for mark in marks] == ["2"]


def test_an_event_s_own_visibility_goes_before_that_of_its_stream(journal: Journal) -> None:
    transcript = open_stream(journal)
    hidden, shown = published("writer", "run-1"), published("editor")
    journal.append(hidden, transcript.stream, visibility=TenantVisibility("acme"))
    journal.append(shown, visibility=PUBLIC)
    seen = {
        tenant: journal.read(1, Selection.of(seen_by=Identity(tenant=tenant))).items for tenant in ("acme", "other")
    }
    assert seen == {"acme": (hidden, shown), "other": (shown,)}


def test_who_joins_after_the_text_was_trimmed_gets_it_whole() -> None:
    journal = Journal(max_bytes=20_000)
    transcript = open_stream(journal)
    words = [f"{number} " for number in range(1000)]
    write(journal, transcript, *words)
    assert journal.tail > 800
    close_stream(journal, transcript)
    (mark,) = journal.marks()[1]
    assert mark.snapshot().fields[0].text == "".join(words)
    assert mark.snapshot().next_sequence == 1000


@settings(max_examples=settings().max_examples // 10)
@given(st.integers(2_000, 400_000), st.integers(100, 2**18))
def test_a_long_life_of_trimming_loses_nothing_within_reach(max_bytes: int, read_bytes: int) -> None:
    journal = Journal(max_bytes=max_bytes, max_output_bytes=2**30)
    transcript = open_stream(journal)
    for index in range(6000):
        if transcript.text_bytes > max_bytes // 4:
            journal.start_attempt(transcript, reason="again")
        assert journal.head == index + transcript.attempt
        write(journal, transcript, f"{index} ")
        assert not any(journal._entries[: journal._skip])
    assert journal.read(journal.tail, upto=journal.tail + 3).end == journal.tail + 3
    assert len(journal._entries) <= max(4096, 2 * journal.events + 2)
    after = journal.tail
    sequence = None
    while after < journal.head:
        batch = journal.read(after, max_bytes=read_bytes)
        for item in batch.items:
            if isinstance(item, Delta):
                assert sequence in (None, item.sequence)
                wanted = range(item.sequence, item.sequence + item.count)
                assert item.text == "".join(f"{index} " for index in wanted)
                sequence = wanted.stop
        after = batch.end
    assert sequence == 6000


def test_texts_of_events_that_are_not_valid_unicode_are_repaired(journal: Journal) -> None:
    transcript = open_stream(journal)
    journal.start_attempt(transcript, reason="bad: \ud800, half: \ud83e\udd89, fine: 🦉")
    event = events_of(journal)[-1]
    assert isinstance(event, AttemptStarted)
    assert event.reason == "bad: \ufffd, half: 🦉, fine: 🦉"


def test_text_that_is_not_valid_unicode_never_enters(journal: Journal) -> None:
    transcript = open_stream(journal)
    before = journal.size, journal.head
    with pytest.raises(UnicodeEncodeError):
        journal.append_delta(transcript, BODY, "\ud800")
    with pytest.raises(OutputError):
        journal.append_delta(transcript, Channel(field="\ud800"), "text")
    with pytest.raises(OutputError):
        journal.append_delta(transcript, Channel(field="body", artifact=1), "text")
    assert (journal.size, journal.head, transcript.channels) == (*before, {})


def test_the_size_of_an_entry_is_its_text_and_what_holds_it() -> None:
    journal = Journal()
    transcript = open_stream(journal)
    write(journal, transcript, "a")
    before = journal.size
    write(journal, transcript, "owls")
    assert journal.size - before == DELTA_BYTES + 4 + 4
    write(journal, transcript, "öwls")
    assert journal.size - before == 2 * DELTA_BYTES + 4 + 4 + 16 + 5


def test_the_model_notices_what_a_broken_journal_would_do(journal: Journal) -> None:
    transcript = open_stream(journal)
    stream = transcript.stream
    entries = [Entry(stream, item) for item in journal.read(0).items if not isinstance(item, Delta)]
    for sequence, letter in enumerate("abc"):
        write(journal, transcript, letter)
        entries.append(Entry(stream, None, BODY, 1, sequence, letter))
    event = activated(stream)
    journal.append(event, stream)
    entries.append(Entry(stream, event))
    start, text, end = journal.read(0).items
    assert isinstance(text, Delta)
    broken: list[list[JournalItem]] = [
        [start, text],
        [start, end],
        [start, end, text],
        [start, text, text, end],
        [start, text, start, end],
        [start, msgspec.structs.replace(text, text="ab"), end],
        [start, msgspec.structs.replace(text, count=2), end],
        [start, msgspec.structs.replace(text, sequence=1), end],
        [start, msgspec.structs.replace(text, channel=TITLE), end],
        [start, msgspec.structs.replace(text, attempt=2), end],
        [start, *_halves(text), end],
    ]
    check_read(entries, [start, text, end], EVERYTHING, after=0, end=5, whole=True)
    for items in broken:
        with pytest.raises(AssertionError):
            check_read(entries, items, EVERYTHING, after=0, end=5, whole=True)


def _halves(delta: Delta) -> list[Delta]:
    first = msgspec.structs.replace(delta, text=delta.text[:1], count=1)
    return [first, msgspec.structs.replace(delta, text=delta.text[1:], sequence=1, count=2)]


def test_a_forgotten_stream_holds_no_text_whoever_still_knows_it() -> None:
    journal = Journal(recent_runs=1)
    first, second = open_stream(journal, run_id="first"), open_stream(journal, run_id="second")
    for transcript in (first, second):
        write(journal, transcript, "text")
    _, marks = journal.marks()
    for transcript in (first, second):
        close_stream(journal, transcript)
    assert first.channels == {}
    assert len(second.channels) == 1
    assert [mark.snapshot().fields[0].text for mark in marks] == ["text", "text"]
