"""The application: routes over a backend, with the guards before them. `serving.Server` runs it."""

from collections.abc import Set as AbstractSet
from typing import Any

from fastapi import APIRouter, FastAPI
from starlette.routing import Route, WebSocketRoute

from flock.errors import ConfigurationError
from flock.server.api_route import ApiRoute
from flock.server.auth import Auth
from flock.server.backend import Backend
from flock.server.documentation import LIVE_TAG, describe_errors, describe_idempotency, describe_security
from flock.server.guards import AuthGuard, BodyLimit, Faults, Heads, HostGuard, SecurityHeaders
from flock.server.idempotency import Idempotency, IdempotencyKeys
from flock.server.live import EVENTS_PATH, live_router
from flock.server.metrics import ServerMetrics
from flock.server.pages import DOCS, HOME, page_files, pages_router
from flock.server.refusals import install_error_handlers
from flock.server.routes.agents import agents_router
from flock.server.routes.artifacts import artifacts_router
from flock.server.routes.correlations import correlations_router
from flock.server.routes.joins import joins_router
from flock.server.routes.metrics import metrics_router
from flock.server.routes.runs import runs_router
from flock.server.routes.session import SESSION_PATH, session_router, sign_in_router
from flock.server.routes.system import HEALTH_PATH, READY_PATH, figures_router, open_router
from flock.server.routes.types import types_router
from flock.server.routes.viewers import viewers_router
from flock.server.scopes import READING
from flock.server.settings import ServerSettings
from flock.server.viewers import Viewers
from flock.sinks.metrics import Meter
from flock.tokens import Scope
from flock.version import VERSION

API_PREFIX = "/api/v1"
ONCE_EXEMPT = frozenset({SESSION_PATH})
"""Paths whose answers are secrets, and so are not kept to be given again."""


NeededScopes = dict[tuple[str, str], frozenset[Scope]]
"""What a token needs for a method of a path: nothing where any token does, and where none is asked for.

Of a WebSocket the method is `WEBSOCKET`.
"""


class Api(FastAPI):
    """The application, whose document tells of the guards before its routes, too."""

    def __init__(self, *, auth: Auth, open_paths: AbstractSet[str], **options: Any) -> None:  # noqa: ANN401 - FastAPI's
        super().__init__(**options)
        self.needed_scopes: NeededScopes = {}
        self._auth = auth
        self._open_paths = open_paths

    def openapi(self) -> dict[str, Any]:
        """Give the document, made once."""
        is_new = self.openapi_schema is None
        document = super().openapi()
        if is_new:
            describe_errors(document)
            describe_idempotency(document, exempt=ONCE_EXEMPT)
            if not self._auth.is_open:
                describe_security(document, cookie_name=self._auth.cookie_name, open_paths=self._open_paths)
        return document


def create_app(
    backend: Backend,
    settings: ServerSettings,
    *,
    auth: Auth | None = None,
    viewers: Viewers | None = None,
    metrics: ServerMetrics | None = None,
    meter: Meter | None = None,
) -> Api:
    """Make the application that serves a flock.

    Live streams need flock's own server under it (`serving.Server`), for no other tells whether a viewer keeps up.
    """
    if auth is None:
        auth = Auth.of(settings)
    if viewers is None:
        viewers = Viewers(max_viewers=settings.max_viewers)
    if metrics is None:
        metrics = ServerMetrics(backend.streams)
    if meter is None:
        meter = Meter(backend.streams)
    pages = page_files(settings)
    open_paths = {HEALTH_PATH, READY_PATH, SESSION_PATH, *pages}
    app = Api(
        auth=auth,
        open_paths=open_paths,
        title="flock",
        version=VERSION,
        openapi_tags=[LIVE_TAG],
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    for router, prefix in (
        (artifacts_router(backend), API_PREFIX),
        (agents_router(backend, settings, viewers), API_PREFIX),
        (runs_router(backend), API_PREFIX),
        (correlations_router(backend), API_PREFIX),
        (joins_router(backend), API_PREFIX),
        (types_router(), API_PREFIX),
        (viewers_router(backend), API_PREFIX),
        (metrics_router(meter), API_PREFIX),
        (live_router(backend, settings, auth, viewers), ""),
        (figures_router(metrics), ""),
        (open_router(backend, viewers), ""),
        (sign_in_router(auth), ""),
        (session_router(backend, settings, auth), ""),
        (pages_router(pages), ""),
    ):
        app.include_router(router, prefix=prefix)
        app.needed_scopes |= needed_by_routes(router, prefix, open_paths)
    install_error_handlers(app, backend.redactor)
    _install_guards(app, backend, settings, auth, open_paths)
    return app


def needed_by_routes(router: APIRouter, prefix: str, open_paths: AbstractSet[str]) -> NeededScopes:
    """Give what each route of a router needs; raises `ConfigurationError` for one that would answer without asking."""
    needed: NeededScopes = {}
    for route in router.routes:
        match route:
            case ApiRoute():
                needed |= {(method, prefix + route.path): route.scopes for method in route.methods or ()}
            case WebSocketRoute():
                needed["WEBSOCKET", prefix + route.path] = READING
            case Route() if prefix + route.path in open_paths:
                needed |= {(method, prefix + route.path): frozenset() for method in route.methods or ()}
            case _:
                raise ConfigurationError(
                    f"{route!r} asks for no scope.", hint="Make it an ApiRoute, or name it among the open paths."
                )
    return needed


def _install_guards(
    app: FastAPI, backend: Backend, settings: ServerSettings, auth: Auth, open_paths: AbstractSet[str]
) -> None:
    """Put the guards before the routes; the last one is the outermost."""
    app.add_middleware(Idempotency, keys=IdempotencyKeys(), events_path=EVENTS_PATH, exempt=ONCE_EXEMPT)
    app.add_middleware(BodyLimit, max_bytes=settings.max_body_bytes)
    app.add_middleware(AuthGuard, auth=auth, open_paths=open_paths)
    app.add_middleware(HostGuard, settings=settings, pages=(HOME, DOCS))
    app.add_middleware(Faults, redactor=backend.redactor)
    app.add_middleware(SecurityHeaders)
    app.add_middleware(Heads)
