"""Who watches: the attached viewers, and how far each is behind."""

from fastapi import APIRouter

from flock.server.api_route import ApiRoute
from flock.server.backend import Backend
from flock.server.documentation import ViewerList, described, errors
from flock.server.holder import Asker
from flock.server.json_response import Json
from flock.server.paging import Limit
from flock.server.refusals import ScopeError


def viewers_router(backend: Backend) -> APIRouter:
    """Make the route."""
    router = APIRouter(prefix="/viewers", tags=["live"], route_class=ApiRoute)

    @router.get("", responses=described(200, ViewerList, "Those furthest behind first") | errors())
    async def list_viewers(asker: Asker, limit: Limit = 100) -> Json:
        """List the attached viewers. Not for a tenant's token: they are those of the whole process."""
        if asker.tenant is not None:
            raise ScopeError("Viewers are those of the whole process, not of a tenant.", hint="Take another token.")
        attendances = sorted(backend.audience.attendances, key=lambda one: one.reader.lag, reverse=True)
        items = [
            {"kind": one.kind, "lag_events": one.reader.lag, "since": one.since.isoformat()}
            for one in attendances[:limit]
        ]
        return Json({"items": items, "total": len(attendances)})

    return router
