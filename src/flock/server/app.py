"""The application: routes over a backend, with the guards before them. `serving.Server` runs it."""

from collections.abc import Set as AbstractSet
from importlib.metadata import version
from typing import Any

from fastapi import FastAPI

from flock.server.auth import Auth
from flock.server.backend import Backend
from flock.server.documentation import LIVE_TAG, describe_idempotency, describe_security
from flock.server.guards import AuthGuard, BodyLimit, Faults, Heads, HostGuard, SecurityHeaders
from flock.server.idempotency import Idempotency, IdempotencyKeys
from flock.server.live import EVENTS_PATH, live_router
from flock.server.metrics import ServerMetrics
from flock.server.pages import DOCS, HOME, page_files, pages_router
from flock.server.refusals import install_error_handlers
from flock.server.routes.agents import agents_router
from flock.server.routes.artifacts import artifacts_router
from flock.server.routes.correlations import correlations_router
from flock.server.routes.runs import runs_router
from flock.server.routes.system import HEALTH_PATH, READY_PATH, SESSION_PATH, system_router
from flock.server.routes.types import types_router
from flock.server.settings import ServerSettings
from flock.server.viewers import Viewers

API_PREFIX = "/api/v1"
ONCE_EXEMPT = frozenset({SESSION_PATH})
"""Paths whose answers are secrets, and so are not kept to be given again."""


class Api(FastAPI):
    """The application, whose document tells of the guards before its routes, too."""

    def __init__(self, *, auth: Auth, open_paths: AbstractSet[str], **options: Any) -> None:  # noqa: ANN401 - FastAPI's
        super().__init__(**options)
        self._auth = auth
        self._open_paths = open_paths

    def openapi(self) -> dict[str, Any]:
        """Give the document, made once."""
        is_new = self.openapi_schema is None
        document = super().openapi()
        if is_new:
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
) -> FastAPI:
    """Make the application that serves a flock.

    Live streams need flock's own server under it (`serving.Server`), for no other tells whether a viewer keeps up.
    """
    if auth is None:
        auth = Auth.of(settings)
    if viewers is None:
        viewers = Viewers(max_viewers=settings.max_viewers)
    if metrics is None:
        metrics = ServerMetrics(backend.streams)
    open_paths = {HEALTH_PATH, READY_PATH, SESSION_PATH, *page_files(dashboard=settings.dashboard)}
    app = Api(
        auth=auth,
        open_paths=open_paths,
        title="flock",
        version=version("flock-streams"),
        openapi_tags=[LIVE_TAG],
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    for router in (
        artifacts_router(backend),
        agents_router(backend, settings, viewers),
        runs_router(backend),
        correlations_router(backend),
        types_router(),
    ):
        app.include_router(router, prefix=API_PREFIX)
    app.include_router(live_router(backend, settings, auth, viewers))
    app.include_router(system_router(backend, auth, viewers, metrics))
    app.include_router(pages_router(dashboard=settings.dashboard))
    install_error_handlers(app, backend.redactor)
    _install_guards(app, backend, settings, auth, open_paths)
    return app


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
