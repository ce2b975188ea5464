"""Who may ask what, from where: the tables, and an oracle that says the expected answer of every combination.

The routes come from the application itself. What each needs stands in `NEEDS`, and a route that is not there fails.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import product
from typing import Any

from fastapi import FastAPI
from fastapi.routing import iter_route_contexts
from starlette.routing import Route as HttpRoute
from starlette.routing import WebSocketRoute

from flock.server.auth import SESSION_TTL_S, Auth
from flock.server.settings import ServerSettings
from flock.tokens import SCOPES, Token
from tests.backend import TOKEN
from tests.security.asgi import UNFINISHED, HeaderList

PORT = 8000
OURS = f"127.0.0.1:{PORT}"
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE")
MAIN_METHODS = ("GET", "POST")
ODD_METHODS = ("CONNECT", "BREW")
READING = frozenset({"GET", "HEAD"})
PAGES = frozenset({"/", "/docs"})
UNKNOWN = "00000000-0000-4000-8000-000000000000"
OPEN = ""
"""What an open path needs."""

ANY_TOKEN = " "
"""What a route needs that takes any token, whatever its scopes."""

SESSION = "/api/v1/session"

FOR_NO_TENANT = frozenset({"/metrics", "/api/v1/metrics", "/api/v1/viewers"})
"""Paths that tell of everybody's work, and so only who belongs to no tenant."""

ANY_SOCKET = "/{path:path}"
"""What answers WebSockets to paths that are none."""

NEEDS: dict[tuple[str, str], str] = {
    ("GET", "/"): OPEN,
    ("GET", "/app.js"): OPEN,
    ("GET", "/docs"): OPEN,
    ("GET", "/docs.js"): OPEN,
    ("GET", "/flock.css"): OPEN,
    ("GET", "/health"): OPEN,
    ("GET", "/ready"): OPEN,
    ("POST", SESSION): OPEN,
    ("GET", SESSION): ANY_TOKEN,
    ("DELETE", SESSION): ANY_TOKEN,
    ("GET", "/openapi.json"): "read",
    ("GET", "/metrics"): "read",
    ("GET", "/api/v1/agents"): "read",
    ("GET", "/api/v1/agents/{name}"): "read",
    ("POST", "/api/v1/agents/{name}/run"): "publish read",
    ("POST", "/api/v1/artifacts"): "publish",
    ("GET", "/api/v1/artifacts"): "read",
    ("GET", "/api/v1/artifacts/{artifact_id}"): "read",
    ("GET", "/api/v1/correlations/{correlation_id}"): "read",
    ("GET", "/api/v1/correlations/{correlation_id}/events"): "read",
    ("POST", "/api/v1/correlations/{correlation_id}/cancel"): "admin",
    ("GET", "/api/v1/events"): "read",
    ("GET", "/api/v1/joins"): "read",
    ("GET", "/api/v1/metrics"): "read",
    ("GET", "/api/v1/runs"): "read",
    ("GET", "/api/v1/runs/{run_id}"): "read",
    ("GET", "/api/v1/runs/{run_id}/events"): "read",
    ("POST", "/api/v1/runs/{run_id}/cancel"): "admin",
    ("POST", "/api/v1/runs/{run_id}/retry"): "admin",
    ("GET", "/api/v1/types"): "read",
    ("GET", "/api/v1/viewers"): "read",
    ("WEBSOCKET", "/ws"): "read",
    ("WEBSOCKET", ANY_SOCKET): "read",
}
NO_ROUTES = ("/nothing", "/api/v1", "/api/v1/artifacts/", "/docs/", "//", "/health/..%2fapi", "/static/app.js")
TELLS_ITS_TOKEN = "/ws"
"""The WebSocket whose token may come as the first message."""


@dataclass(frozen=True, slots=True)
class Route:
    """One path of the application, with the methods it knows; those of a WebSocket are none."""

    path: str
    methods: frozenset[str]
    takes_body: bool = False
    is_socket: bool = False

    @property
    def asked(self) -> str:
        """A path that fits, and names nothing that exists."""
        return self.path.replace(ANY_SOCKET, "/none").format(
            name="none", run_id="none", artifact_id=UNKNOWN, correlation_id=UNKNOWN
        )

    @property
    def is_open(self) -> bool:
        """Whether the guard lets everybody pass; what needs a token all the same is said by the route."""
        return any(NEEDS.get((method, self.path)) == OPEN for method in self.methods)


def routes(app: FastAPI) -> list[Route]:
    """Give every route of the application, each path once; raises `AssertionError` for a kind nobody has met."""
    found: dict[str, Route] = {}
    for context in iter_route_contexts(app.routes):
        assert isinstance(context.original_route, HttpRoute | WebSocketRoute), f"what is {context.original_route!r}?"
        path = context.path or ""
        before = found.get(path, Route(path, frozenset()))
        body: Any = getattr(context.original_route, "body_field", None)
        found[path] = Route(
            path,
            before.methods | frozenset(context.methods or ()) - {"HEAD"},
            takes_body=before.takes_body or body is not None,
            is_socket=before.is_socket or isinstance(context.original_route, WebSocketRoute),
        )
    return list(found.values())


def unlisted(app: FastAPI) -> set[tuple[str, str]]:
    """Give the methods of routes that `NEEDS` does not know."""
    listed = {(method, route.path) for route in routes(app) for method in route.methods}
    listed |= {("WEBSOCKET", route.path) for route in routes(app) if route.is_socket}
    return listed - NEEDS.keys()


def no_routes() -> list[Route]:
    """Give paths that do not exist."""
    return [Route(path, frozenset()) for path in NO_ROUTES]


@dataclass(frozen=True)
class Host:
    """What the `Host` headers say."""

    name: str
    values: tuple[str, ...]
    is_ours: bool = False

    @property
    def headers(self) -> HeaderList:
        """What is sent."""
        return [("host", value) for value in self.values]


def never(method: str, path: str) -> bool:
    """Refuse nothing."""
    return False


def always(method: str, path: str) -> bool:
    """Refuse everything."""
    return True


def unless_reading(method: str, path: str) -> bool:
    """Refuse what may change something, WebSockets included."""
    return method not in READING


def unless_a_link(method: str, path: str) -> bool:
    """Refuse everything but a page."""
    return method not in READING or path not in PAGES


@dataclass(frozen=True)
class Origin:
    """Which page a request comes from; `{host}` stands for the host it is sent to."""

    name: str
    given: HeaderList
    refuses: Callable[[str, str], bool]

    def headers(self, host: Host) -> HeaderList:
        """Give what is sent."""
        return [(name, value.format(host="".join(host.values[:1]))) for name, value in self.given]


@dataclass(frozen=True)
class Pass:
    """What is shown to come in, and the scopes it gives; None where it is not valid."""

    name: str
    headers: HeaderList
    scopes: frozenset[str] | None = None
    tenant: str | None = None
    message: str | None = None
    """What a WebSocket says first."""

    @property
    def is_in_header(self) -> bool:
        """Whether something claims to be a token, so that none may follow as a message."""
        return any(name == "authorization" for name, _ in self.headers)


GOOD_HOST = Host("ours", (OURS,), True)
HOSTS = (
    GOOD_HOST,
    Host("foreign", ("evil.example",)),
    Host("none", ()),
)
ODD_HOSTS = (
    Host("localhost", ("localhost",), True),
    Host("capitals, another port", ("LOCALHOST:1",), True),
    Host("IPv6", ("[::1]",), True),
    Host("two", (OURS, OURS)),
    Host("ours as a prefix", (f"{OURS}.evil.example",)),
    Host("with a user", (f"evil.example@{OURS}",)),
    Host("an address of this machine", ("127.0.0.2",)),
)
NO_ORIGIN = Origin("none", (), never)
ORIGINS = (
    NO_ORIGIN,
    Origin("ours", [("origin", "http://{host}")], never),
    Origin("foreign", [("origin", "http://evil.example")], unless_reading),
    Origin("null", [("origin", "null")], always),
)
CROSS_SITE = ("sec-fetch-site", "cross-site")
ODD_ORIGINS = (
    Origin("another scheme", [("origin", "https://{host}")], unless_reading),
    Origin("another port", [("origin", "http://{host}1")], unless_reading),
    Origin("empty", [("origin", "")], unless_reading),
    Origin("ours and a foreign one", [("origin", "http://{host}"), ("origin", "http://evil.example")], unless_reading),
    Origin("a fetch of another site", [CROSS_SITE, ("sec-fetch-mode", "cors")], always),
    Origin("an image of another site", [CROSS_SITE, ("sec-fetch-mode", "no-cors")], always),
    Origin("a fetch of another port", [("sec-fetch-site", "same-site"), ("sec-fetch-mode", "no-cors")], always),
    Origin("a fetch of our own page", [("sec-fetch-site", "same-origin"), ("sec-fetch-mode", "cors")], never),
    Origin("an address that was typed", [("sec-fetch-site", "none"), ("sec-fetch-mode", "navigate")], never),
    Origin("a link of another site", [CROSS_SITE, ("sec-fetch-mode", "navigate")], unless_a_link),
)


A_SESSION = "a session"
SCOPED = tuple(
    Token(f"a-token-that-may-{scope}-for-{tenant}", scopes=[scope], tenant=tenant)
    for scope, tenant in product(sorted(SCOPES), (None, "acme"))
)
"""Tokens beside the server's own: one for each scope, with and without a tenant."""


def bearer(token: str) -> HeaderList:
    """Give the header of a program."""
    return [("authorization", f"Bearer {token}")]


class Door:
    """What is shown to an authorisation, good and bad: to a new one in process, or to that of a server."""

    def __init__(self, auth: Auth | None = None, *, port: int = PORT) -> None:
        self.now = 0.0
        self.settings = ServerSettings(port=port, token=TOKEN, tokens=SCOPED, dashboard=True, plain_page=True)
        self.auth = auth or Auth(TOKEN, port=port, tokens=SCOPED, clock=lambda: self.now)
        expired = self._cookie() if auth is None else f"{self.auth.cookie_name}=made-up"
        self.now = SESSION_TTL_S
        session = self._cookie()
        self.no_pass = Pass("none", ())
        self.token = Pass("the token", bearer(TOKEN), SCOPES)
        self.passes = (
            self.no_pass,
            Pass("a wrong token", bearer("wrong")),
            self.token,
            Pass(A_SESSION, [("cookie", session)], SCOPES),
            Pass("a session that is over", [("cookie", expired)]),
        )
        self.odd_passes = (
            *(Pass(token.secret, bearer(token.secret), token.grant.scopes, token.tenant) for token in SCOPED),
            Pass("another scheme", [("authorization", f"Basic {TOKEN}")]),
            Pass("the token in the address", [("referer", f"http://{OURS}/?token={TOKEN}")]),
            Pass("the token as a cookie", [("cookie", f"flock_session_{port}={TOKEN}")]),
            Pass("the session of another port", [("cookie", session.replace(str(port), str(port + 1), 1))]),
            Pass("a session and a wrong token", [("cookie", session), *bearer("wrong")]),
            Pass("the token as the first message", (), message=f'{{"token": "{TOKEN}"}}'),
            Pass("a wrong token as the first message", (), message='{"token": "wrong"}'),
        )

    def _cookie(self) -> str:
        return f"{self.auth.cookie_name}={self.auth.open_session(self.auth.issue_code())}"


@dataclass(frozen=True)
class Cell:
    """One combination."""

    host: Host
    origin: Origin
    method: str
    route: Route
    shown: Pass

    @property
    def headers(self) -> HeaderList:
        """All headers that are sent."""
        return [*self.host.headers, *self.origin.headers(self.host), *self.shown.headers]

    def __str__(self) -> str:
        return f"{self.method} {self.route.path} host={self.host.name} origin={self.origin.name} {self.shown.name}"

    @property
    def signs_out(self) -> bool:
        """Whether it ends the session that others come in with."""
        return self.method == "DELETE" and self.route.path == SESSION and self.shown.name == A_SESSION

    @property
    def is_refused(self) -> bool:
        """Whether the guard of hosts and origins keeps it out."""
        return not self.host.is_ours or self.origin.refuses(self.method, self.route.path)


def status(cell: Cell) -> int:
    """Say how a request is to be answered: what the guards say, outermost first, then the route."""
    route = cell.route
    method = "GET" if cell.method == "HEAD" else cell.method
    if cell.is_refused:
        return 403
    if cell.shown.scopes is None and not route.is_open:
        return 401
    if not route.methods:
        return 404
    if method not in route.methods:
        return 405
    if cell.shown.scopes is None and NEEDS[method, route.path] != OPEN:
        return 401
    if cell.shown.scopes is not None and not cell.shown.scopes.issuperset(NEEDS[method, route.path].split()):
        return 403
    if cell.shown.tenant is not None and route.path in FOR_NO_TENANT:
        return 403
    if route.takes_body and method == "POST":
        return 422
    if method == "DELETE":
        return 204
    return 404 if "{" in route.path else 200


def close_code(cell: Cell) -> int:
    """Say how a WebSocket is to end."""
    if cell.is_refused:
        return 4403
    if cell.shown.scopes is not None and "read" not in cell.shown.scopes:
        return 4406
    if cell.route.path == TELLS_ITS_TOKEN:
        if cell.shown.scopes is not None:
            return UNFINISHED
        if cell.shown.is_in_header:
            return 4401
        return UNFINISHED if TOKEN in (cell.shown.message or TOKEN) else 4401
    return 4400 if cell.shown.scopes is not None else 4401


def whole(door: Door, all_routes: list[Route], methods: tuple[str, ...]) -> Iterator[Cell]:
    """Give every combination of the main rows."""
    for host, origin, method, route, shown in product(HOSTS, ORIGINS, methods, all_routes, door.passes):
        cell = Cell(host, origin, method, route, shown)
        if not cell.signs_out or cell.is_refused:
            yield cell


def odd(door: Door, all_routes: list[Route], methods: tuple[str, ...]) -> Iterator[Cell]:
    """Give every odd row, with good ones in the other dimensions."""
    for method, route in product(methods, all_routes):
        for host in ODD_HOSTS:
            yield Cell(host, NO_ORIGIN, method, route, door.token)
        for origin in ODD_ORIGINS:
            yield Cell(GOOD_HOST, origin, method, route, door.token)
        for shown in door.odd_passes:
            yield Cell(GOOD_HOST, NO_ORIGIN, method, route, shown)


def oddly_asked(door: Door, all_routes: list[Route]) -> Iterator[Cell]:
    """Give the methods that nothing knows."""
    for method, route, shown in product(ODD_METHODS, all_routes, (door.no_pass, door.token)):
        yield Cell(GOOD_HOST, NO_ORIGIN, method, route, shown)
