"""The accumulated text of one stream, so that whoever joins late gets all of it."""

from dataclasses import dataclass

from flock.errors import OutputError
from flock.events import Admission, Channel, FieldText, Outcome, Snapshot, Stream, StreamState, artifact_id
from flock.growing_text import GrowingText

CHANNEL_BYTES = 320
"""What a channel costs in memory beside its text: a field's name, and its place in each table that knows it."""


class Transcript:
    """State and text of one stream. Only the journal changes it.

    `channels` holds the text of the current attempt as UTF-8, which only grows: any earlier state is a prefix of it.
    `text_bytes` is how much that is, `extra_bytes` what the transcript costs in memory beside it.
    """

    __slots__ = (
        "activated_at",
        "attempt",
        "channels",
        "decision",
        "ended_at",
        "extra_bytes",
        "first_offset",
        "first_token_at",
        "next_sequence",
        "outcome",
        "reason",
        "started_at",
        "state",
        "stream",
        "text_bytes",
    )

    def __init__(self, stream: Stream, *, started_at: float, first_offset: int) -> None:
        self.stream = stream
        self.first_offset = first_offset
        self.started_at = started_at
        self.activated_at: float | None = None
        self.first_token_at: float | None = None
        self.ended_at: float | None = None
        self.reason: str | None = None
        self.attempt = 1
        self.next_sequence = 0
        self.state: StreamState = "queued"
        self.decision: Admission | None = None
        self.outcome: Outcome | None = None
        self.channels: dict[Channel, GrowingText] = {}
        self.text_bytes = 0
        self.extra_bytes = 0

    @property
    def size(self) -> int:
        """What it costs in memory."""
        return self.text_bytes + self.extra_bytes

    def mark(self) -> "Mark":
        """Note where the stream stands now, without copying its text."""
        return Mark(
            stream=self.stream,
            attempt=self.attempt,
            next_sequence=self.next_sequence,
            state=self.state,
            decision=self.decision,
            reason=self.reason,
            started_at=self.started_at,
            activated_at=self.activated_at,
            first_token_at=self.first_token_at,
            ended_at=self.ended_at,
            outcome=self.outcome,
            size=self.size,
            texts=tuple((channel, text, len(text)) for channel, text in self.channels.items()),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """Where a stream stood at one offset. Its text is read when the snapshot is made.

    `size` is about how large the snapshot will be, in bytes.
    """

    stream: Stream
    attempt: int
    next_sequence: int
    state: StreamState
    decision: Admission | None
    reason: str | None
    started_at: float
    activated_at: float | None
    first_token_at: float | None
    ended_at: float | None
    outcome: Outcome | None
    size: int
    texts: tuple[tuple[Channel, GrowingText, int], ...]

    def snapshot(self) -> Snapshot:
        """Make the snapshot event as of this mark."""
        stream = self.stream
        return Snapshot(
            correlation_id=stream.correlation_id,
            agent_name=stream.agent_name,
            run_id=stream.run_id,
            stream=stream.number,
            artifacts=stream.artifacts,
            inputs=stream.inputs,
            engine=stream.engine,
            model=stream.model,
            simulated=stream.simulated,
            priority=stream.priority,
            decision=self.decision,
            reason=self.reason,
            state=self.state,
            started_at=self.started_at,
            activated_at=self.activated_at,
            first_token_at=self.first_token_at,
            ended_at=self.ended_at,
            attempt=self.attempt,
            next_sequence=self.next_sequence,
            fields=tuple(_field(stream, channel, text, length) for channel, text, length in self.texts),
            outcome=self.outcome,
        )


def channel_size(stream: Stream, channel: Channel) -> int:
    """Give what a new channel of this stream costs in memory.

    Raises `OutputError` for one that no viewer could be shown.
    """
    if channel.artifact is not None and not 0 <= channel.artifact < len(stream.artifacts):
        raise OutputError(
            f"Run {stream.run_id} of {stream.agent_name!r} writes to artifact {channel.artifact}, "
            f"but publishes {len(stream.artifacts)}.",
            hint="Count the artifacts from 0, in the order of `publishes`.",
        )
    try:
        return CHANNEL_BYTES + len((channel.field or "").encode())
    except UnicodeEncodeError as exc:
        raise OutputError(f"The field name {channel.field!r} is not valid Unicode.") from exc


def _field(stream: Stream, channel: Channel, text: GrowingText, length: int) -> FieldText:
    return FieldText(
        output_type=channel.output_type,
        field=channel.field,
        kind=channel.kind,
        step=channel.step,
        artifact_id=artifact_id(stream, channel),
        text=text.decode(length),
    )
