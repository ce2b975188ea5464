"""What a terminal view knows of one run, and the words it uses for it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from flock.admission import PRIORITIES
from flock.allowance import reported_tokens
from flock.events import Admission, FieldOutcome, Outcome, OutputType, RunEvent, Snapshot, Status, StreamStarted
from flock.sinks.sanitize import VisibleText, visible_line

MAX_LABEL_CHARS = 80

_KINDS: dict[OutputType, str] = {
    "llm_token": "",
    "reasoning": "reasoning",
    "tool_call": "tool call",
    "tool_result": "tool result",
    "log": "log",
    "stdout": "stdout",
    "stderr": "stderr",
}
_ENDINGS: dict[Status, str] = {
    "completed": "done",
    "failed": "failed",
    "cancelled": "cancelled",
    "timed_out": "timed out",
    "interrupted": "interrupted",
}


class Place(NamedTuple):
    """Where a text belongs within a run. Two texts of one place follow each other without a new label."""

    output_type: OutputType
    field: str | None = None
    artifact_id: str | None = None
    step: int = 1
    note: str = ""


@dataclass(slots=True, kw_only=True)
class WatchedRun:
    """An unfinished run. `name` is the agent's, made unique while several of its runs are watched."""

    run_id: str
    agent_name: str
    name: str
    number: int = 0
    types: Mapping[str, str] = field(default_factory=dict)
    model: str | None = None
    is_simulated: bool = False
    rank: int = PRIORITIES["normal"]
    decision: Admission | None = None
    is_hidden: bool = False
    place: Place | None = None
    visible: VisibleText = field(default_factory=VisibleText)
    streamed: set[tuple[str | None, str]] = field(default_factory=set)

    @classmethod
    def of(cls, event: RunEvent, *, is_only_one: bool) -> "WatchedRun":
        """Take up a run: with its constants where the event has them."""
        agent_name = visible_line(event.agent_name)
        match event:
            case StreamStarted() | Snapshot():
                return cls(
                    run_id=event.run_id,
                    agent_name=agent_name,
                    name=agent_name if is_only_one else f"{agent_name}#{event.stream}",
                    number=event.stream,
                    types={slot.artifact_id: visible_line(slot.type) for slot in event.artifacts},
                    model=None if event.model is None else visible_line(event.model.partition("?")[0]),
                    is_simulated=event.simulated,
                    rank=PRIORITIES[event.priority],
                )
            case _:
                return cls(run_id=event.run_id, agent_name=agent_name, name=agent_name)

    @property
    def title(self) -> str:
        """What the run makes, and with which model."""
        made_with = [self.model] if self.model else []
        if self.is_simulated:
            made_with.append("simulated")
        made = ", ".join(self.types.values())
        return " ".join((made, f"({', '.join(made_with)})" if made_with else "")).strip()

    def label(self, place: Place) -> str:
        """Name a place: its field for text of an artifact, otherwise what kind of text it is. May be empty."""
        words = _KINDS[place.output_type]
        if place.output_type == "llm_token" and place.field is not None:
            words = place.field
            if len(self.types) > 1 and place.artifact_id is not None:
                words = f"{self.types.get(place.artifact_id, '')}.{words}"
        words = f"{words} ({place.note})" if place.note else words
        return visible_line(words)[:MAX_LABEL_CHARS]

    def take(self, place: Place) -> None:
        """Note that text of this place was shown."""
        self.place = place
        if place.output_type == "llm_token" and place.field is not None:
            self.streamed.add((place.artifact_id, _unescape(place.field.partition("/")[0])))

    def published(self, outcome: FieldOutcome) -> tuple[Place, str]:
        """Give the place and the text of a field whose published value is not what was streamed."""
        was_streamed = (outcome.artifact_id, outcome.field) in self.streamed
        pointer = outcome.field.replace("~", "~0").replace("/", "~1")
        place = Place("llm_token", pointer, outcome.artifact_id, note="as published" if was_streamed else "")
        value = outcome.value
        return place, value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)

    def ending(self, outcome: Outcome) -> str:
        """Say in one line how the run ended."""
        seconds = f"{outcome.duration_ms / 1000:.1f} s"
        if outcome.status == "completed":
            parts = [seconds, _amount(outcome)]
            if outcome.time_to_first_token_ms is not None:
                parts.append(f"first token after {outcome.time_to_first_token_ms / 1000:.1f} s")
            return f"✓ {_ENDINGS[outcome.status]} in {', '.join(part for part in parts if part)}"
        line = f"✗ {_ENDINGS[outcome.status]} after {seconds}"
        if outcome.error is not None:
            line += f": {visible_line(outcome.error.message)} [{visible_line(outcome.error.code)}]"
        return line


def _amount(outcome: Outcome) -> str:
    tokens = reported_tokens(outcome.usage)
    if tokens is not None:
        return f"{tokens} tokens"
    return f"{outcome.chunks} chunks" if outcome.chunks else ""


def _unescape(part: str) -> str:
    return part.replace("~1", "/").replace("~0", "~")
