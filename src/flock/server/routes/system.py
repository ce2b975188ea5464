"""The server about itself: health, readiness, metrics, sessions of browsers."""

from fastapi import APIRouter, FastAPI, Request, Response
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from pydantic import BaseModel, ConfigDict, Field

from flock.errors import ClosedError
from flock.server.api_route import ApiRoute
from flock.server.auth import SESSION_TTL_S, Auth
from flock.server.backend import Backend
from flock.server.documentation import StateBody, body_errors, described, errors
from flock.server.holder import Asker
from flock.server.json_response import Json, StrictRoute
from flock.server.metrics import ServerMetrics
from flock.server.viewers import Viewers

SESSION_PATH = "/api/v1/session"
HEALTH_PATH = "/health"
READY_PATH = "/ready"
DOCUMENT_PATH = "/openapi.json"


class SessionRequest(BaseModel):
    """The one-time code of the address a browser was opened with."""

    model_config = ConfigDict(extra="forbid")

    code: str | None = Field(default=None, max_length=200, description="Without one, the token is taken")


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


def open_router(backend: Backend, auth: Auth, viewers: Viewers) -> APIRouter:
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

    @router.post(SESSION_PATH, status_code=204, response_class=Response, responses=body_errors())
    async def open_session(body: SessionRequest, request: Request) -> Response:
        """Exchange a one-time code, or the token, for a session cookie."""
        response = Response(status_code=204)
        if auth.is_open:
            return response
        session = auth.open_session(body.code) if body.code is not None else auth.open_session_with_token(request)
        response.set_cookie(
            auth.cookie_name,
            session,
            max_age=int(SESSION_TTL_S),
            httponly=True,
            samesite="strict",
            secure=_is_encrypted(request),
        )
        return response

    return router


def _is_encrypted(request: Request) -> bool:
    """Whether the browser speaks TLS; behind a proxy that ends it, only the origin of the page tells."""
    return "https" in (request.url.scheme, request.headers.get("origin", "").casefold().partition("://")[0])
