"""Every host, origin, method, route and token, against an oracle: in process all of them, over sockets a sample."""

import random
from collections.abc import Iterable

import httpx
import pytest
from fastapi import FastAPI
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from flock.orchestrator import Flock
from flock.server.app import create_app
from flock.server.guards import SECURITY_HEADERS
from flock.server.holder import SERVER_HOLDER
from flock.server.pages import PageFile, page_files
from flock.server.settings import ServerSettings
from tests.backend import Served, served
from tests.security import matrix
from tests.security.asgi import UNFINISHED, ask, knock
from tests.security.matrix import (
    MAIN_METHODS,
    METHODS,
    Cell,
    Door,
    Route,
    close_code,
    no_routes,
    odd,
    oddly_asked,
    routes,
    status,
    whole,
)

SAMPLE = 150
"""How many cells are tried over real sockets, of each kind."""


def make_app(door: Door) -> FastAPI:
    """Make the application as a server does."""
    return create_app(Flock(view=None), door.settings, auth=door.auth)


async def wrong_answers(app: FastAPI, cells: Iterable[Cell]) -> list[str]:
    """Give the cells whose answer is not the expected one, or lacks what every answer has."""
    wrong: list[str] = []
    for cell in cells:
        answer = await ask(app, cell.method, cell.route.asked, cell.headers)
        expected = status(cell)
        problems = header_problems(httpx.Headers(answer.headers.raw))
        if answer.status != expected:
            problems.append(f"{answer.status} instead of {expected}")
        if answer.status >= 400 and cell.method != "HEAD" and b'"error":{"code":"FLK-' not in answer.body:
            problems.append("an error of another shape")
        wrong += [f"{cell}: {problem}" for problem in problems]
    return wrong


async def wrong_closes(app: FastAPI, cells: Iterable[Cell]) -> list[str]:
    """Give the cells whose WebSocket does not end as expected."""
    wrong: list[str] = []
    for cell in cells:
        said = () if cell.shown.message is None else (cell.shown.message,)
        code = await knock(app, cell.route.asked, cell.headers, *said)
        if code != close_code(cell):
            wrong.append(f"{cell}: {code} instead of {close_code(cell)}")
    return wrong


def header_problems(headers: httpx.Headers) -> list[str]:
    """Say which headers an answer should have, or not have."""
    lacking = [name for name, value in SECURITY_HEADERS.items() if headers.get(name) != value]
    too_many = [name for name in headers if name.startswith("access-control-")]
    return [f"lacks {name}" for name in lacking] + [f"has {name}" for name in too_many]


def all_routes(app: FastAPI) -> list[Route]:
    """Give the routes of an application, and paths that are none."""
    return [*routes(app), *no_routes()]


@pytest.mark.default(2, 3, 4, 10)
async def test_every_request_of_the_matrix_gets_the_expected_answer() -> None:
    door = Door()
    app = make_app(door)
    cells = list(whole(door, all_routes(app), METHODS))
    assert len(cells) > 14_000
    assert await wrong_answers(app, cells) == []


@pytest.mark.default(2, 3, 4, 10)
async def test_every_odd_host_origin_and_token_gets_the_expected_answer() -> None:
    door = Door()
    app = make_app(door)
    assert await wrong_answers(app, odd(door, all_routes(app), MAIN_METHODS)) == []
    assert await wrong_answers(app, oddly_asked(door, all_routes(app))) == []


@pytest.mark.default(2, 3, 4, 10)
async def test_every_websocket_of_the_matrix_ends_as_expected() -> None:
    door = Door()
    app = make_app(door)
    kind = ("WEBSOCKET",)
    assert await wrong_closes(app, whole(door, all_routes(app), kind)) == []
    assert await wrong_closes(app, odd(door, all_routes(app), kind)) == []


def test_every_route_says_what_it_needs() -> None:
    app = make_app(Door())
    assert matrix.unlisted(app) == set()
    assert matrix.NEEDS.keys() == {
        (method, route.path) for route in routes(app) for method in route.methods or ("WEBSOCKET",)
    }


def test_a_route_nobody_listed_is_noticed() -> None:
    app = make_app(Door())
    app.add_api_route("/api/v1/planted", lambda: None, methods=["DELETE"])
    assert matrix.unlisted(app) == {("DELETE", "/api/v1/planted")}


class Leak:
    """A planted bug: answers one path before any guard is asked."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"] == "/api/v1/types" and scope["type"] == "http":
            await PlainTextResponse("secret", headers={"access-control-allow-origin": "*"})(scope, receive, send)
        elif scope["path"] == "/ws" and scope["type"] == "websocket":
            await send({"type": "websocket.accept"})
        else:
            await self._app(scope, receive, send)


async def test_a_planted_route_without_guards_is_found() -> None:
    door = Door()
    app = make_app(door)
    app.add_middleware(Leak)
    found = await wrong_answers(app, whole(door, all_routes(app), ("GET",)))
    assert all("/api/v1/types" in problem for problem in found)
    assert any("200 instead of 401" in problem for problem in found)
    assert any("200 instead of 403" in problem for problem in found)
    assert any("lacks content-security-policy" in problem for problem in found)
    assert any("has access-control-allow-origin" in problem for problem in found)
    assert any("instead of 4403" in problem for problem in await wrong_closes(app, whole(door, routes(app), ("WS",))))


async def test_a_planted_open_path_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    def opened(settings: ServerSettings) -> dict[str, PageFile]:
        return {**page_files(settings), "/metrics": PageFile(b"", "text/plain")}

    monkeypatch.setattr("flock.server.app.page_files", opened)
    monkeypatch.setattr("flock.server.holder.holder_of", lambda scope: SERVER_HOLDER)
    door = Door()
    found = await wrong_answers(make_app(door), whole(door, [Route("/metrics", frozenset({"GET"}))], ("GET",)))
    assert any("200 instead of 401" in problem for problem in found)


async def socket_code(site: Served, cell: Cell) -> int:
    """Open a real WebSocket."""
    headers = [(name, value) for name, value in cell.headers if name != "host"]
    uri = f"ws://{''.join(cell.host.values)}{cell.route.asked}"
    port = site.server.port
    async with connect(uri, host="127.0.0.1", port=port, additional_headers=headers, proxy=None) as socket:
        try:
            await socket.recv()
        except ConnectionClosed:
            return int(socket.close_code or 0)
        return UNFINISHED


async def http_status(site: Served, cell: Cell) -> int:
    """Ask over a real connection, and read no more than the head: some answers never end."""
    request = httpx.Request(cell.method, f"{site.server.url}{cell.route.asked}", headers=list(cell.headers))
    response = await site.http.send(request, stream=True)
    await response.aclose()
    assert header_problems(response.headers) == []
    return response.status_code


@pytest.mark.default(2, 3, 4, 10)
async def test_a_sample_of_the_matrix_gets_the_same_answers_over_sockets() -> None:
    dice = random.Random(3)
    async with served(dashboard=True, plain_page=True, tokens=matrix.SCOPED, token_timeout_s=0.01) as site:
        assert site.server.app is not None
        door = Door(site.server._auth, port=site.server.port)
        cells = list(whole(door, all_routes(site.server.app), METHODS))
        for cell in dice.sample([cell for cell in cells if cell.host.values], SAMPLE):
            assert await http_status(site, cell) == status(cell), str(cell)
        cells = list(whole(door, all_routes(site.server.app), ("WEBSOCKET",)))
        for cell in dice.sample([cell for cell in cells if cell.host.values], SAMPLE):
            expected = close_code(cell)
            if expected == UNFINISHED and cell.shown.scopes is None:
                expected = 4401
            assert await socket_code(site, cell) == expected, str(cell)
