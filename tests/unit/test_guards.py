"""What stands before the routes, over an application that answers to everything."""

import asyncio
from typing import Any

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from flock.errors import ServingError
from flock.redaction import Redactor
from flock.server.guards import BodyLimit, Faults, HostGuard, SecurityHeaders, close_reason, with_body
from flock.server.settings import ServerSettings


async def echo(scope: Scope, receive: Receive, send: Send) -> None:
    body = await Request(scope, receive).body()
    await PlainTextResponse(body or b"nothing")(scope, receive, send)


async def ask(app: ASGIApp, method: str = "GET", path: str = "/", **options: Any) -> httpx.Response:
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost:8000") as http:
        return await http.request(method, path, **options)


def hosts(**settings: Any) -> HostGuard:
    return HostGuard(echo, settings=ServerSettings(**settings), pages=["/"])


@pytest.mark.default(3)
@pytest.mark.parametrize(
    ("host", "is_ours"),
    [
        ("localhost", True),
        ("localhost.", True),
        ("localhost:99999", True),
        ("localhost:", False),
        ("localhost:x", False),
        ("user@localhost", False),
        ("localhost/evil", False),
        ("127.0.0.1", True),
        ("127.0.0.2", False),
        ("[::1]", True),
        ("::1", False),
        ("[::1", False),
        ("192.0.2.1", False),
        ("", False),
    ],
)
async def test_hosts_are_taken_by_name(host: str, is_ours: bool) -> None:
    answer = await ask(hosts(), headers={"host": host})
    assert (answer.status_code == 200) == is_ours


async def test_two_hosts_are_none() -> None:
    answer = await ask(hosts(), headers=[("host", "localhost"), ("host", "localhost")])
    assert answer.status_code == 403


@pytest.mark.parametrize(
    ("host", "is_ours"), [("192.0.2.1:80", True), ("[2001:db8::1]", True), ("evil.example", False)]
)
async def test_a_server_on_all_addresses_answers_to_addresses_but_to_no_unknown_name(host: str, is_ours: bool) -> None:
    answer = await ask(hosts(host="0.0.0.0", token="x"), headers={"host": host})
    assert (answer.status_code == 200) == is_ours


@pytest.mark.default(3)
@pytest.mark.parametrize(
    ("host", "origin", "is_ours"),
    [
        ("localhost:8000", "http://localhost:8000", True),
        ("localhost:8000", "HTTP://LOCALHOST:8000", True),
        ("localhost", "http://localhost:80", True),
        ("localhost:80", "http://localhost", True),
        ("localhost:8000", "http://localhost", False),
        ("localhost:8000", "http://localhost:8001", False),
        ("localhost:8000", "https://localhost:8000", False),
        ("localhost:8000", "http://127.0.0.1:8000", False),
        ("localhost:8000", "http://evil.localhost:8000", False),
        ("localhost:8000", "null", False),
        ("localhost:8000", "", False),
        ("localhost:8000", "chrome-extension://abc", False),
    ],
)
async def test_an_origin_must_equal_ours(host: str, origin: str, is_ours: bool) -> None:
    answer = await ask(hosts(), "POST", headers={"host": host, "origin": origin})
    assert (answer.status_code == 200) == is_ours
    if not is_ours:
        assert answer.json()["error"]["code"] == "FLK-ORIGIN"


@pytest.mark.default(3)
@pytest.mark.parametrize(
    ("host", "origin", "is_ours"),
    [
        ("flock.example", "https://flock.example", True),
        ("flock.example", "https://flock.example:443", True),
        ("flock.example:443", "https://flock.example", True),
        ("FLOCK.example", "HTTPS://flock.EXAMPLE", True),
        ("flock.example", "http://flock.example", False),
        ("flock.example", "http://flock.example:80", False),
        ("flock.example:80", "http://flock.example", False),
        ("flock.example:443", "http://flock.example:443", False),
        ("flock.example:8000", "http://flock.example:8000", True),
        ("localhost:8000", "http://localhost:8000", True),
        ("localhost:8000", "https://flock.example", True),
    ],
)
async def test_for_a_host_with_configured_origins_no_other_counts(host: str, origin: str, is_ours: bool) -> None:
    guard = hosts(allowed_hosts="flock.example.", allowed_origins="https://Flock.example:443/")
    answer = await ask(guard, "POST", headers={"host": host, "origin": origin})
    assert (answer.status_code == 200) == is_ours


@pytest.mark.parametrize(
    "host",
    [
        "",
        " ",
        "https://flock.example",
        "flock.example/",
        "flock.example:443",
        "*",
        "*.example",
        "::1",
        "user@a.example",
    ],
)
def test_what_cannot_be_a_host_is_refused_at_the_start(host: str) -> None:
    with pytest.raises(ServingError, match=r"cannot be one of the allowed_hosts.* such as flock\.example\.org"):
        ServerSettings(allowed_hosts=["a.example", host])


@pytest.mark.parametrize(
    "origin",
    [
        "",
        "*",
        "null",
        "flock.example",
        "//flock.example",
        "https://",
        "https://flock.example/page",
        "https://a.example:",
    ],
)
def test_what_cannot_be_an_origin_is_refused_at_the_start(origin: str) -> None:
    with pytest.raises(ServingError, match=r"cannot be one of the allowed_origins.* such as https://flock\."):
        ServerSettings(allowed_origins=["https://a.example", origin])


def test_one_text_is_one_host_and_one_origin() -> None:
    settings = ServerSettings(allowed_hosts="flock.example", allowed_origins="http://[2001:db8::1]:3000")
    assert settings.allowed_hosts == ("flock.example",)
    assert settings.allowed_origins == ("http://[2001:db8::1]:3000",)


async def test_no_origin_is_fine_for_programs() -> None:
    assert (await ask(hosts(), "POST")).status_code == 200


async def test_one_foreign_origin_of_two_is_enough_to_refuse() -> None:
    headers = [("host", "localhost:8000"), ("origin", "http://localhost:8000"), ("origin", "http://evil.example")]
    assert (await ask(hosts(), "POST", headers=headers)).status_code == 403


async def test_a_body_is_taken_in_before_anything_acts_on_it() -> None:
    answer = await ask(BodyLimit(echo, max_bytes=5), "POST", content=b"12345")
    assert (answer.status_code, answer.text) == (200, "12345")
    for declared in ("abc", "-1", "²"):
        answer = await ask(BodyLimit(echo, max_bytes=5), "POST", headers={"content-length": declared.encode()})
        assert answer.status_code == 400
    for declared in ("6", "9" * 30):
        answer = await ask(BodyLimit(echo, max_bytes=5), "POST", headers={"content-length": declared})
        assert answer.status_code == 413
    assert (await ask(BodyLimit(echo, max_bytes=5))).text == "nothing"


async def test_a_body_that_does_not_come_is_not_waited_for() -> None:
    sent: list[Message] = []

    async def receive() -> Message:
        await asyncio.Event().wait()
        return {}

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "POST", "headers": [(b"content-length", b"5")]}
    await BodyLimit(echo, max_bytes=5, timeout_s=0.01)(scope, receive, send)
    assert sent[0]["status"] == 408


async def test_a_client_that_leaves_in_the_middle_of_its_body_starts_nothing() -> None:
    messages: list[Message] = [{"type": "http.request", "body": b"1", "more_body": True}, {"type": "http.disconnect"}]

    async def receive() -> Message:
        return messages.pop(0)

    async def refuse_all(*_: object) -> None:
        raise AssertionError("nothing is to be called")

    scope = {"type": "http", "method": "POST", "headers": [(b"transfer-encoding", b"chunked")]}
    await BodyLimit(refuse_all, max_bytes=5)(scope, receive, refuse_all)


@pytest.mark.default(11)
async def test_an_unforeseen_error_is_logged_without_secrets_and_answered(caplog: pytest.LogCaptureFixture) -> None:
    async def fail(scope: Scope, receive: Receive, send: Send) -> None:
        raise ValueError("the key is a-configured-secret")

    answer = await ask(Faults(fail, redactor=Redactor(["a-configured-secret"])))
    assert answer.status_code == 500
    assert answer.json()["error"]["code"] == "FLK-ERROR"
    assert "configured-secret" not in answer.text + caplog.text
    assert "ValueError" in caplog.text


async def test_a_cancelled_request_is_cancelled_for_its_server_too() -> None:
    task = asyncio.create_task(ask(Faults(hang, redactor=Redactor())))
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait([task])
    assert task.cancelled()


async def hang(scope: Scope, receive: Receive, send: Send) -> None:
    await asyncio.Event().wait()


async def test_an_error_in_a_websocket_closes_it_with_1011() -> None:
    sent: list[Message] = []

    async def fail(scope: Scope, receive: Receive, send: Send) -> None:
        raise ValueError

    async def send(message: Message) -> None:
        sent.append(message)

    await Faults(fail, redactor=Redactor())({"type": "websocket", "path": "/ws"}, asyncio.Event().wait, send)  # type: ignore[arg-type] # never called
    assert [message["type"] for message in sent] == ["websocket.accept", "websocket.close"]
    assert sent[1]["code"] == 1011


async def test_every_answer_has_the_security_headers_and_keeps_its_own() -> None:
    async def cached(scope: Scope, receive: Receive, send: Send) -> None:
        await PlainTextResponse("x", headers={"cache-control": "no-cache"})(scope, receive, send)

    assert (await ask(SecurityHeaders(cached))).headers["cache-control"] == "no-cache"
    answer = await ask(SecurityHeaders(echo))
    assert answer.headers["cache-control"] == "no-store"
    assert "'unsafe" not in answer.headers["content-security-policy"]


async def test_a_body_is_given_again() -> None:
    async def receive() -> Message:
        return {"type": "http.disconnect"}

    again = with_body(b"x", receive)
    assert [(await again())["type"], (await again())["type"]] == ["http.request", "http.disconnect"]


def test_a_reason_fits_a_close_frame() -> None:
    assert close_reason("ä" * 100) == "ä" * 61
    assert close_reason("short \ud800") == "short ?"
