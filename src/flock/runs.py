"""What is known of each run, for lists, retries and questions after the fact."""

from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import msgspec

from flock.artifacts import Artifact
from flock.errors import RunError, UnknownNameError
from flock.events import Outcome, StreamState
from flock.visibility import OPERATOR, PUBLIC, Identity, Visibility, may_see


@dataclass(slots=True, kw_only=True)
class RunRecord:
    """One execution of an agent. `depth` counts the runs that led here; `retry_of` is the run it repeats.

    `state` is where the run stands, from `queued` to how it ended; the `status` of its `outcome` is how it ended.
    `engine`, `model` and `is_simulated` are what the engine said of itself when the run was made, `visibility` says who
    may see the run and its stream. `first_offset` is where the journal's events of the run begin.
    """

    run_id: str
    agent_name: str
    correlation_id: UUID
    inputs: tuple[Artifact, ...]
    engine: str = "none"
    model: str | None = None
    is_simulated: bool = False
    visibility: Visibility = PUBLIC
    first_offset: int | None = None
    depth: int = 0
    retry_of: str | None = None
    requested_stream: bool | None = None
    state: StreamState = "queued"
    created_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    started_at: datetime | None = None
    finished_at: datetime | None = None
    artifacts: tuple[Artifact, ...] = ()
    outcome: Outcome | None = None

    @property
    def is_finished(self) -> bool:
        """Whether the run has ended, in whatever way."""
        return self.state not in ("queued", "running")

    def is_seen_by(self, identity: Identity) -> bool:
        """Whether somebody may see the run."""
        return may_see(identity, self.visibility)

    def to_wire(self) -> dict[str, Any]:
        """Give the JSON form."""
        return {
            "run_id": self.run_id,
            "agent": self.agent_name,
            "correlation_id": str(self.correlation_id),
            "state": self.state,
            "engine": self.engine,
            "model": self.model,
            "simulated": self.is_simulated,
            "inputs": [str(artifact.id) for artifact in self.inputs],
            "artifacts": [str(artifact.id) for artifact in self.artifacts],
            "depth": self.depth,
            "retry_of": self.retry_of,
            "created_at": self.created_at.isoformat(),
            "started_at": self.started_at.isoformat() if self.started_at else None,
            "finished_at": self.finished_at.isoformat() if self.finished_at else None,
            "outcome": msgspec.to_builtins(self.outcome) if self.outcome else None,
        }


def starts_of(runs: Iterable[RunRecord]) -> list[int]:
    """Give the offsets at which the journal's events of these runs begin, of those that have any."""
    return [run.first_offset for run in runs if run.first_offset is not None]


class RunLog:
    """All running runs and the last `max_finished` finished ones."""

    def __init__(self, *, max_finished: int = 1000) -> None:
        self.max_finished = max_finished
        self._unfinished: dict[str, RunRecord] = {}
        self._finished: OrderedDict[str, RunRecord] = OrderedDict()

    def add(self, run: RunRecord) -> None:
        """Take up a new run."""
        self._unfinished[run.run_id] = run

    def finish(self, run: RunRecord, outcome: Outcome) -> None:
        """Note how a run ended; the oldest finished one is forgotten where there are too many."""
        run.outcome = outcome
        run.state = outcome.status
        run.finished_at = datetime.now(UTC)
        self._unfinished.pop(run.run_id, None)
        self._finished[run.run_id] = run
        while len(self._finished) > self.max_finished:
            self._finished.popitem(last=False)

    def get(self, run_id: str, *, seen_by: Identity = OPERATOR) -> RunRecord:
        """Give a run; raises `UnknownNameError`, for one that `seen_by` may not see as for one that is not there."""
        run = self._unfinished.get(run_id) or self._finished.get(run_id)
        if run is None or not run.is_seen_by(seen_by):
            raise UnknownNameError(f"There is no run {run_id!r}.", hint="Finished runs are forgotten after a while.")
        return run

    def all(self, *, seen_by: Identity = OPERATOR) -> Iterable[RunRecord]:
        """Give all known runs that `seen_by` may see, finished ones first, each group oldest first."""
        runs = (*self._finished.values(), *self._unfinished.values())
        return tuple(run for run in runs if run.is_seen_by(seen_by))

    @property
    def unfinished(self) -> Iterable[RunRecord]:
        """The runs that wait or work."""
        return tuple(self._unfinished.values())


def raise_for_outcome(run: RunRecord) -> None:
    """Raise the `RunError` of a run that ended in another way than completed."""
    outcome = run.outcome
    if outcome is None or outcome.status == "completed":
        return
    if outcome.error is None:
        raise RunError(f"Run {run.run_id} of {run.agent_name!r} was {outcome.status}.")
    error = RunError(f"Run {run.run_id} of {run.agent_name!r} {outcome.status}: {outcome.error.message}")
    error.code = outcome.error.code
    raise error
