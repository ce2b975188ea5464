"""Sessions of browsers: open one, ask who it is for, end it."""

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from flock.server.api_route import ApiRoute
from flock.server.auth import SESSION_TTL_S, Auth
from flock.server.backend import Backend
from flock.server.documentation import SessionBody, body_errors, described, errors
from flock.server.holder import Granted
from flock.server.json_response import Json, StrictRoute
from flock.server.scopes import needs
from flock.server.settings import ServerSettings
from flock.version import VERSION

SESSION_PATH = "/api/v1/session"


class SessionRequest(BaseModel):
    """The one-time code of the address a browser was opened with."""

    model_config = ConfigDict(extra="forbid")

    code: str | None = Field(default=None, max_length=200, description="Without one, the token is taken")


def sign_in_router(auth: Auth) -> APIRouter:
    """Make the route that strangers may take."""
    router = APIRouter(tags=["system"], route_class=StrictRoute)

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


def session_router(backend: Backend, settings: ServerSettings, auth: Auth) -> APIRouter:
    """Make the routes for whoever has come in, whatever else the token may do."""
    router = APIRouter(tags=["system"], route_class=ApiRoute)

    @router.get(SESSION_PATH, openapi_extra=needs(), responses=described(200, SessionBody, "Who asks") | errors())
    async def get_session(request: Request, grant: Granted) -> Json:
        """Say what who asks may do and see, and whom they ask."""
        return Json(
            {
                "scopes": sorted(grant.scopes),
                "tenant": grant.identity.tenant,
                "labels": sorted(grant.identity.labels),
                "sees_all": grant.identity.sees_all,
                "can_sign_out": auth.has_session(request),
                "version": VERSION,
                "mode": backend.runtime_mode,
                "dashboard": settings.dashboard,
            }
        )

    @router.delete(SESSION_PATH, status_code=204, response_class=Response, openapi_extra=needs(), responses=errors())
    async def end_session(request: Request) -> Response:
        """Sign out: the session of the cookie is good for nothing any more. A token stays what it is."""
        auth.end_session(request)
        response = Response(status_code=204)
        response.delete_cookie(auth.cookie_name, httponly=True, samesite="strict", secure=_is_encrypted(request))
        return response

    return router


def _is_encrypted(request: Request) -> bool:
    """Whether the browser speaks TLS; behind a proxy that ends it, only the origin of the page tells."""
    return "https" in (request.url.scheme, request.headers.get("origin", "").casefold().partition("://")[0])
