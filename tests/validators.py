"""Says whether what one viewer saw keeps the promises of the streaming contract."""

import hashlib
from collections.abc import Iterable
from typing import Literal

from msgspec import UNSET

from flock.events import (
    AgentActivated,
    AgentCancelled,
    AgentCompleted,
    AgentFailed,
    AgentQueued,
    ArtifactPublished,
    AttemptStarted,
    Event,
    FieldOutcome,
    Gap,
    Outcome,
    RunEvent,
    Snapshot,
    Status,
    StreamDecision,
    StreamingOutputEvent,
    StreamStarted,
)
from flock.pointer import escape

Stage = Literal["queued", "activated", "decided", "announced", "ended"]

ANNOUNCED: dict[type[Event], set[Status]] = {
    AgentCompleted: {"completed"},
    AgentFailed: {"failed", "timed_out"},
    AgentCancelled: {"cancelled", "interrupted"},
}


class SeenStream:
    """One run's stream as a viewer saw it. `texts` are those of the last attempt, by artifact, field and step."""

    def __init__(self, start: StreamStarted | Snapshot) -> None:
        self.run_id = start.run_id
        self.stage: Stage = "queued"
        self.attempt = 1
        self.next_sequence = 0
        self.texts: dict[tuple[str | None, str | None, int], str] = {}
        self.published: list[str] = []
        self.outcome: Outcome | None = None
        self._json: set[str | None] = set()
        self._announced: type[Event] | None = None
        self._is_whole = True
        self._constants = (start.correlation_id, start.agent_name)
        self._artifacts = {None, *(slot.artifact_id for slot in start.artifacts)}
        if isinstance(start, Snapshot):
            self._restore(start)

    def text(self, field: str, *, artifact_id: str | None = None) -> str:
        """Give the text of a field, as the last step that wrote it left it."""
        found = [
            text
            for (owner, name, _), text in self.texts.items()
            if name == field and (artifact_id is None or owner == artifact_id)
        ]
        return found[-1] if found else ""

    def take(self, event: RunEvent | ArtifactPublished) -> None:
        """Take the next event of this run."""
        self.demand(self.stage != "ended", f"{type(event).__name__} after the final event")
        self.demand((event.correlation_id, event.agent_name) == self._constants, "an event of another run")
        match event:
            case StreamStarted():
                self.fail("started twice")
            case AgentQueued():
                self.demand(self.stage == "queued", "queued after it was activated")
            case AgentActivated():
                self.demand(self.stage == "queued", "activated twice")
                self.stage = "activated"
            case StreamDecision():
                self.demand(self.stage == "activated", "decided out of turn")
                self.stage = "decided"
            case ArtifactPublished():
                self.demand(self.stage == "decided", "published out of turn")
                self.published.append(event.artifact_id)
            case AttemptStarted():
                self.demand(self.stage == "decided", "a new attempt out of turn")
                self.demand(event.attempt == self.attempt + 1, f"attempt {event.attempt} after {self.attempt}")
                self.attempt, self.texts = event.attempt, {}
            case StreamingOutputEvent():
                self._take_output(event)
            case AgentCompleted() | AgentFailed() | AgentCancelled():
                self._take_announcement(event)

    def demand(self, is_kept: bool, complaint: str) -> None:
        """Complain where a promise is not kept."""
        if not is_kept:
            self.fail(complaint)

    def fail(self, complaint: str) -> None:
        """Complain about this run."""
        raise AssertionError(f"run {self.run_id}: {complaint}")

    def _restore(self, snapshot: Snapshot) -> None:
        self._is_whole = False
        self.attempt = snapshot.attempt
        self.next_sequence = snapshot.next_sequence
        self.texts = {
            (text.artifact_id, text.field, text.step): text.text
            for text in snapshot.fields
            if text.output_type == "llm_token"
        }
        self._json = {text.field for text in snapshot.fields if text.kind == "json"}
        self.outcome = snapshot.outcome
        if snapshot.outcome is not None:
            self.stage = "ended"
        elif snapshot.state == "running":
            self.stage = "decided" if snapshot.decision is not None else "activated"

    def _take_announcement(self, event: AgentCompleted | AgentFailed | AgentCancelled) -> None:
        self.demand(self.stage != "announced", f"{type(event).__name__} after {self._announced}")
        if isinstance(event, AgentCompleted):
            self.demand(self.stage == "decided", "completed before it ran")
            if self._is_whole:
                self.demand(list(event.artifact_ids) == self.published, "completed with other artifacts than published")
        self.stage = "announced"
        self._announced = type(event)

    def _take_output(self, event: StreamingOutputEvent) -> None:
        self.demand(event.sequence == self.next_sequence, f"sequence {event.sequence}, expected {self.next_sequence}")
        self.demand(event.artifact_id in self._artifacts, f"a delta of artifact {event.artifact_id!r} of another run")
        self.demand(event.attempt == self.attempt, f"a delta of attempt {event.attempt} in attempt {self.attempt}")
        if event.is_final:
            self._take_final(event)
            return
        self.demand(self.stage == "decided", "a delta out of turn")
        self.demand(event.count >= 1 and event.content != "", "a delta without text")
        self.next_sequence += event.count
        if event.output_type == "llm_token":
            key = (event.artifact_id, event.field, event.step)
            self.texts[key] = self.texts.get(key, "") + event.content
            if event.kind == "json":
                self._json.add(event.field)

    def _take_final(self, event: StreamingOutputEvent) -> None:
        self.demand(self.stage == "announced", "a final event that was not announced")
        self.demand(event.count == 0 and event.content == "", "a final event with text")
        outcome = event.outcome
        if outcome is UNSET or self._announced is None:
            raise AssertionError(f"run {self.run_id}: a final event without an outcome")
        self.demand(outcome.status in ANNOUNCED[self._announced], f"{outcome.status} after {self._announced.__name__}")
        for field in outcome.fields:
            self._check_field(field)
        self.outcome, self.stage = outcome, "ended"

    def _check_field(self, field: FieldOutcome) -> None:
        """Hold the streamed text against the authoritative value, for fields that are text."""
        if not field.matches:
            self.demand(field.value is not UNSET, f"field {field.field!r} differs, but its value does not follow")
        name = escape(field.field)
        if name in self._json:
            return
        streamed = self.text(name, artifact_id=field.artifact_id)
        is_same = hashlib.sha256(streamed.encode()).hexdigest() == field.sha256
        if field.matches and streamed:
            self.demand(is_same, f"field {field.field!r} is said to match, but its text is another one")
        elif isinstance(field.value, str):
            self.demand(
                not is_same or not streamed, f"field {field.field!r} is said to differ, but its text is the same"
            )


def check_streams(events: Iterable[Event], *, is_over: bool = True) -> dict[str, SeenStream]:
    """Check what one viewer got, in order, and give each run's stream; raises `AssertionError`.

    Sequences are contiguous per run, what a run says of itself stays the same, attempts count up, each stream has one
    final event (where `is_over`), announced by one `agent_completed` or its like, nothing follows it, and texts that
    are said to match their fields do.
    """
    seen: dict[str, SeenStream] = {}
    for event in events:
        match event:
            case Gap():
                seen.clear()
            case Snapshot():
                seen[event.run_id] = SeenStream(event)
            case StreamStarted() if event.run_id not in seen:
                seen[event.run_id] = SeenStream(event)
            case RunEvent():
                if event.run_id not in seen:
                    raise AssertionError(f"run {event.run_id}: {type(event).__name__} before its start")
                seen[event.run_id].take(event)
            case ArtifactPublished(run_id=str(run_id)) if run_id in seen:
                seen[run_id].take(event)
    if is_over:
        for stream in seen.values():
            stream.demand(stream.stage == "ended", "no final event")
    return seen
