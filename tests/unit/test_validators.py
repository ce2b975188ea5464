"""The stream validator passes what keeps the promises, and finds each planted bug."""

from collections.abc import Callable
from uuid import UUID, uuid4

import pytest
from msgspec.structs import replace
from pydantic import BaseModel

from flock.admission import StreamSettings
from flock.artifacts import Artifact, flock_type
from flock.audience import Audience
from flock.errors import RunError
from flock.events import (
    AgentActivated,
    AgentCompleted,
    AgentQueued,
    ArtifactPublished,
    ArtifactSlot,
    AttemptStarted,
    Event,
    FieldOutcome,
    Gap,
    Outcome,
    RunEvent,
    Snapshot,
    StreamDecision,
    StreamingOutputEvent,
    StreamStarted,
    wire_events,
)
from flock.journal import Journal
from flock.redaction import Redactor
from flock.streams import OpenStream, Streams
from tests.validators import check_streams

ARTIFACT_ID = UUID(int=7)


@flock_type(name="ValidatedStory")
class Story(BaseModel):
    title: str
    moral: str = ""
    words: int = 0


class Recording:
    """Two runs that really happened: `good` completes in its second attempt, `bad` fails in its first."""

    def __init__(self) -> None:
        self.journal = Journal()
        self.streams = Streams(self.journal, Audience(), Redactor())

    def record(self) -> list[Event]:
        """Let it happen, and give every delta as an event of its own."""
        story = Artifact(
            type="ValidatedStory", payload=Story(title="Owls fly", moral="Be wise", words=2), id=ARTIFACT_ID
        )
        good, bad = self.open("good"), self.open("bad")
        with good:
            with good.waiting("its turn"):
                self.run_and_fail(bad)
            with good.running("dashboard", StreamSettings()) as (writer, _):
                writer.append("Cats", field="title")
                writer.start_attempt("the answer was cut off")
                for word in ("Owls", " fly"):
                    writer.append(word, field="title")
                writer.append("Be strange", field="moral")
                writer.append("2.0", field="words", kind="json")
                self.publish(good, story)
                good.complete([story])
        return [event for offset in range(self.journal.head) for event in self.at(offset)]

    def open(self, run_id: str) -> OpenStream:
        return self.streams.open(
            run_id=run_id,
            agent_name="teller",
            correlation_id=str(uuid4()),
            artifacts=[ArtifactSlot(artifact_id=str(ARTIFACT_ID), type="ValidatedStory")],
            inputs=[],
            engine="Scripted",
            model=None,
            is_simulated=False,
            priority="normal",
        )

    def run_and_fail(self, stream: OpenStream) -> None:
        with stream, stream.running("dashboard", StreamSettings()) as (writer, _):
            writer.append("Half a", field="title")
            raise RunError("The model is gone.")

    def publish(self, stream: OpenStream, artifact: Artifact) -> None:
        event = ArtifactPublished(
            artifact_id=str(artifact.id),
            artifact_type=artifact.type,
            agent_name="teller",
            correlation_id=stream.stream.correlation_id,
            run_id=stream.stream.run_id,
            derived_from=(),
            tags=(),
        )
        self.journal.append(event, stream.stream)

    def at(self, offset: int) -> list[Event]:
        return wire_events(self.journal.read(offset, upto=offset + 1).items)


@pytest.fixture
def events() -> list[Event]:
    return Recording().record()


def place(events: list[Event], kind: type[Event], number: int = 0) -> int:
    """Where the run `good` has its `number`-th event of this kind."""
    found = [
        index
        for index, event in enumerate(events)
        if isinstance(event, kind) and isinstance(event, RunEvent | ArtifactPublished) and event.run_id == "good"
    ]
    return found[number]


def output(events: list[Event], number: int) -> tuple[int, StreamingOutputEvent]:
    """The `number`-th output of the run `good`, and where it is. Three deltas of the title, one of the moral, one of
    the words, the final event.
    """
    index = place(events, StreamingOutputEvent, number)
    event = events[index]
    assert isinstance(event, StreamingOutputEvent)
    return index, event


def change(events: list[Event], number: int, **changes: object) -> None:
    index, event = output(events, number)
    events[index] = replace(event, **changes)


def change_outcome(events: list[Event], **changes: object) -> None:
    index, event = output(events, -1)
    assert isinstance(event.outcome, Outcome)
    events[index] = replace(event, outcome=replace(event.outcome, **changes))


def change_field(events: list[Event], number: int, **changes: object) -> None:
    _, event = output(events, -1)
    assert isinstance(event.outcome, Outcome)
    fields: list[FieldOutcome] = list(event.outcome.fields)
    fields[number] = replace(fields[number], **changes)
    change_outcome(events, fields=tuple(fields))


def swap(events: list[Event], first: int, second: int) -> None:
    events[first], events[second] = events[second], events[first]


def move(events: list[Event], source: int, target: int) -> None:
    events.insert(target, events.pop(source))


def test_what_really_happened_keeps_the_promises(events: list[Event]) -> None:
    seen = check_streams(events)
    assert seen["good"].text("title") == "Owls fly"
    assert seen["good"].published == [str(ARTIFACT_ID)]
    assert [stream.outcome.status for stream in seen.values() if stream.outcome] == ["completed", "failed"]


def test_merged_deltas_keep_the_promises() -> None:
    recording = Recording()
    recording.record()
    seen = check_streams(wire_events(recording.journal.read(0).items))
    assert seen["good"].text("moral") == "Be strange"


def test_a_viewer_may_join_late_and_go_on_from_snapshots() -> None:
    recording = Recording()
    stream = recording.open("good")
    with stream, stream.running("dashboard", StreamSettings()) as (writer, _):
        writer.append("Owls", field="title")
        head, marks = recording.journal.marks()
        writer.append(" fly", field="title")
        stream.complete([])
    snapshots: list[Event] = [mark.snapshot() for mark in marks]
    rest = wire_events(recording.journal.read(head).items)
    assert check_streams([*snapshots, *rest])["good"].text("title") == "Owls fly"
    with pytest.raises(AssertionError, match="sequence 1, expected 0"):
        check_streams([replace_sequence(snapshots[0]), *rest])


def replace_sequence(snapshot: Event) -> Event:
    assert isinstance(snapshot, Snapshot)
    return replace(snapshot, next_sequence=0)


def test_what_came_before_a_gap_needs_no_end(events: list[Event]) -> None:
    gap = Gap(reason="too_old", requested="a-1", cursor="a-2")
    assert check_streams([*events[:6], gap]) == {}


def test_a_stream_may_be_open_while_it_runs(events: list[Event]) -> None:
    assert check_streams(events[:-1], is_over=False)["good"].outcome is None


BUGS: dict[str, tuple[Callable[[list[Event]], object], str]] = {
    "a delta is lost": (lambda events: events.pop(output(events, 1)[0]), "sequence 2, expected 1"),
    "a delta comes twice": (lambda events: events.insert(output(events, 1)[0], output(events, 1)[1]), "sequence 1"),
    "two deltas change places": (lambda events: swap(events, output(events, 1)[0], output(events, 2)[0]), "sequence 2"),
    "a merged delta counts wrong": (lambda events: change(events, 1, count=2), "sequence 2, expected 3"),
    "a delta is empty": (lambda events: change(events, 1, content=""), "a delta without text"),
    "a delta has another text": (lambda events: change(events, 2, content=" flew"), "'title' is said to match"),
    "a delta belongs to an earlier attempt": (lambda events: change(events, 1, attempt=1), "a delta of attempt 1"),
    "a delta comes before the decision": (
        lambda events: move(events, output(events, 0)[0], place(events, StreamDecision)),
        "a delta out of turn",
    ),
    "a delta of another run slips in": (
        lambda events: change(events, 1, agent_name="stranger"),
        "an event of another run",
    ),
    "a delta of another run's artifact slips in": (
        lambda events: change(events, 1, artifact_id=str(UUID(int=8))),
        "of another run",
    ),
    "a delta of a run that never started slips in": (
        lambda events: change(events, 1, run_id="stranger"),
        "StreamingOutputEvent before its start",
    ),
    "two runs' deltas are mixed up": (lambda events: change(events, 1, run_id="bad"), "after the final event"),
    "an attempt is not announced": (
        lambda events: events.pop(place(events, AttemptStarted)),
        "a delta of attempt 2 in attempt 1",
    ),
    "an attempt is announced twice": (
        lambda events: events.insert(place(events, AttemptStarted), events[place(events, AttemptStarted)]),
        "attempt 2 after 2",
    ),
    "the start is lost": (lambda events: events.pop(place(events, StreamStarted)), "AgentQueued before its start"),
    "a stream starts twice": (lambda events: events.insert(1, events[0]), "started twice"),
    "a run is queued while it works": (
        lambda events: move(events, place(events, AgentQueued), place(events, AgentActivated)),
        "queued after it was activated",
    ),
    "a run is activated twice": (
        lambda events: events.insert(place(events, AgentActivated), events[place(events, AgentActivated)]),
        "activated twice",
    ),
    "an artifact is published after the end was announced": (
        lambda events: swap(events, place(events, ArtifactPublished), place(events, AgentCompleted)),
        "completed with other artifacts",
    ),
    "an artifact that is said to be published is not": (
        lambda events: events.pop(place(events, ArtifactPublished)),
        "completed with other artifacts",
    ),
    "the end is not announced": (lambda events: events.pop(place(events, AgentCompleted)), "was not announced"),
    "the end is announced twice": (
        lambda events: events.insert(place(events, AgentCompleted), events[place(events, AgentCompleted)]),
        "AgentCompleted after",
    ),
    "the final event is lost": (lambda events: events.pop(output(events, -1)[0]), "no final event"),
    "the final event comes twice": (lambda events: events.append(output(events, -1)[1]), "after the final event"),
    "something follows the final event": (
        lambda events: move(events, place(events, AgentCompleted), len(events)),
        "was not announced",
    ),
    "a published artifact follows the final event": (
        lambda events: move(events, place(events, ArtifactPublished), len(events) - 1),
        "completed with other artifacts",
    ),
    "an event follows the final event": (
        lambda events: events.append(events[place(events, AgentQueued)]),
        "AgentQueued after the final event",
    ),
    "the final event has text": (lambda events: change(events, -1, content="x"), "a final event with text"),
    "the final event has no outcome": (lambda events: events.append(without_outcome(events)), "without an outcome"),
    "the outcome contradicts the announcement": (
        lambda events: change_outcome(events, status="failed"),
        "failed after AgentCompleted",
    ),
    "the outcome says that a field matches which does not": (
        lambda events: change_field(events, 1, matches=True),
        "'moral' is said to match",
    ),
    "the outcome says that a field differs which does not": (
        lambda events: change_field(events, 0, matches=False, value="Owls fly"),
        "'title' is said to differ",
    ),
    "the value of a field that differs does not follow": (
        lambda events: change_field(events, 0, matches=False),
        "its value does not follow",
    ),
}


def without_outcome(events: list[Event]) -> Event:
    index, event = output(events, -1)
    del events[index]
    return StreamingOutputEvent(
        correlation_id=event.correlation_id,
        agent_name=event.agent_name,
        run_id=event.run_id,
        output_type="log",
        content="",
        sequence=event.sequence,
        attempt=event.attempt,
        is_final=True,
        count=0,
    )


@pytest.mark.parametrize("name", BUGS)
def test_a_planted_bug_is_found(events: list[Event], name: str) -> None:
    plant, complaint = BUGS[name]
    plant(events)
    with pytest.raises(AssertionError, match=complaint):
        check_streams(events)
