"""Who may come in: token, session and code. The matrix over all routes is in `tests/security/test_matrix.py`."""

import logging

import httpx
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from flock.errors import ServingError
from flock.server.app import create_app
from flock.server.auth import Auth
from flock.server.settings import ServerSettings
from tests.backend import TOKEN, Served, served


async def answer(site: Served, method: str, path: str, headers: dict[str, str]) -> httpx.Response:
    """Ask with these headers only, and read no more than the head: some answers never end."""
    request = httpx.Request(method, f"{site.server.url}{path}", headers=headers)
    response = await site.http.send(request, stream=True)
    await response.aclose()
    return response


async def close_code(
    site: Served, headers: dict[str, str], *, host: str | None = None, origin: str | None = None
) -> int:
    """Connect a WebSocket; gives the code it is closed with, 0 where it is let in."""
    headers = {**headers, **({"origin": origin} if origin else {})}
    url = site.ws_url() if host is None else site.ws_url().replace(f"127.0.0.1:{site.server.port}", host)
    async with connect(url, host="127.0.0.1", port=site.server.port, additional_headers=headers, proxy=None) as socket:
        try:
            await socket.recv()
        except ConnectionClosed:
            return int(socket.close_code or 0)
        return 0


async def test_an_answer_says_how_to_come_in() -> None:
    async with served() as site:
        async with httpx.AsyncClient(trust_env=False) as http:
            response = await http.get(f"{site.server.url}/api/v1/agents?token={TOKEN}")
        assert response.status_code == 401
        assert response.headers["www-authenticate"] == "Bearer"
        hint = response.json()["error"]["hint"]
        assert all(word in hint for word in ("Authorization: Bearer", "log", "FLOCK_TOKEN"))
        assert TOKEN not in response.text


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:80", "127.0.0.1", "127.0.0.1:1234", "[::1]", "[::1]:80"])
async def test_this_machine_s_names_are_answered_on_any_port(host: str) -> None:
    async with served() as site:
        assert (await answer(site, "GET", "/api/v1/agents", {**site.headers, "host": host})).status_code == 200
        assert await close_code(site, site.headers, host=host) == 0


@pytest.mark.default(3)
async def test_further_hosts_and_origins_are_taken_where_they_are_configured() -> None:
    async with served(allowed_hosts=("flock.example",), allowed_origins=("https://flock.example",)) as site:
        headers = {**site.headers, "host": "flock.example", "origin": "https://flock.example"}
        assert (await answer(site, "POST", "/api/v1/runs/none/cancel", headers)).status_code == 404
        headers["origin"] = "http://flock.example:1"
        assert (await answer(site, "POST", "/api/v1/runs/none/cancel", headers)).status_code == 403


@pytest.mark.default(2)
async def test_a_code_opens_one_session_once() -> None:
    async with served(dashboard=True) as site, httpx.AsyncClient(base_url=site.server.url, trust_env=False) as http:
        code = site.server.browser_url().partition("#code=")[2]
        response = await http.post("/api/v1/session", json={"code": code})
        assert response.status_code == 204
        cookie = response.headers["set-cookie"]
        assert cookie.startswith(f"flock_session_{site.server.port}=")
        assert {"HttpOnly", "SameSite=strict", "Path=/"} <= set(cookie.split("; "))
        assert TOKEN not in cookie
        assert code not in cookie
        assert (await http.get("/api/v1/agents")).status_code == 200
        assert await close_code(site, {"cookie": cookie.partition(";")[0]}) == 0
        again = await http.post("/api/v1/session", json={"code": code})
        assert (again.status_code, again.json()["error"]["code"]) == (401, "FLK-AUTH")
        assert (await http.get("/api/v1/agents", headers={"authorization": "Bearer wrong"})).status_code == 401


async def test_a_session_of_a_page_that_came_encrypted_is_sent_encrypted_only() -> None:
    async with served(allowed_hosts=("flock.example",), allowed_origins=("https://flock.example",)) as site:
        for host, is_secure in (("https://flock.example", True), (site.server.url, False)):
            headers = {**site.headers, "host": host.partition("://")[2], "origin": host}
            response = await site.http.post(f"{site.server.url}/api/v1/session", json={}, headers=headers)
            assert response.status_code == 204
            assert ("Secure" in response.headers["set-cookie"].split("; ")) == is_secure


@pytest.mark.default(2)
async def test_the_token_opens_a_session_too_and_nothing_else_does() -> None:
    async with served() as site, httpx.AsyncClient(base_url=site.server.url, trust_env=False) as http:
        for headers in ({}, {"authorization": "Bearer wrong"}):
            assert (await http.post("/api/v1/session", json={}, headers=headers)).status_code == 401
        assert (await http.post("/api/v1/session", json={"code": "wrong"}, headers=site.headers)).status_code == 401
        assert (await http.post("/api/v1/session", json={}, headers=site.headers)).status_code == 204
        assert (await http.get("/api/v1/agents")).status_code == 200


@pytest.mark.default(2)
async def test_who_signs_out_is_a_stranger_again() -> None:
    async with served() as site, httpx.AsyncClient(base_url=site.server.url, trust_env=False) as http:
        assert (await http.get("/api/v1/session")).status_code == 401
        assert (await http.delete("/api/v1/session")).status_code == 401
        for other in (True, False):
            assert (await http.post("/api/v1/session", json={}, headers=site.headers)).status_code == 204
            if other:
                kept = dict(http.cookies)
                http.cookies.clear()
        told = (await http.get("/api/v1/session")).json()
        assert (told["scopes"], told["can_sign_out"]) == (["admin", "publish", "read"], True)
        session = dict(http.cookies)
        answer = await http.delete("/api/v1/session")
        assert answer.status_code == 204
        assert {"Max-Age=0", "HttpOnly", "SameSite=strict"} <= set(answer.headers["set-cookie"].split("; "))
        assert not http.cookies
        for cookies, status in ((session, 401), (kept, 200)):
            http.cookies.update(cookies)
            assert (await http.get("/api/v1/session")).status_code == status
            http.cookies.clear()
        assert (await http.delete("/api/v1/session", headers=site.headers)).status_code == 204
        assert (await http.get("/api/v1/agents", headers=site.headers)).status_code == 200


async def test_a_session_is_not_given_again_to_who_knows_an_idempotency_key() -> None:
    async with served() as site, httpx.AsyncClient(base_url=site.server.url, trust_env=False) as http:
        key = {"idempotency-key": "one"}
        code = site.server.browser_url().partition("#code=")[2]
        assert (await http.post("/api/v1/session", json={"code": code}, headers=key)).status_code == 204
        assert (await http.post("/api/v1/session", json={"code": code}, headers=key)).status_code == 401


@pytest.mark.default(1)
async def test_without_authorisation_everybody_comes_in_but_no_other_site(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        async with served(token=None, insecure_no_auth=True, dashboard=True) as site:
            assert "without authorisation" in caplog.text
            assert site.server.token is None
            assert "code" not in site.server.browser_url()
            assert (await answer(site, "GET", "/api/v1/agents", {})).status_code == 200
            assert (await answer(site, "POST", "/api/v1/session", {})).status_code in (204, 422)
            assert await close_code(site, {}) == 0
            assert await close_code(site, {"origin": "http://evil.example"}) == 4403
            assert (await answer(site, "GET", "/api/v1/agents", {"host": "evil.example"})).status_code == 403


@pytest.mark.default(2)
async def test_each_process_draws_a_token_where_none_is_given() -> None:
    async with served(token=None) as one, served(token=None) as two:
        assert one.server.token
        assert two.server.token
        assert one.server.token != two.server.token
        app = create_app(one.flock, ServerSettings())
        assert app.title == "flock"
        assert Auth.of(ServerSettings()).token


@pytest.mark.default(1)
@pytest.mark.parametrize("host", ["0.0.0.0", "::", ""])
async def test_a_host_beyond_this_machine_needs_a_token_that_was_given(host: str) -> None:
    with pytest.raises(ServingError, match="no token is set"):
        async with served(token=None, host=host):
            pass
    async with served(host=host) as site:
        assert (await answer(site, "GET", "/health", {})).status_code == 200
        assert (await answer(site, "GET", "/health", {"host": "192.0.2.7:80"})).status_code == 200
        assert (await answer(site, "GET", "/health", {"host": "evil.example"})).status_code == 403
