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
    _add_reading(router, backend)
    _add_control(router, backend)
    return router


def _add_reading(router: APIRouter, backend: Backend) -> None:
    @router.get("/{correlation_id}", responses=described(200, CorrelationBody, "What belongs to it") | errors(400, 404))
    async def get_correlation(
        correlation_id: UUID, asker: Asker, limit: Limit = 1000, cursor: PageCursor = None
    ) -> Json:
        """Get the runs of one correlation, and its artifacts page by page."""
        runs = _runs_of(backend, correlation_id, asker)
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
        runs = await _known_runs(backend, correlation_id, asker)
        place = Cursor.parse(cursor) if cursor is not None else None
        selection = Selection.of(correlation_id=[str(correlation_id)], seen_by=asker)
        page = await replay(backend.streams.journal, selection, cursor=place, limit=limit, starts=starts_of(runs))
        return Json(page.to_wire())


def _add_control(router: APIRouter, backend: Backend) -> None:
    @router.post(
        "/{correlation_id}/cancel",
        status_code=202,
        openapi_extra=needs("admin"),
        responses=described(202, CancelledRuns, "They are being cancelled") | errors(400, 404),
    )
    async def cancel_correlation(correlation_id: UUID, asker: Asker) -> Json:
        """Cancel all unfinished runs of one correlation."""
        runs = await _known_runs(backend, correlation_id, asker)
        cancelled = [run.run_id for run in runs if backend.cancel(run.run_id)]
        return Json({"correlation_id": str(correlation_id), "cancelled": cancelled}, status_code=202)


def _runs_of(backend: Backend, correlation_id: UUID, asker: Identity) -> Sequence[RunRecord]:
    return [run for run in backend.runs.all(seen_by=asker) if run.correlation_id == correlation_id]


async def _known_runs(backend: Backend, correlation_id: UUID, asker: Identity) -> Sequence[RunRecord]:
    """Give the runs of a correlation; raises `UnknownNameError` where there is nothing of it, no artifact either."""
    runs = _runs_of(backend, correlation_id, asker)
    query = BoardQuery(correlation_id=correlation_id, seen_by=asker)
    if not runs and not (await backend.board.query(query, limit=1)).items:
        raise _unknown(correlation_id)
    return runs


def _unknown(correlation_id: UUID) -> UnknownNameError:
    return UnknownNameError(f"There is no correlation {str(correlation_id)!r}.", hint="The oldest are forgotten.")
