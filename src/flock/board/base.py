"""What every blackboard can do. All stores speak this protocol; the scheduler and the server know no other."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol
from uuid import UUID

from flock.artifacts import Artifact
from flock.errors import InputError
from flock.visibility import OPERATOR, Identity, Visibility

Order = Literal["oldest", "newest"]
"""What a list begins with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """Which artifacts to list. Values of one key are alternatives, keys add up; None or empty means any.

    An artifact made at `since` is listed, one made at `until` is not, and none that `seen_by` may not see, or somebody
    who may see what is `shown_as`. Raises `InputError` for times without a zone.
    """

    type: frozenset[str] = frozenset()
    produced_by: frozenset[str] = frozenset()
    correlation_id: UUID | None = None
    tags: frozenset[str] = frozenset()
    since: datetime | None = None
    until: datetime | None = None
    seen_by: Identity = OPERATOR
    shown_as: Visibility | None = None
    order: Order = "oldest"

    def __post_init__(self) -> None:
        for time in (self.since, self.until):
            if time is not None and time.utcoffset() is None:
                raise InputError(f"The time {time.isoformat()!r} has no zone.", hint="Add an offset, such as +00:00.")


@dataclass(frozen=True, slots=True)
class Page:
    """One page of artifacts, in the order that was asked for, and the cursor of the next page, None at the end."""

    items: tuple[Artifact, ...]
    next: str | None


class Board(Protocol):
    """A blackboard. Publishing is all or none; what is published never changes."""

    async def publish(self, artifacts: Sequence[Artifact]) -> None:
        """Store these artifacts, all or none, in this order, and tell the subscribers."""

    async def get(self, artifact_id: UUID) -> Artifact | None:
        """Give the artifact with this id, None if there is none (any more)."""

    async def query(self, query: Query, *, limit: int = 100, cursor: str | None = None) -> Page:
        """List artifacts in the order of the query; raises `CursorError` for a malformed cursor."""

    def publications(self) -> AsyncIterator[Artifact]:
        """Yield what is published from now on."""

    async def aclose(self) -> None:
        """Release what the store holds."""
