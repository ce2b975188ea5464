"""Streams and events to test with."""

from collections.abc import Iterable, Sequence

from flock.events import (
    AgentActivated,
    ArtifactSlot,
    Channel,
    Delta,
    Event,
    Outcome,
    Status,
    Stream,
    StreamingOutputEvent,
    StreamStarted,
    wire_events,
)
from flock.journal import Journal
from flock.selection import EVERYTHING, Selection
from flock.transcript import Transcript

BODY = Channel(field="body", artifact=0)
TITLE = Channel(field="title", artifact=0)
SCORE = Channel(field="score", kind="json", artifact=0)
REASONING = Channel("reasoning")
LOG = Channel("log")


def make_stream(
    number: int = 1,
    *,
    run_id: str = "run-1",
    agent_name: str = "writer",
    correlation_id: str = "correlation-1",
    types: Sequence[str] = ("Post",),
) -> Stream:
    """Make the constants of a stream."""
    return Stream(
        number=number,
        correlation_id=correlation_id,
        agent_name=agent_name,
        run_id=run_id,
        artifacts=tuple(ArtifactSlot(artifact_id=f"{run_id}-{name}", type=name) for name in types),
        inputs=("input-1",),
        engine="TestEngine",
        model="demo/writer",
        simulated=True,
        priority="high",
    )


def started(stream: Stream) -> StreamStarted:
    """Make the event that starts a stream."""
    return StreamStarted(
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
    )


def activated(stream: Stream) -> AgentActivated:
    """Make an event of a stream that is no text."""
    return AgentActivated(
        correlation_id=stream.correlation_id, agent_name=stream.agent_name, run_id=stream.run_id, inputs=stream.inputs
    )


def open_stream(
    journal: Journal,
    *,
    run_id: str = "run-1",
    agent_name: str = "writer",
    correlation_id: str = "correlation-1",
    types: Sequence[str] = ("Post",),
) -> Transcript:
    """Open a stream in a journal."""
    stream = make_stream(
        journal.next_stream_number(),
        run_id=run_id,
        agent_name=agent_name,
        correlation_id=correlation_id,
        types=types,
    )
    return journal.open(stream, started(stream))


def close_stream(journal: Journal, transcript: Transcript, status: Status = "completed") -> StreamingOutputEvent:
    """End a stream in a journal; gives its final event."""
    stream = transcript.stream
    outcome = Outcome(status=status, chunks=transcript.next_sequence)
    event = StreamingOutputEvent(
        correlation_id=stream.correlation_id,
        agent_name=stream.agent_name,
        run_id=stream.run_id,
        output_type="log",
        content="",
        sequence=transcript.next_sequence,
        is_final=True,
        attempt=transcript.attempt,
        count=0,
        outcome=outcome,
    )
    journal.close(transcript, event, outcome)
    return event


def write(journal: Journal, transcript: Transcript, *texts: str, channel: Channel = BODY) -> None:
    """Append deltas of one channel."""
    for text in texts:
        journal.append_delta(transcript, channel, text)


def events_of(journal: Journal, after: int = 0, selection: Selection = EVERYTHING) -> list[Event]:
    """Read everything behind an offset, merged as far as it can be."""
    events: list[Event] = []
    while after < journal.head:
        batch = journal.read(after, selection, max_bytes=2**40)
        events += wire_events(batch.items)
        after = batch.end
    return events


def texts_of(items: Iterable[object]) -> list[str]:
    """Give the texts of the deltas among these items."""
    return [item.text for item in items if isinstance(item, Delta)]
