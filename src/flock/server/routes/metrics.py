"""How the process was doing: the measurements that viewers got, for those who come later."""

import msgspec
from fastapi import APIRouter

from flock.server.api_route import ApiRoute
from flock.server.documentation import MetricsPage, described, errors
from flock.server.holder import Asker
from flock.server.json_response import Json
from flock.server.refusals import ScopeError
from flock.sinks.metrics import Meter


def metrics_router(meter: Meter) -> APIRouter:
    """Make the route."""
    router = APIRouter(prefix="/metrics", tags=["system"], route_class=ApiRoute)

    @router.get("", responses=described(200, MetricsPage, "The oldest first") | errors())
    async def list_metrics(asker: Asker) -> Json:
        """List the `metrics` events of the last 15 minutes: one a second, while somebody watched.

        Not for a tenant's token: they are about the whole process.
        """
        if asker.tenant is not None:
            raise ScopeError("Metrics are about the whole process, not about a tenant.", hint="Take another token.")
        return Json({"items": [msgspec.to_builtins(sample) for sample in meter.history()], "next": None})

    return router
