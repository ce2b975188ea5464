"""What stands before every route, as plain ASGI: headers, Host and Origin, authorisation, bodies, faults.

A route gets nothing past these: each denies by default, for HTTP and WebSocket alike.
"""

import asyncio
import logging
import re
import traceback
from collections.abc import Iterable

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from flock.errors import FlockError
from flock.redaction import Redactor
from flock.server.auth import Auth, bearer
from flock.server.closes import FAULT, MALFORMED, NOT_AUTHORISED, OUT_OF_SCOPE, REFUSED, Close, Gone
from flock.server.connection import CONNECTION, Connection
from flock.server.holder import Holder, note_holder
from flock.server.refusals import (
    AuthError,
    BodyTooLargeError,
    MalformedError,
    OriginError,
    RefusedError,
    ScopeError,
    SlowBodyError,
    error_json,
    unauthorised,
)
from flock.server.scopes import READING, check_scopes
from flock.server.settings import ServerSettings, is_address, plain_origin

logger = logging.getLogger(__name__)

BODY_TIMEOUT_S = 30.0
"""How long a request's body may take to arrive."""

FIRST_MESSAGE_PATHS = frozenset({"/ws"})
"""WebSockets that may show their token in their first message."""

SECURITY_HEADERS = {
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
        "frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
    ),
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
}

FOREIGN_SITES = frozenset({"cross-site", "same-site"})
"""What browsers say of pages of another origin; to them another port is the same site, and cookies go there, too."""

_HOST = re.compile(r"(?P<name>\[[0-9a-fA-F:.]+\]|[^\s:/@\[\]]+)(?::[0-9]{1,5})?", re.ASCII)


class SecurityHeaders:
    """Adds the security headers to every response; nothing is cached unless it says so."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.update(SECURITY_HEADERS)
                headers.setdefault("cache-control", "no-store")
            await send(message)

        await self._app(scope, receive, send_with_headers)


class Heads:
    """Answers HEAD as GET without the body, on every path; a response that goes on ends after its headers."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "HEAD":
            await self._app(scope, receive, send)
            return
        is_over = False

        async def send_without_body(message: Message) -> None:
            nonlocal is_over
            if is_over:
                raise Gone
            if message["type"] == "http.response.body":
                is_over = True
                message = {"type": "http.response.body"}
            await send(message)

        await self._app({**scope, "method": "GET"}, receive, send_without_body)


class Faults:
    """The boundary of one request: an unforeseen error is logged without secrets, and touches no other request."""

    def __init__(self, app: ASGIApp, *, redactor: Redactor) -> None:
        self._app = app
        self._redactor = redactor

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = False

        async def noting_send(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self._app(scope, receive, noting_send)
        except asyncio.CancelledError:
            if not isinstance(connection := scope.get("state", {}).get(CONNECTION), Connection):
                raise
            # The task ends here. Its connection does first, or uvicorn would log an answer that is not complete.
            await connection.cut_off()
        except Exception:  # noqa: BLE001 - one request must not take others down
            trace = self._redactor.redact(traceback.format_exc())
            logger.error("%s %r failed\n%s", scope.get("method", "WebSocket"), scope.get("path"), trace)
            if scope["type"] == "websocket":
                await _close(send, FAULT, FAULT.name, is_accepted=started)
            elif not started:
                error = FlockError("The server failed at this request.", hint="Its log says more.")
                await error_json(error)(scope, receive, send)
            else:
                raise RuntimeError("A response broke off; the error is in the log above.") from None


class HostGuard:
    """Refuses what was meant for another host, or comes from another site's page.

    The `Host` must be ours on every route. The `Origin` must equal ours (scheme, host and port) or be a configured one
    on WebSockets and every method but GET, as which HEAD arrives here. Where one is configured for the host that was
    asked, only the configured ones count: a proxy hides the scheme. `Origin: null` and fetches of pages of
    other sites and ports are refused altogether; following a link from elsewhere to one of the `pages` is not a fetch.
    """

    def __init__(self, app: ASGIApp, *, settings: ServerSettings, pages: Iterable[str] = ()) -> None:
        self._app = app
        self._names = settings.host_names
        self._takes_addresses = settings.is_wildcard
        self._origins = settings.origins
        self._proxied = frozenset(origin.partition("://")[2] for origin in settings.origins)
        self._pages = frozenset(pages)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] in ("http", "websocket"):
            error = self._check(scope, Headers(scope=scope))
            if error is not None:
                await refuse(error, scope, receive, send)
                return
        await self._app(scope, receive, send)

    def _check(self, scope: Scope, headers: Headers) -> OriginError | None:
        hosts = headers.getlist("host")
        host = hosts[0].casefold() if len(hosts) == 1 else ""
        if not self._is_ours(host):
            return OriginError(
                f"This server does not answer to the host {host[:100]!r}.",
                hint="Use localhost or the host it serves, or add the name to allowed_hosts.",
            )
        scheme = "https" if scope["scheme"] in ("https", "wss") else "http"
        origins = [origin.casefold() for origin in headers.getlist("origin")]
        is_proxied = host.removesuffix(":80").removesuffix(":443") in self._proxied
        ours = self._origins if is_proxied else self._origins | {plain_origin(f"{scheme}://{host}")}
        known = [plain_origin(origin) in ours for origin in origins]
        is_read = scope["type"] == "http" and scope["method"] == "GET"
        if "null" in origins or (not is_read and not all(known)):
            return OriginError(
                f"Pages of {origins[0][:100]!r} may not use this server.",
                hint="Add the origin to allowed_origins if the page is yours.",
            )
        is_link = is_read and scope["path"] in self._pages and headers.get("sec-fetch-mode") == "navigate"
        is_foreign = headers.get("sec-fetch-site") in FOREIGN_SITES
        if is_foreign and not is_link and not (known and all(known)):
            return OriginError("Pages of other sites may not use this server.")
        return None

    def _is_ours(self, host: str) -> bool:
        match = _HOST.fullmatch(host)
        if match is None:
            return False
        name = match["name"].removesuffix(".")
        return name in self._names or (self._takes_addresses and is_address(name))


class AuthGuard:
    """Lets nobody in without a valid token or session, except to the `open_paths`, and notes who it is.

    Every WebSocket needs the scope `read`. Those of `FIRST_MESSAGE_PATHS` pass where none is in the header, for it may
    come as a message. What else a token may do is said by the routes.
    """

    def __init__(self, app: ASGIApp, *, auth: Auth, open_paths: Iterable[str]) -> None:
        self._app = app
        self._auth = auth
        self._open_paths = frozenset(open_paths)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] in ("http", "websocket"):
            connection = HTTPConnection(scope)
            holder = self._auth.holder(connection)
            note_holder(scope, holder)
            try:
                self._check(connection, holder)
            except RefusedError as error:
                await refuse(error, scope, receive, send)
                return
        await self._app(scope, receive, send)

    def _check(self, connection: HTTPConnection, holder: Holder | None) -> None:
        path, is_socket = connection.scope["path"], connection.scope["type"] == "websocket"
        if holder is not None:
            if is_socket:
                check_scopes(holder.grant, READING)
            return
        is_shown = bearer(connection) is not None
        may_tell = is_socket and not is_shown and path in FIRST_MESSAGE_PATHS
        if not may_tell and (is_socket or path not in self._open_paths):
            raise unauthorised(is_shown=is_shown)


class BodyLimit:
    """Takes in the whole body of a request, up to `max_bytes` and in time, before anything acts on it."""

    def __init__(self, app: ASGIApp, *, max_bytes: int, timeout_s: float = BODY_TIMEOUT_S) -> None:
        self._app = app
        self._max_bytes = max_bytes
        self._timeout_s = timeout_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not _has_body(Headers(scope=scope)):
            await self._app(scope, receive, send)
            return
        try:
            async with asyncio.timeout(self._timeout_s):
                body = await self._read(scope, receive)
        except TimeoutError:
            error = SlowBodyError(f"The body did not arrive within {self._timeout_s:g} s.")
            await refuse(error, scope, receive, send)
        except RefusedError as error:
            await refuse(error, scope, receive, send)
        else:
            if body is not None:
                await self._app(scope, with_body(body, receive), send)

    async def _read(self, scope: Scope, receive: Receive) -> bytes | None:
        """Give the body, None if the client left meanwhile."""
        declared = Headers(scope=scope).get("content-length")
        if declared is not None and not (declared.isascii() and declared.isdecimal()):
            raise MalformedError("The Content-Length is not a number.")
        if declared is not None and len(declared) > 18:
            raise self._too_large()
        if declared is not None and int(declared) > self._max_bytes:
            raise self._too_large()
        body = bytearray()
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                return None
            body += message.get("body", b"")
            if len(body) > self._max_bytes:
                raise self._too_large()
            if not message.get("more_body", False):
                return bytes(body)

    def _too_large(self) -> BodyTooLargeError:
        return BodyTooLargeError(
            f"The body is larger than {self._max_bytes:,} bytes.", hint="Send it in several requests."
        )


async def refuse(error: RefusedError, scope: Scope, receive: Receive, send: Send) -> None:
    """Answer a request with an error; a WebSocket is accepted first, so that browsers see the code."""
    if scope["type"] == "http":
        await error_json(error)(scope, receive, send)
        return
    match error:
        case AuthError():
            close = NOT_AUTHORISED
        case OriginError():
            close = REFUSED
        case ScopeError():
            close = OUT_OF_SCOPE
        case _:
            close = MALFORMED
    await _close(send, close, error.message, is_accepted=False)


def with_body(body: bytes, receive: Receive) -> Receive:
    """Give a `receive` that begins with this body and goes on as the given one."""
    is_given = False

    async def receive_again() -> Message:
        nonlocal is_given
        if is_given:
            return await receive()
        is_given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return receive_again


def close_reason(text: str) -> str:
    """Cut a reason to the 123 bytes a close frame holds."""
    return text.encode("utf-8", "replace")[:123].decode("utf-8", "ignore")


async def _close(send: Send, close: Close, reason: str, *, is_accepted: bool) -> None:
    if not is_accepted:
        await send({"type": "websocket.accept"})
    await send({"type": "websocket.close", "code": close.code, "reason": close_reason(reason)})


def _has_body(headers: Headers) -> bool:
    return "transfer-encoding" in headers or headers.get("content-length", "0") != "0"
