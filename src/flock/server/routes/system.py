"""The server about itself: health, readiness, metrics."""

from fastapi import APIRouter, FastAPI, Request, Response
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from flock.errors import ClosedError
from flock.server.api_route import ApiRoute
from flock.server.backend import Backend
from flock.server.documentation import StateBody, described, errors
from flock.server.holder import Asker
from flock.server.json_response import Json, StrictRoute
from flock.server.metrics import ServerMetrics
from flock.server.viewers import Viewers

HEALTH_PATH = "/health"
READY_PATH = "/ready"
DOCUMENT_PATH = "/openapi.json"


def figures_router(metrics: ServerMetrics) -> APIRouter:
    """Make the routes that need a token."""
    router = APIRouter(tags=["system"], route_class=ApiRoute)

    @router.get("/metrics", response_class=Response, responses=errors())
    async def show_metrics(asker: Asker) -> Response:
        """Give the metrics in Prometheus' text format. Not for a tenant's token: they are about the whole process."""
        return Response(metrics.render(seen_by=asker), headers={"content-type": CONTENT_TYPE_LATEST})

    @router.get(DOCUMENT_PATH, include_in_schema=False)
    async def show_document(request: Request) -> Json:
        app: FastAPI = request.app
        return Json(app.openapi())

    return router


def open_router(backend: Backend, viewers: Viewers) -> APIRouter:
    """Make the routes that strangers may take."""
    router = APIRouter(tags=["system"], route_class=StrictRoute)

    @router.get(HEALTH_PATH, responses=described(200, StateBody, "The process answers") | errors())
    async def health() -> Json:
        """Say that the process answers. Needs no token."""
        return Json({"status": "ok"})

    @router.get(READY_PATH, responses=described(200, StateBody, "Work is taken") | errors(503))
    async def ready() -> Json:
        """Say whether work is taken. Needs no token."""
        if backend.is_closed or viewers.departure.is_set():
            raise ClosedError("This server is shutting down.")
        return Json({"status": "ready"})

    return router
