"""The blackboard as one run sees it."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from uuid import UUID

from flock.artifacts import Artifact
from flock.board.base import Board, Page, Query
from flock.visibility import Identity, Visibility


class BoardView:
    """A board without what `identity` may not see: there it is as if it did not exist.

    Nor is there what somebody may not see to whom the run's output is `shown_as` this: a run that reads nothing else
    can give nothing away.
    """

    def __init__(self, board: Board, identity: Identity, *, shown_as: Visibility) -> None:
        self._board = board
        self._identity = identity
        self._shown_as = shown_as

    async def publish(self, artifacts: Sequence[Artifact]) -> None:
        """Store these artifacts, all or none, in this order, and tell the subscribers."""
        await self._board.publish(artifacts)

    async def get(self, artifact_id: UUID) -> Artifact | None:
        """Give the artifact with this id, None if there is none (any more) to be seen."""
        artifact = await self._board.get(artifact_id)
        return artifact if artifact is not None and self._shows(artifact) else None

    async def query(self, query: Query, *, limit: int = 100, cursor: str | None = None) -> Page:
        """List what can be seen, in the order of the query; raises `CursorError` for a malformed cursor."""
        return await self._board.query(
            replace(query, seen_by=self._identity, shown_as=self._shown_as), limit=limit, cursor=cursor
        )

    def publications(self) -> AsyncIterator[Artifact]:
        """Yield what is published from now on and can be seen when it is."""
        return self._seen(self._board.publications())

    async def aclose(self) -> None:
        """Release nothing: the board belongs to the flock."""

    async def _seen(self, publications: AsyncIterator[Artifact]) -> AsyncIterator[Artifact]:
        async for artifact in publications:
            if self._shows(artifact):
                yield artifact

    def _shows(self, artifact: Artifact) -> bool:
        return artifact.is_seen_by(self._identity) and artifact.may_be_shown_as(self._shown_as)
