"""Correlations: everything that came of one publication."""

from uuid import UUID

from fastapi import APIRouter

from flock.board.base import Query as BoardQuery
from flock.errors import UnknownNameError
from flock.runs import RunRecord
from flock.server.api_route import ApiRoute
from flock.server.backend import Backend
from flock.server.documentation import CancelledRuns, CorrelationBody, described, errors
from flock.server.holder import Asker
from flock.server.json_response import Json
from flock.server.paging import Limit, PageCursor
from flock.server.scopes import needs
from flock.visibility import Identity


def correlations_router(backend: Backend) -> APIRouter:
    """Make the routes."""
    router = APIRouter(prefix="/correlations", tags=["correlations"], route_class=ApiRoute)

    def runs_of(correlation_id: UUID, asker: Identity) -> list[RunRecord]:
        return [run for run in backend.runs.all(seen_by=asker) if run.correlation_id == correlation_id]

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

    @router.post(
        "/{correlation_id}/cancel",
        status_code=202,
        openapi_extra=needs("admin"),
        responses=described(202, CancelledRuns, "They are being cancelled") | errors(400, 404),
    )
    async def cancel_correlation(correlation_id: UUID, asker: Asker) -> Json:
        """Cancel all unfinished runs of one correlation."""
        runs = runs_of(correlation_id, asker)
        if not runs:
            page = await backend.board.query(BoardQuery(correlation_id=correlation_id, seen_by=asker), limit=1)
            if not page.items:
                raise _unknown(correlation_id)
        cancelled = [run.run_id for run in runs if backend.cancel(run.run_id)]
        return Json({"correlation_id": str(correlation_id), "cancelled": cancelled}, status_code=202)

    return router


def _unknown(correlation_id: UUID) -> UnknownNameError:
    return UnknownNameError(f"There is no correlation {str(correlation_id)!r}.", hint="The oldest are forgotten.")
