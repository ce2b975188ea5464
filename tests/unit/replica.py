"""What a viewer knows, put together from the events it got, and nothing else."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from msgspec import UNSET

from flock.events import (
    AgentActivated,
    AttemptStarted,
    Event,
    Gap,
    Outcome,
    OutputType,
    RunEvent,
    Snapshot,
    StreamingOutputEvent,
    StreamStarted,
    TextKind,
)

Place = tuple[OutputType, str | None, TextKind, int, str | None]
"""Where text belongs: output type, field, kind, step, artifact id."""


@dataclass
class ReplicaRun:
    """One run, as this viewer knows it."""

    attempt: int = 1
    next_sequence: int = 0
    is_running: bool = False
    texts: dict[Place, str] = field(default_factory=dict)
    outcome: Outcome | None = None


class Replica:
    """Applies events in their order; fails where one cannot follow what came before."""

    def __init__(self) -> None:
        self.runs: dict[str, ReplicaRun] = {}
        self.gaps: list[Gap] = []

    def take(self, events: Iterable[Event]) -> "Replica":
        for event in events:
            match event:
                case Gap():
                    self.gaps.append(event)
                    self.runs.clear()
                case Snapshot():
                    self.runs[event.run_id] = _from_snapshot(event)
                case StreamStarted():
                    assert event.run_id not in self.runs, "a stream started twice"
                    self.runs[event.run_id] = ReplicaRun()
                case RunEvent():
                    self._follow(self.runs[event.run_id], event)
        return self

    def text(self, run_id: str, field: str = "body") -> str:
        return "".join(text for place, text in self.runs[run_id].texts.items() if place[1] == field)

    def _follow(self, run: ReplicaRun, event: RunEvent) -> None:
        assert run.outcome is None, "something followed a final event"
        match event:
            case StreamingOutputEvent():
                _append(run, event)
            case AttemptStarted():
                assert event.attempt == run.attempt + 1
                run.attempt = event.attempt
                run.texts.clear()
            case AgentActivated():
                run.is_running = True


def _append(run: ReplicaRun, event: StreamingOutputEvent) -> None:
    assert event.sequence == run.next_sequence, "text is missing, or came twice"
    assert event.attempt == run.attempt
    if event.is_final:
        assert event.outcome is not UNSET
        run.outcome = event.outcome
        return
    assert event.count >= 1
    run.next_sequence += event.count
    place = (event.output_type, event.field, event.kind, event.step, event.artifact_id)
    run.texts[place] = run.texts.get(place, "") + event.content


def _from_snapshot(event: Snapshot) -> ReplicaRun:
    texts = {(text.output_type, text.field, text.kind, text.step, text.artifact_id): text.text for text in event.fields}
    assert len(texts) == len(event.fields), "a field came twice"
    is_running = event.state != "queued"
    return ReplicaRun(event.attempt, event.next_sequence, is_running, texts, event.outcome)
