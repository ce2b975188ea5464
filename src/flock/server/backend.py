"""What the server needs of a flock. `Flock` fulfils it; the server knows no more."""

from collections.abc import Mapping, Sequence
from typing import Protocol
from uuid import UUID

from flock.agent import Agent
from flock.artifacts import Artifact, Publishable
from flock.audience import Audience
from flock.board.base import Board
from flock.events import RuntimeMode
from flock.frames import FrameSource
from flock.redaction import Redactor
from flock.runs import RunLog, RunRecord
from flock.scheduling.joins import PendingJoin
from flock.streams import Streams
from flock.visibility import PUBLIC, Identity, Visibility


class Backend(Protocol):
    """A flock, as its server sees it."""

    @property
    def agents(self) -> Mapping[str, Agent]:
        """All agents by name."""

    @property
    def board(self) -> Board:
        """The blackboard."""

    @property
    def runs(self) -> RunLog:
        """All known runs."""

    @property
    def streams(self) -> Streams:
        """Active and queued streams; `streams.journal` is the journal."""

    @property
    def frames(self) -> FrameSource:
        """Where readers take their frames from."""

    @property
    def audience(self) -> Audience:
        """The attached viewers."""

    @property
    def redactor(self) -> Redactor:
        """Removes secrets from texts for logs and errors."""

    @property
    def runtime_mode(self) -> RuntimeMode:
        """The current mode."""

    @property
    def is_closed(self) -> bool:
        """Whether new work is refused."""

    async def publish_artifact(
        self,
        value: Publishable,
        *,
        correlation_id: UUID | None = None,
        tags: Sequence[str] = (),
        visibility: Visibility = PUBLIC,
    ) -> Artifact:
        """Publish one artifact from outside; raises `InputError` or `ClosedError`."""

    async def start_run(
        self,
        agent_name: str,
        inputs: Sequence[Publishable],
        *,
        correlation_id: UUID | None = None,
        stream: bool | None = None,
        visibility: Visibility = PUBLIC,
    ) -> RunRecord:
        """Start one run of an agent on these inputs, which get this visibility.

        Raises `InputError`, `ConfigurationError` or `ClosedError`.
        """

    async def wait_run(self, run_id: str) -> RunRecord:
        """Return when this run has ended, its final event included."""

    def cancel(self, run_id: str) -> bool:
        """Cancel a run; False if it has ended already. Raises `UnknownNameError`."""

    def pending_joins(self, *, seen_by: Identity) -> Sequence[PendingJoin]:
        """Give the artifacts that wait for their partners, oldest first, of what `seen_by` may see."""

    def retry(self, run_id: str) -> RunRecord:
        """Start a finished run again on the same inputs; raises `InputError` while it has not ended."""
