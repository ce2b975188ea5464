"""Every event, the wire format and its JSON Schema: the only place where a wire name is spelled."""

import time
from collections.abc import Iterable, Sequence
from typing import Any, Literal

import msgspec
from msgspec import UNSET, Struct, UnsetType

from flock.visibility import PUBLIC, Visibility

OutputType = Literal["llm_token", "reasoning", "tool_call", "tool_result", "log", "stdout", "stderr"]
TextKind = Literal["text", "json"]
Status = Literal["completed", "failed", "cancelled", "timed_out", "interrupted"]
StreamState = Literal["queued", "running", "completed", "failed", "cancelled", "timed_out", "interrupted"]
RuntimeMode = Literal["cli", "dashboard", "api"]
StreamPriority = Literal["low", "normal", "high"]
Admission = Literal["stream", "queued", "off"]
Format = Literal["full", "compact"]
WIRE_VERSION = 1


class Event(Struct, frozen=True, kw_only=True, tag_field="type"):
    """One immutable fact. `timestamp` is in seconds since the Unix epoch."""

    timestamp: float = msgspec.field(default_factory=time.time)


class RunEvent(Event, frozen=True, kw_only=True):
    """An event of one run."""

    correlation_id: str
    agent_name: str
    run_id: str


class ErrorInfo(Struct, frozen=True, kw_only=True):
    """What went wrong, secrets redacted."""

    code: str
    message: str


class FieldOutcome(Struct, frozen=True, kw_only=True):
    """The authoritative value of one artifact field.

    `sha256` is over the UTF-8 text of a string, or over the compact JSON with sorted keys of anything else;
    `matches` says whether the streamed text equals it, and `value` follows where it does not.
    """

    artifact_id: str
    field: str
    sha256: str
    matches: bool
    value: Any = UNSET


class Outcome(Struct, frozen=True, kw_only=True):
    """How a stream ended. `chunks` counts its deltas, durations are in milliseconds."""

    status: Status
    error: ErrorInfo | None = None
    finish_reason: str | None = None
    chunks: int = 0
    usage: dict[str, Any] = {}
    time_to_first_token_ms: float | None = None
    duration_ms: float = 0.0
    fields: tuple[FieldOutcome, ...] = ()


class ArtifactSlot(Struct, frozen=True, kw_only=True):
    """An artifact a run is going to publish: its id is known before its text."""

    artifact_id: str
    type: str


class StreamingOutputEvent(RunEvent, frozen=True, kw_only=True, gc=False, tag="streaming_output"):
    """Text of one field of one run.

    `sequence` counts a run's deltas from 0 over all fields, steps and attempts; `count` says how many are merged
    here, so the next event's `sequence` is `sequence + count`. `field` is the artifact model's field, or an RFC 6901
    pointer without its leading slash for nested values. The final event has `count` 0 and the `outcome`.
    """

    output_type: OutputType
    content: str
    sequence: int
    is_final: bool = False
    attempt: int = 1
    step: int = 1
    field: str | None = None
    kind: TextKind = "text"
    count: int = 1
    artifact_id: str | None = None
    outcome: Outcome | UnsetType = UNSET


class StreamStarted(RunEvent, frozen=True, kw_only=True, tag="stream_started"):
    """A run exists; says what is constant for its stream. `stream` is a small integer, unique in this journal.

    `simulated` is true where the demo model speaks; every view labels such output.
    """

    stream: int
    artifacts: tuple[ArtifactSlot, ...]
    inputs: tuple[str, ...]
    engine: str
    model: str | None
    simulated: bool
    priority: StreamPriority


class AttemptStarted(RunEvent, frozen=True, kw_only=True, tag="attempt_started"):
    """A model call replaces an earlier one: viewers drop what the earlier attempts showed."""

    attempt: int
    reason: str


class AgentQueued(RunEvent, frozen=True, kw_only=True, tag="agent_queued"):
    """A run waits, and for what."""

    reason: str


class AgentActivated(RunEvent, frozen=True, kw_only=True, tag="agent_activated"):
    """A run starts to work on the input artifacts with these ids."""

    inputs: tuple[str, ...]


class AgentCompleted(RunEvent, frozen=True, kw_only=True, tag="agent_completed"):
    """A run succeeded and published the artifacts with these ids."""

    artifact_ids: tuple[str, ...]


class AgentFailed(RunEvent, frozen=True, kw_only=True, tag="agent_failed"):
    """A run failed or ran out of time."""

    error: ErrorInfo


class AgentCancelled(RunEvent, frozen=True, kw_only=True, tag="agent_cancelled"):
    """A run was cancelled, or interrupted by a shutdown."""

    reason: str


class StreamDecision(RunEvent, frozen=True, kw_only=True, tag="stream_decision"):
    """Whether a run streams to viewers, and why."""

    decision: Admission
    reason: str
    mode: RuntimeMode
    active_streams: int


class ArtifactPublished(Event, frozen=True, kw_only=True, tag="artifact_published"):
    """An artifact is on the board, or has become visible.

    `run_id` is None for what came from outside, and where the artifact is announced again after its run has ended.
    """

    artifact_id: str
    artifact_type: str
    agent_name: str
    correlation_id: str
    run_id: str | None
    derived_from: tuple[str, ...]
    tags: tuple[str, ...]


class Metrics(Event, frozen=True, kw_only=True, tag="metrics"):
    """How the process is doing, once a second while somebody watches."""

    active_streams: int
    queued_streams: int
    tokens_total: int
    tokens_per_s: float
    viewers: int
    viewer_lag_events: int
    journal_bytes: int
    journal_events: int
    process_memory_bytes: int


class Hello(Event, frozen=True, kw_only=True, tag="hello"):
    """First event of every viewer. `cursor` is the place it starts from."""

    epoch: str
    cursor: str
    format: Format
    flush_interval_ms: float
    version: int = WIRE_VERSION


class Gap(Event, frozen=True, kw_only=True, tag="gap"):
    """The viewer's cursor cannot be resumed from; snapshots as of `cursor` follow."""

    reason: Literal["too_old", "other_epoch", "ahead"]
    requested: str
    cursor: str


class FieldText(Struct, frozen=True, kw_only=True):
    """The accumulated text of one field of a stream's current attempt."""

    output_type: OutputType
    field: str | None
    kind: TextKind
    step: int
    artifact_id: str | None
    text: str


class Snapshot(RunEvent, frozen=True, kw_only=True, tag="snapshot"):
    """A whole stream as of one offset: its constants, state, attempt, texts and next sequence.

    `reason` is what was said last of why: why the run waits, why it streams to viewers or not, why it was cancelled.
    Times are in seconds since the Unix epoch, None for what has not happened: `started_at` when the run came to be,
    `activated_at` when it began to work, `first_token_at` when its model first said something, `ended_at`.
    """

    stream: int
    artifacts: tuple[ArtifactSlot, ...]
    inputs: tuple[str, ...]
    engine: str
    model: str | None
    simulated: bool
    priority: StreamPriority
    decision: Admission | None
    reason: str | None
    state: StreamState
    started_at: float
    activated_at: float | None
    first_token_at: float | None
    ended_at: float | None
    attempt: int
    next_sequence: int
    fields: tuple[FieldText, ...]
    outcome: Outcome | None = None


class Stream(Struct, frozen=True, kw_only=True, gc=False):
    """What is constant for one run's stream, and who may see it."""

    number: int
    correlation_id: str
    agent_name: str
    run_id: str
    artifacts: tuple[ArtifactSlot, ...]
    inputs: tuple[str, ...] = ()
    engine: str = ""
    model: str | None = None
    simulated: bool = False
    priority: StreamPriority = "normal"
    visibility: Visibility = PUBLIC


class Channel(Struct, frozen=True, gc=False, cache_hash=True):
    """Where a delta's text belongs within its stream. `artifact` indexes the stream's artifacts."""

    output_type: OutputType = "llm_token"
    field: str | None = None
    kind: TextKind = "text"
    step: int = 1
    artifact: int | None = None


class Delta(Struct, frozen=True, gc=False):
    """Text of one channel as the journal holds it; `count` > 1 where reading merged several."""

    stream: Stream
    channel: Channel
    attempt: int
    sequence: int
    text: str
    timestamp: float
    count: int = 1

    def event(self) -> StreamingOutputEvent:
        """Give the self-contained event."""
        stream, channel = self.stream, self.channel
        return StreamingOutputEvent(
            timestamp=self.timestamp,
            correlation_id=stream.correlation_id,
            agent_name=stream.agent_name,
            run_id=stream.run_id,
            output_type=channel.output_type,
            content=self.text,
            sequence=self.sequence,
            attempt=self.attempt,
            step=channel.step,
            field=channel.field,
            kind=channel.kind,
            count=self.count,
            artifact_id=artifact_id(stream, channel),
        )

    def compact(self) -> tuple[int, str | tuple[str | None, OutputType, TextKind, int, int | None], int, int, str]:
        """Give the array `[stream, field, sequence, count, text]`.

        `field` is a plain string for the usual case (model text of the first artifact in the first step), otherwise
        the array `[field, output_type, kind, step, artifact]`.
        """
        channel = self.channel
        usual = channel.output_type == "llm_token" and channel.kind == "text"
        if usual and channel.step == 1 and channel.artifact == 0 and channel.field is not None:
            return (self.stream.number, channel.field, self.sequence, self.count, self.text)
        place = (channel.field, channel.output_type, channel.kind, channel.step, channel.artifact)
        return (self.stream.number, place, self.sequence, self.count, self.text)


JournalItem = Delta | Event

WireEvent = (
    StreamingOutputEvent
    | StreamStarted
    | AttemptStarted
    | AgentQueued
    | AgentActivated
    | AgentCompleted
    | AgentFailed
    | AgentCancelled
    | StreamDecision
    | ArtifactPublished
    | Metrics
    | Hello
    | Gap
    | Snapshot
)

_encode = msgspec.json.Encoder().encode
_decoder = msgspec.json.Decoder(WireEvent)


def artifact_id(stream: Stream, channel: Channel) -> str | None:
    """Give the id of the artifact a channel belongs to, None for text of no artifact."""
    return None if channel.artifact is None else stream.artifacts[channel.artifact].artifact_id


def wire_events(items: Iterable[JournalItem]) -> list[Event]:
    """Turn what the journal holds into self-contained events."""
    return [item.event() if isinstance(item, Delta) else item for item in items]


def encode_event(event: Event) -> bytes:
    """Encode one event as JSON."""
    return _encode(event)


def decode_event(data: bytes | str) -> Event:
    """Decode one event of the `full` format; raises `msgspec.ValidationError` or `msgspec.DecodeError`."""
    event: Event = _decoder.decode(data)
    return event


def encode_frame(cursor: str, items: Sequence[JournalItem], format: Format) -> bytes:
    """Encode `{"cursor": …, "events": […]}`, the message of every live surface."""
    if format == "compact":
        events: list[object] = [item.compact() if isinstance(item, Delta) else item for item in items]
    else:
        events = [item.event() if isinstance(item, Delta) else item for item in items]
    return b'{"cursor":"%b","events":%b}' % (cursor.encode("ascii"), _encode(events))


def json_schema() -> dict[str, Any]:
    """Give the JSON Schema of one event of the `full` format, with `$defs`."""
    (schema,), definitions = msgspec.json.schema_components([WireEvent], ref_template="#/$defs/{name}")
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema, "$defs": definitions}
