"""Runs: list, get, replay, cancel, retry."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from flock.cursor import Cursor
from flock.events import StreamState
from flock.runs import starts_of
from flock.selection import Selection
from flock.server.api_route import ApiRoute
from flock.server.backend import Backend
from flock.server.documentation import CancelBody, EventPage, RunBody, RunPage, described, errors
from flock.server.holder import Asker
from flock.server.json_response import Json
from flock.server.paging import (
    Blank,
    InOrder,
    Limit,
    PageCursor,
    ReplayCursor,
    ReplayLimit,
    Values,
    chosen,
    page_of_runs,
)
from flock.server.refusals import ConflictError
from flock.server.replay import replay
from flock.server.scopes import needs

States = Annotated[list[StreamState], Query(default_factory=list, description="May be repeated: any of them")]


def runs_router(backend: Backend) -> APIRouter:
    """Make the routes."""
    router = APIRouter(prefix="/runs", tags=["runs"], route_class=ApiRoute)
    _add_reading(router, backend)
    _add_control(router, backend)
    return router


def _add_reading(router: APIRouter, backend: Backend) -> None:
    @router.get("", responses=described(200, RunPage, "A page") | errors(400))
    async def list_runs(
        *,
        asker: Asker,
        agent: Values,
        state: States,
        correlation_id: Annotated[UUID | None, Blank] = None,
        order: InOrder = "oldest",
        limit: Limit = 100,
        cursor: PageCursor = None,
    ) -> Json:
        """List running runs and the last finished ones."""
        agents, states = chosen(agent), frozenset(state)
        runs = [
            run
            for run in backend.runs.all(seen_by=asker)
            if (not agents or run.agent_name in agents)
            and (not states or run.state in states)
            and (correlation_id is None or run.correlation_id == correlation_id)
        ]
        page, following = page_of_runs(runs, limit=limit, cursor=cursor, order=order)
        return Json({"items": [run.to_wire() for run in page], "next": following})

    @router.get("/{run_id}", responses=described(200, RunBody, "The run") | errors(404))
    async def get_run(run_id: str, asker: Asker) -> Json:
        """Get one run."""
        return Json(backend.runs.get(run_id, seen_by=asker).to_wire())

    @router.get("/{run_id}/events", responses=described(200, EventPage, "A page") | errors(400, 404))
    async def replay_run(run_id: str, asker: Asker, limit: ReplayLimit = 1000, cursor: ReplayCursor = None) -> Json:
        """Read a run's events again; what the journal no longer holds is a gap and a snapshot."""
        run = backend.runs.get(run_id, seen_by=asker)
        place = Cursor.parse(cursor) if cursor is not None else None
        selection = Selection.of(run_id=[run_id], seen_by=asker)
        page = await replay(backend.streams.journal, selection, cursor=place, limit=limit, starts=starts_of([run]))
        return Json(page.to_wire())


def _add_control(router: APIRouter, backend: Backend) -> None:
    @router.post(
        "/{run_id}/cancel",
        status_code=202,
        openapi_extra=needs("admin"),
        responses=described(202, CancelBody, "It is being cancelled")
        | described(200, CancelBody, "It had ended already")
        | errors(400, 404),
    )
    async def cancel_run(run_id: str, asker: Asker) -> Json:
        """Cancel a run; its model's connection is closed, its stream ends as cancelled."""
        run = backend.runs.get(run_id, seen_by=asker)
        is_cancelled = backend.cancel(run_id)
        return Json({**run.to_wire(), "cancelled": is_cancelled}, status_code=202 if is_cancelled else 200)

    @router.post(
        "/{run_id}/retry",
        status_code=202,
        openapi_extra=needs("admin"),
        responses=described(202, RunBody, "The new run") | errors(400, 404, 409, 503),
    )
    async def retry_run(run_id: str, asker: Asker) -> Json:
        """Run a finished run's agent again on the same inputs."""
        run = backend.runs.get(run_id, seen_by=asker)
        if not run.is_finished:
            raise ConflictError(f"Run {run_id} is still {run.state}.", hint="Cancel it first, or wait for its end.")
        return Json(backend.retry(run_id).to_wire(), status_code=202)
