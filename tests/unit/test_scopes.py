"""Which routes ask for which scopes, and that none can be made that asks for nothing."""

import pytest
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from flock.errors import ConfigurationError
from flock.orchestrator import Flock
from flock.server.api_route import ApiRoute
from flock.server.app import create_app, needed_by_routes
from flock.server.holder import Holder, grant_of, holder_of, note_holder
from flock.server.refusals import AuthError, ScopeError
from flock.server.routes.session import SESSION_PATH
from flock.server.scopes import check_scopes, needs
from flock.server.settings import ServerSettings
from flock.tokens import Scope, Token


async def answer(request: Request) -> Response:
    return PlainTextResponse("x")


def test_a_route_that_changes_something_and_says_nothing_cannot_be_made() -> None:
    router = APIRouter(route_class=ApiRoute)
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        with pytest.raises(ConfigurationError, match=rf"\b{method}\b.* /x does not say which scopes"):
            router.add_api_route("/x", answer, methods=["GET", method])
    router.add_api_route("/x", answer, methods=["POST"], openapi_extra=needs("publish", "read"))
    router.add_api_route("/x", answer, methods=["GET"])
    needed = needed_by_routes(router, "/api", frozenset())
    assert needed == {("POST", "/api/x"): {"publish", "read"}, ("GET", "/api/x"): {"read"}}


def test_a_route_of_another_kind_must_be_an_open_one() -> None:
    router = APIRouter()
    router.add_route("/x", answer, methods=["GET"])
    assert needed_by_routes(router, "", {"/x"}) == {("GET", "/x"): frozenset(), ("HEAD", "/x"): frozenset()}
    with pytest.raises(ConfigurationError, match="asks for no scope"):
        needed_by_routes(router, "", frozenset())


def test_the_application_s_table_says_what_everything_needs() -> None:
    app = create_app(Flock(view=None), ServerSettings(dashboard=True, plain_page=True))
    table: dict[frozenset[Scope], set[str]] = {}
    for (method, path), scopes in app.needed_scopes.items():
        table.setdefault(scopes, set()).add(f"{method} {path}")
    assert {frozenset({"publish"}), frozenset({"publish", "read"}), frozenset({"admin"})} < table.keys()
    assert table[frozenset({"publish"})] == {"POST /api/v1/artifacts"}
    assert table[frozenset({"publish", "read"})] == {"POST /api/v1/agents/{name}/run"}
    assert {route.rpartition("/")[2] for route in table[frozenset({"admin"})]} == {"cancel", "retry"}
    assert all(route.startswith(("GET ", "WEBSOCKET ")) for route in table[frozenset({"read"})])
    for_any_token = {f"GET {SESSION_PATH}", f"DELETE {SESSION_PATH}"}
    assert for_any_token < table[frozenset()]
    opened = {route.partition(" ")[2] for route in table[frozenset()] - for_any_token}
    assert opened == {"/", "/app.js", "/flock.css", "/docs", "/docs.js", "/health", "/ready", SESSION_PATH}


def test_the_document_says_what_each_operation_needs() -> None:
    app = create_app(Flock(view=None), ServerSettings())
    for path, operations in app.openapi()["paths"].items():
        for method, operation in operations.items():
            scopes = sorted(app.needed_scopes[method.upper(), path])
            takes_any = path == SESSION_PATH and method != "post"
            is_closed = bool(scopes) or takes_any
            assert operation["security"] == ([{"token": scopes}, {"session": scopes}] if is_closed else [])


def test_a_grant_needs_all_scopes_and_is_told_what_it_lacks() -> None:
    grant = Token("a-secret-for-reading", scopes=["read"]).grant
    check_scopes(grant, frozenset({"read"}))
    with pytest.raises(ScopeError, match="lacks the scope 'publish'") as raised:
        check_scopes(grant, frozenset({"publish", "read"}))
    assert raised.value.hint == "Take one whose scopes include 'publish'."
    with pytest.raises(ScopeError, match="lacks the scopes 'admin' and 'publish'"):
        check_scopes(grant, frozenset({"publish", "admin"}))
    check_scopes(Token("a-secret-for-admins", scopes=["admin"]).grant, frozenset({"publish", "read", "admin"}))


def test_a_stranger_has_no_grant() -> None:
    holder = Holder(1, Token("a-secret-for-reading").grant)
    scope = {"type": "http"}
    assert holder_of(scope) is None
    for known in (None, holder):
        note_holder(scope, known)
        assert holder_of(scope) is known
    assert grant_of(scope) is holder.grant
    with pytest.raises(AuthError):
        grant_of({"type": "http", "state": {}})
