"""Correlations: everything that came of one publication."""

from collections.abc import Sequence
from uuid import UUID

from fastapi import APIRouter

from flock.board.base import Query as BoardQuery
from flock.cursor import Cursor
from flock.errors import UnknownNameError
from flock.runs import RunRecord, starts_of
from flock.selection import Selection
from flock.server.api_route import ApiRoute
from flock.server.backend import Backend
from flock.server.documentation import CancelledRuns, CorrelationBody, EventPage, described, errors
from flock.server.holder import Asker
from flock.server.json_response import Json
from flock.server.paging import Limit, PageCursor, ReplayCursor, ReplayLimit
from flock.server.replay import replay
from flock.server.scopes import needs
from flock.visibility import Identity


def correlations_router(backend: Backend) -> APIRouter:
    """Make the routes."""
    router = APIRouter(prefix="/correlations", tags=["correlations"], route_class=ApiRoute)

    def runs_of(correlation_id: UUID, asker: Identity) -> list[RunRecord]:
        return [run for run in backend.runs.all(seen_by=asker) if run.correlation_id == correlation_id]

    async def check_known(correlation_id: UUID, runs: Sequence[RunRecord], asker: Identity) -> None:
        """Raise `UnknownNameError` where there is nothing of a correlation."""
        query = BoardQuery(correlation_id=correlation_id, seen_by=asker)
        if not runs and not (await backend.board.query(query, limit=1)).items:
            raise _unknown(correlation_id)

    @router.get("/{correlation_id}", responses=described(200, CorrelationBody, "What belongs to it") | errors(400, 404))
    async def get_correlation(
        correlation_id: UUID, asker: Asker, limit: Limit = 1000, cursor: PageCursor = None
    ) -> Json:
        """Get the runs of one correlation, and its artifacts page by page."""
        runs = runs_of(correlation_id, asker)
        query = BoardQuery(correlation_id=correlation_id, seen_by=asker)
        page = await backend.board.query(query, limit=limit, cursor=cursor)
        if not runs and not page.items:
            raise _unknown(correlation_id)
        return Json(
            {
                "correlation_id": str(correlation_id),
                "runs": [run.to_wire() for run in runs],
                "artifacts": [artifact.to_wire() for artifact in page.items],
                "next": page.next,
            }
        )

    @router.get("/{correlation_id}/events", responses=described(200, EventPage, "A page") | errors(400, 404))
    async def replay_correlation(
        correlation_id: UUID, asker: Asker, limit: ReplayLimit = 1000, cursor: ReplayCursor = None
    ) -> Json:
        """Read the events of all its runs again, and its artifacts' publications, in the order they happened.

        What the journal no longer holds is a gap and snapshots.
        """
        runs = runs_of(correlation_id, asker)
        await check_known(correlation_id, runs, asker)
        place = Cursor.parse(cursor) if cursor is not None else None
        selection = Selection.of(correlation_id=[str(correlation_id)], seen_by=asker)
        page = await replay(backend.streams.journal, selection, cursor=place, limit=limit, starts=starts_of(runs))
        return Json(page.to_wire())

    @router.post(
        "/{correlation_id}/cancel",
        status_code=202,
        openapi_extra=needs("admin"),
        responses=described(202, CancelledRuns, "They are being cancelled") | errors(400, 404),
    )
    async def cancel_correlation(correlation_id: UUID, asker: Asker) -> Json:
        """Cancel all unfinished runs of one correlation."""
        runs = runs_of(correlation_id, asker)
        await check_known(correlation_id, runs, asker)
        cancelled = [run.run_id for run in runs if backend.cancel(run.run_id)]
        return Json({"correlation_id": str(correlation_id), "cancelled": cancelled}, status_code=202)

    return router


def _unknown(correlation_id: UUID) -> UnknownNameError:
    return UnknownNameError(f"There is no correlation {str(correlation_id)!r}.", hint="The oldest are forgotten.")
