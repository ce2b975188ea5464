"""Says whether a flock is at rest: every stream has ended once, and nobody runs, waits or watches."""

from flock.events import ArtifactPublished, Event, wire_events
from flock.orchestrator import Flock
from tests.validators import SeenStream, check_streams


def all_events(flock: Flock) -> list[Event]:
    """Give everything in the journal, which must reach back to its beginning."""
    events: list[Event] = []
    offset = 0
    while offset < flock.journal.head:
        batch = flock.journal.read(offset)
        events += wire_events(batch.items)
        offset = batch.end
    return events


def check_at_rest(flock: Flock) -> dict[str, SeenStream]:
    """Give the streams of a flock that has nothing left to do; raises `AssertionError` where it has."""
    streams = check_streams(all_events(flock))
    check_idle(flock)
    return streams


def check_idle(flock: Flock) -> None:
    """Raise `AssertionError` where anybody runs, waits or watches."""
    assert flock.active_streams == 0, f"{flock.active_streams} streams are active"
    assert flock.streams.queued == 0, f"{flock.streams.queued} runs wait"
    assert not flock.audience, f"{flock.audience.by_kind()} watch"
    assert not flock.runs.unfinished, f"{flock.runs.unfinished} have not ended"
    assert flock._scheduler.is_idle, "the scheduler is at work"
    turns = vars(flock._scheduler._turns)
    assert not turns["_total"], "a turn is taken"
    assert not turns["_taken"], "an agent's turn is taken"
    assert not turns["_waiting"], "somebody waits for a turn"


async def check_board(flock: Flock) -> None:
    """Insist that what is on the board was announced, and that completed runs published and others did not."""
    artifacts = await flock.list(limit=100_000)
    announced = [event.artifact_id for event in all_events(flock) if isinstance(event, ArtifactPublished)]
    assert sorted(announced) == sorted(str(artifact.id) for artifact in artifacts)
    for run in flock.runs.all():
        assert list(run.artifacts) == [artifact for artifact in artifacts if artifact.run_id == run.run_id]
        assert bool(run.artifacts) == (run.state == "completed"), f"{run.state} with {run.artifacts}"
