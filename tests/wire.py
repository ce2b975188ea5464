"""Reads frames of either format as a client does: with nothing but what earlier frames said."""

from typing import Any

import msgspec

from flock.cursor import Cursor
from flock.events import (
    AttemptStarted,
    Event,
    Format,
    Gap,
    Snapshot,
    Stream,
    StreamingOutputEvent,
    StreamStarted,
    decode_event,
)


class WireFrame(msgspec.Struct, forbid_unknown_fields=True):
    """A frame as it comes; its events are read one by one."""

    cursor: str
    events: list[msgspec.Raw]


class Wire:
    """One viewer's knowledge of streams. Deltas of the compact format become events without a time."""

    def __init__(self, format: Format = "full") -> None:
        self._format = format
        self._streams: dict[int, Stream] = {}
        self._attempts: dict[str, int] = {}

    def read(self, message: str | bytes) -> tuple[Cursor, list[Event]]:
        """Read a frame; raises `AssertionError` for a delta of a stream nobody told of."""
        frame = msgspec.json.decode(message, type=WireFrame)
        return Cursor.parse(frame.cursor), [self._event(bytes(event)) for event in frame.events]

    def _event(self, data: bytes) -> Event:
        if data.startswith(b"["):
            assert self._format == "compact", "an array among the events of the full format"
            array = msgspec.json.decode(data)
            stream = self._streams.get(array[0])
            assert stream is not None, f"a delta of stream {array[0]}, of which nobody told"
            return from_compact(array, self._streams, attempt=self._attempts[stream.run_id])
        event = decode_event(data)
        match event:
            case Gap():
                self._streams.clear()
            case StreamStarted():
                self._learn(event, attempt=1)
            case Snapshot():
                self._learn(event, attempt=event.attempt)
            case AttemptStarted():
                self._attempts[event.run_id] = event.attempt
        return event

    def _learn(self, event: StreamStarted | Snapshot, *, attempt: int) -> None:
        self._streams[event.stream] = Stream(
            number=event.stream,
            correlation_id=event.correlation_id,
            agent_name=event.agent_name,
            run_id=event.run_id,
            artifacts=event.artifacts,
        )
        self._attempts[event.run_id] = attempt


def from_compact(array: list[Any], streams: dict[int, Stream], *, attempt: int) -> StreamingOutputEvent:
    """Read a compact delta as a client does: with what `stream_started` and `attempt_started` said."""
    number, place, sequence, count, text = array
    stream = streams[number]
    if isinstance(place, str):
        place = [place, "llm_token", "text", 1, 0]
    field, output_type, kind, step, artifact = place
    return StreamingOutputEvent(
        timestamp=0.0,
        correlation_id=stream.correlation_id,
        agent_name=stream.agent_name,
        run_id=stream.run_id,
        output_type=output_type,
        content=text,
        sequence=sequence,
        attempt=attempt,
        step=step,
        field=field,
        kind=kind,
        count=count,
        artifact_id=None if artifact is None else stream.artifacts[artifact].artifact_id,
    )
