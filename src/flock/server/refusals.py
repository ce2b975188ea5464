"""Errors of HTTP itself, the status of every error, and the one shape they all have on the wire.

FlockError
├── RefusedError              the request never reached the flock
│   ├── MalformedError        400  the body is not JSON, or the idempotency key is none
│   ├── AuthError             401  no token, or a wrong one
│   ├── OriginError           403  the Host or Origin is not ours
│   ├── ScopeError            403  the token may not do this
│   ├── RouteError            404  no such path
│   ├── MethodError           405  the path does not know the method
│   ├── SlowBodyError         408  the body did not arrive in time
│   ├── ConflictError         409  what is asked does not fit the state
│   ├── BodyTooLargeError     413  the body passes its bound
│   ├── MediaTypeError        415  the body is not declared as JSON
│   ├── KeyReuseError         422  an idempotency key came back with another request
│   ├── TooManyViewersError   429  all places of viewers are taken
│   └── HeadersTooLargeError  431  the request's line and headers pass their bound
├── RequestError (PayloadError)            422  a parameter or the body has the wrong shape
└── UnknownInBodyError (UnknownNameError)  422  a name in the body, not in the path, is unknown
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, ClassVar

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.routing import BaseRoute, Match
from starlette.types import Scope

from flock.errors import (
    ClosedError,
    CursorError,
    FlockError,
    InputError,
    OverloadedError,
    PayloadError,
    UnknownNameError,
    error_body,
)
from flock.redaction import Redactor
from flock.server.json_response import Json

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


class RefusedError(FlockError):
    """Base of what HTTP itself refuses."""

    code = "FLK-HTTP"
    status: ClassVar[int] = 400


class MalformedError(RefusedError):
    """Raised when a body cannot be read as JSON."""

    code = "FLK-MALFORMED"


class AuthError(RefusedError):
    """Raised when a request shows no valid token, session or code."""

    code = "FLK-AUTH"
    status = 401


class OriginError(RefusedError):
    """Raised when a request comes for another host, or from another site's page."""

    code = "FLK-ORIGIN"
    status = 403


class ScopeError(RefusedError):
    """Raised when the token of a request lacks a scope, or may not see what is asked for as a whole."""

    code = "FLK-SCOPE"
    status = 403


class RouteError(RefusedError):
    """Raised for a path that does not exist."""

    code = "FLK-ROUTE"
    status = 404


class MethodError(RefusedError):
    """Raised for a method a path does not know."""

    code = "FLK-METHOD"
    status = 405


class SlowBodyError(RefusedError):
    """Raised when a request's body does not arrive in time."""

    code = "FLK-BODY-SLOW"
    status = 408


class ConflictError(RefusedError):
    """Raised when a request does not fit the state of what it is about."""

    code = "FLK-CONFLICT"
    status = 409


class BodyTooLargeError(RefusedError):
    """Raised when a request's body passes its bound."""

    code = "FLK-BODY-SIZE"
    status = 413


class MediaTypeError(RefusedError):
    """Raised when a body is not declared as JSON."""

    code = "FLK-MEDIA-TYPE"
    status = 415


class KeyReuseError(RefusedError):
    """Raised when an idempotency key comes back with another request."""

    code = "FLK-IDEMPOTENCY"
    status = 422


class TooManyViewersError(RefusedError):
    """Raised when all places of viewers are taken."""

    code = "FLK-VIEWERS"
    status = 429


class HeadersTooLargeError(RefusedError):
    """Raised when a request's line and headers pass their bound."""

    code = "FLK-HEADER-SIZE"
    status = 431


class RequestError(PayloadError):
    """Raised when a parameter or the body of a request has the wrong shape."""

    code = "FLK-REQUEST"


class UnknownInBodyError(UnknownNameError):
    """Raised when a name in a body is unknown."""


def unauthorised(*, is_shown: bool = False) -> AuthError:
    """Make the error for a request without a valid token; `is_shown` where it came with one."""
    return AuthError(
        "This token is not valid." if is_shown else "This needs a valid token.",
        hint=(
            "Send `Authorization: Bearer TOKEN`. The server's command printed the token, or its log shows it; "
            "set FLOCK_TOKEN before the start to choose it."
        ),
    )


@contextmanager
def names_in_body() -> Iterator[None]:
    """Make unknown names a fault of the body (422), where the block reads no name of the path (404)."""
    try:
        yield
    except UnknownNameError as exc:
        raise UnknownInBodyError(exc.message, hint=exc.hint) from exc


def status_of(error: FlockError) -> int:
    """Give the HTTP status of an error."""
    match error:
        case RefusedError():
            return error.status
        case CursorError():
            return 400
        case UnknownInBodyError():
            return 422
        case UnknownNameError():
            return 404
        case InputError():
            return 422
        case ClosedError() | OverloadedError():
            return 503
        case _:
            return 500


def error_json(error: FlockError, redactor: Redactor | None = None, **more: Any) -> Json:  # noqa: ANN401 - JSON
    """Make the response `{"error": {"code", "message", "hint"}}`, secrets redacted."""
    body = error_body(error)
    if redactor is not None:
        body["message"] = redactor.redact(error.message)
    headers = {"www-authenticate": "Bearer"} if isinstance(error, AuthError) else None
    return Json({"error": body, **more}, status_code=status_of(error), headers=headers)


def install_error_handlers(app: FastAPI, redactor: Redactor) -> None:
    """Give every error of the application the one shape."""

    async def flock_error(request: Request, error: Exception) -> Json:
        assert isinstance(error, FlockError)
        return error_json(error, redactor)

    async def validation_error(request: Request, error: Exception) -> Json:
        assert isinstance(error, RequestValidationError)
        issues = [
            {"path": ".".join(str(part) for part in issue["loc"]), "message": issue["msg"]} for issue in error.errors()
        ]
        shown = "; ".join(f"{issue['path']}: {issue['message']}" for issue in issues[:5])
        return error_json(RequestError(f"The request does not fit: {shown}.", issues=issues), redactor)

    async def http_error(request: Request, error: Exception) -> Json:
        assert isinstance(error, HTTPException)
        response = error_json(_http_refusal(request, error), redactor)
        response.headers.update(error.headers or {})
        if error.status_code == 405:
            response.headers["allow"] = ", ".join(_methods(request))
        return response

    app.add_exception_handler(FlockError, flock_error)
    app.add_exception_handler(RequestValidationError, validation_error)
    app.add_exception_handler(HTTPException, http_error)


def _http_refusal(request: Request, error: HTTPException) -> RefusedError:
    path = request.url.path
    match error.status_code:
        case 404:
            return RouteError(f"There is nothing at {path!r}.", hint="/openapi.json lists every path.")
        case 405:
            hint = f"It knows {', '.join(_methods(request))}."
            return MethodError(f"{path!r} does not know {request.method}.", hint=hint)
        case 415:
            return MediaTypeError(str(error.detail), hint="Send the header `content-type: application/json`.")
        case _:
            return MalformedError(str(error.detail))


def _methods(request: Request) -> list[str]:
    """Give the methods of a path, whose routes may know one each; HEAD goes wherever GET does."""
    app: FastAPI = request.app
    scopes = {method: {**request.scope, "method": method} for method in METHODS}
    methods = [method for method, scope in scopes.items() if any(_is_full(route, scope) for route in app.routes)]
    return [*methods, "HEAD"] if "GET" in methods else methods


def _is_full(route: BaseRoute, scope: Scope) -> bool:
    match, _ = route.matches(scope)
    return match is Match.FULL
