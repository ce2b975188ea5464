"""What was done once is answered again."""

import asyncio

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import Receive, Scope, Send

from flock.server.holder import Holder, note_holder
from flock.server.idempotency import RUN_ID_HEADER, Answer, Idempotency, IdempotencyKeys
from flock.tokens import SCOPES, Grant
from flock.visibility import OPERATOR


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class Counter:
    """Answers with the number of times it was asked, once its gate is open."""

    def __init__(self, *, status: int = 200, headers: dict[str, str] | None = None) -> None:
        self.count = 0
        self.status = status
        self.headers = headers
        self.gate = asyncio.Event()
        self.gate.set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.count += 1
        text = f"{scope['method']} {scope['path']}?{scope['query_string'].decode()} {self.count} "
        body = await Request(scope, receive).body()
        await self.gate.wait()
        answer: Response = PlainTextResponse(text.encode() + body, status_code=self.status, headers=self.headers)
        await answer(scope, receive, send)


def client(app: Counter, keys: IdempotencyKeys | None = None) -> httpx.AsyncClient:
    guarded = Idempotency(app, keys=keys or IdempotencyKeys(), events_path="/events", exempt=["/exempt"])
    return httpx.AsyncClient(transport=httpx.ASGITransport(guarded), base_url="http://test")


KEY = {"idempotency-key": "one"}


async def test_a_key_that_comes_back_gets_the_first_answer() -> None:
    app = Counter(headers={"x-own": "1"})
    async with client(app) as http:
        first = await http.post("/a?b=c", content=b"body", headers=KEY)
        again = await http.post("/a?b=c", content=b"body", headers=KEY)
        assert first.text == again.text == "POST /a?b=c 1 body"
        assert again.headers["x-own"] == "1"
        assert ("idempotent-replayed" in first.headers, "idempotent-replayed" in again.headers) == (False, True)


async def test_without_a_key_on_exempt_paths_and_for_other_methods_everything_is_done() -> None:
    app = Counter()
    async with client(app) as http:
        for _ in range(2):
            await http.post("/a")
            await http.post("/exempt", headers=KEY)
            await http.get("/a", headers=KEY)
        assert app.count == 6


async def test_a_key_with_another_request_is_refused() -> None:
    app = Counter()
    async with client(app) as http:
        await http.post("/a", content=b"body", headers=KEY)
        for path, content in (("/a", b"other"), ("/b", b"body"), ("/a?b=c", b"body")):
            assert (await http.post(path, content=content, headers=KEY)).status_code == 422
        assert app.count == 1


async def test_a_key_belongs_to_whoever_sent_it() -> None:
    app = Counter()
    holders = [Holder(number, Grant(SCOPES, OPERATOR)) for number in (1, 2)]
    keys = IdempotencyKeys()

    async def ask(holder: Holder, content: bytes) -> httpx.Response:
        async def guarded(scope: Scope, receive: Receive, send: Send) -> None:
            note_holder(scope, holder)
            await Idempotency(app, keys=keys, events_path="/events")(scope, receive, send)

        async with httpx.AsyncClient(transport=httpx.ASGITransport(guarded), base_url="http://test") as http:
            return await http.post("/a", content=content, headers=KEY)

    answers = [await ask(holder, b"body") for holder in (*holders, *holders)]
    assert [answer.text for answer in answers] == ["POST /a? 1 body", "POST /a? 2 body"] * 2
    assert [(await ask(holder, b"other")).status_code for holder in holders] == [422, 422]


async def test_a_second_request_waits_for_the_first() -> None:
    app = Counter()
    app.gate.clear()
    async with client(app) as http:
        asked = [asyncio.create_task(http.post("/a", headers=KEY)) for _ in range(5)]
        while not app.count:
            await asyncio.sleep(0)
        app.gate.set()
        answers = [await task for task in asked]
        assert {answer.text for answer in answers} == {"POST /a? 1 "}
        assert app.count == 1


async def test_a_request_that_broke_off_may_be_tried_again() -> None:
    app = Counter()
    app.gate.clear()
    async with client(app) as http:
        first, second = (asyncio.create_task(http.post("/a", headers=KEY)) for _ in range(2))
        while not app.count:
            await asyncio.sleep(0)
        first.cancel()
        await asyncio.wait([first])
        app.gate.set()
        assert (await second).text == "POST /a? 2 "


@pytest.mark.parametrize("status", [429, 503])
async def test_a_server_that_could_not_now_may_be_asked_again(status: int) -> None:
    app = Counter(status=status)
    async with client(app) as http:
        await http.post("/a", headers=KEY)
        await http.post("/a", headers=KEY)
        assert app.count == 2


async def test_a_streamed_run_is_shown_again_instead_of_being_run_again() -> None:
    app = Counter(headers={RUN_ID_HEADER: "run 1"})
    async with client(app) as http:
        await http.post("/a", content=b"x", headers=KEY)
        assert (await http.post("/a", content=b"x", headers=KEY)).text.startswith("GET /events?run_id=run%201 2")


async def test_a_bad_key_is_refused() -> None:
    async with client(Counter()) as http:
        for key in (b"", b"x" * 256, b"\xff", b"a\tb"):
            assert (await http.post("/a", headers={b"idempotency-key": key})).status_code == 400


def settled(keys: IdempotencyKeys, key: str, size: int = 0) -> None:
    keys.settle(key, keys.begin(key, b""), Answer({}, b"x" * size))


def test_keys_are_forgotten_after_their_time() -> None:
    clock = Clock()
    keys = IdempotencyKeys(ttl_s=10, clock=clock)
    settled(keys, "a", 5)
    keys.begin("working", b"")
    clock.now = 10
    assert keys.find("a") is None
    assert keys.find("working") is not None
    assert (len(keys), keys.size) == (1, 0)


def test_keys_are_bounded_in_number_and_bytes_and_the_least_used_go_first() -> None:
    keys = IdempotencyKeys(max_keys=3, max_bytes=100)
    for key in "abc":
        settled(keys, key, 10)
    keys.find("a")
    settled(keys, "d", 10)
    assert [key for key in "abcd" if keys.find(key)] == ["a", "c", "d"]
    settled(keys, "e", 75)
    assert keys.size <= 100
    assert keys.find("e") is not None
    settled(keys, "f", 101)
    assert keys.find("f") is None


def test_a_request_being_worked_on_is_not_forgotten() -> None:
    keys = IdempotencyKeys(max_keys=1)
    keys.begin("working", b"")
    settled(keys, "a")
    settled(keys, "b")
    assert keys.find("working") is not None
