"""Hostile requests, frames and bytes: documented errors, a server that lives on, and neighbours that notice nothing."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

import httpx
import pytest
from hypothesis import strategies as st
from pydantic import BaseModel
from websockets.frames import Opcode

from flock.artifacts import flock_type
from flock.orchestrator import Flock
from flock.server import serving
from flock.server.closes import CLOSES, FAULT
from flock.server.guards import SECURITY_HEADERS
from flock.server.websocket import SocketLine
from flock.testing import ScriptedEngine
from tests.backend import TOKEN, Served, ServedIdea, ServedPost, read_socket, served
from tests.clients.raw import RawSocket, raw_socket
from tests.security.fuzz import DOCUMENTS, LEAVES, try_all

BODIES = 150
CONVERSATIONS = 60
REQUESTS = 80
"""How many of each are tried."""

PROTOCOL_CODES = {1000, 1002, 1003, 1007, 1009}
"""What a WebSocket library closes broken frames with."""


@flock_type(name="FuzzedThing")
class FuzzedThing(BaseModel):
    """A type with fields of many kinds."""

    topic: Any = None
    weight: float | None = None
    amount: Decimal | None = None
    when: datetime | None = None
    span: timedelta | None = None
    tags: set[str] | None = None
    raw: bytes | None = None
    type: dict[str, "FuzzedThing"] | None = None


class Neighbour:
    """A viewer that was there before, and is to notice nothing."""

    def __init__(self, site: Served, caplog: pytest.LogCaptureFixture) -> None:
        self.site = site
        self._caplog = caplog

    def check_log(self) -> None:
        """Check that nothing failed that was not foreseen."""
        failures = [record.getMessage() for record in self._caplog.records if record.levelno >= logging.ERROR]
        assert failures == []


@asynccontextmanager
async def neighbourhood(caplog: pytest.LogCaptureFixture) -> AsyncIterator[Neighbour]:
    """Serve a flock that a viewer watches; the viewer still sees what is published when the block ends."""
    flock = Flock(view=None)
    engine = ScriptedEngine(answers=[ServedPost(text="Owls hoot.")])
    flock.agent("writer").consumes(ServedIdea).publishes(ServedPost).engine(engine)
    async with served(flock, token_timeout_s=0.2) as site, site.socket("agent=writer") as socket:
        seen = await read_socket(socket, until="hello")
        neighbour = Neighbour(site, caplog)
        reading = asyncio.create_task(read_socket(socket, until="the end", seen=seen))
        try:
            yield neighbour
        finally:
            reading.cancel()
            await asyncio.wait([reading])
        await flock.run_until_idle()
        before = len(seen.finals())
        await flock.publish(ServedIdea(topic="owls"))
        while not any(event["outcome"]["status"] == "completed" for event in seen.finals()[before:]):
            await read_socket(socket, until="final", seen=seen)
        assert socket.close_code is None
        assert (await site.http.get("/health")).status_code == 200
        neighbour.check_log()


def check_answer(answer: httpx.Response) -> None:
    """Check that an answer is documented: no failure, an error of the one shape, the headers of every answer."""
    assert answer.status_code < 500, answer.text
    assert {name: answer.headers.get(name) for name in SECURITY_HEADERS} == SECURITY_HEADERS
    if answer.status_code >= 400:
        error = json.loads(answer.content)["error"]
        assert error["code"].startswith("FLK-")
        assert error["message"]
        assert len(answer.content) < 20_000, "an error does not send back what it was sent"
    elif "event-stream" not in answer.headers.get("content-type", "") and answer.content:
        json.loads(answer.content.decode())


PATHS = st.sampled_from(["/artifacts"] * 4 + ["/agents/writer/run"] * 4 + ["/session", "/runs/none/cancel"])
TYPES = st.sampled_from(["application/json"] * 6 + ["application/problem+json", "text/plain", "", "\xff", "json/" * 50])
IDEAS = st.sampled_from(LEAVES).map(lambda leaf: f'{{"type": "FuzzedThing", "payload": {{"topic": {leaf}}}}}')
THINGS = st.tuples(
    st.sampled_from(["weight", "amount", "when", "span", "tags", "raw", "type", "topic"]), DOCUMENTS
).map(lambda field: f'{{"type": "FuzzedThing", "payload": {{"{field[0]}": {field[1]}}}}}')
RUNS = THINGS.map(lambda thing: f'{{"inputs": [{thing}]}}')
WRITTEN = st.one_of(DOCUMENTS, IDEAS, THINGS, RUNS).map(lambda text: text.encode("utf-8", "surrogatepass"))
ENCODED = st.one_of(
    WRITTEN,
    st.binary(max_size=50),
    st.sampled_from(
        [b"\xef\xbb\xbf{}", '{"type": 1}'.encode("utf-16"), b'{"type": "\xff"}', b'{"a"\x00: 1}', b"", b"\x1f\x8b"]
    ),
)


async def post_hostile_bodies(caplog: pytest.LogCaptureFixture, *, examples: int) -> None:
    """Post bodies."""
    async with neighbourhood(caplog) as neighbour:

        async def post(request: tuple[str, bytes, str]) -> None:
            path, body, kind = request
            headers = [(b"content-type", kind.encode("latin-1"))]
            answer = await neighbour.site.http.post(f"/api/v1{path}", content=body, headers=headers)
            check_answer(answer)
            neighbour.check_log()

        await try_all(st.tuples(PATHS, ENCODED, TYPES), post, examples=examples)


QUERIES = st.lists(
    st.tuples(
        st.sampled_from(["cursor", "limit", "type", "tag", "since", "correlation_id", "run_id", "state", "format"]),
        st.text(max_size=20) | st.sampled_from(["9" * 400, "-1", "0-0", "\x00", "\ud83d", "x" * 4000, "1e9", "%00"]),
    ),
    max_size=3,
)
READ = st.sampled_from(["/artifacts", "/runs", "/runs/none/events", "/types", "/agents", "/correlations/none"])


async def get_hostile_queries(caplog: pytest.LogCaptureFixture, *, examples: int) -> None:
    """Ask with queries and paths."""
    async with neighbourhood(caplog) as neighbour:

        async def get(request: tuple[str, str, list[tuple[str, str]]]) -> None:
            path, name, query = request
            pairs = [(key, value.encode("utf-8", "surrogatepass")) for key, value in query]
            url = httpx.URL(f"{neighbour.site.server.url}/api/v1{path}").copy_with(params=pairs)
            check_answer(await neighbour.site.http.get(url))
            raw = name.encode("utf-8", "surrogatepass")
            url = neighbour.site.http.base_url.copy_with(raw_path=b"/api/v1/agents/" + quoted(raw))
            check_answer(await neighbour.site.http.get(url))
            neighbour.check_log()

        await try_all(st.tuples(READ, st.text(), QUERIES), get, examples=examples)


def quoted(raw: bytes) -> bytes:
    """Write every byte of a path out."""
    return b"".join(b"%%%02X" % byte for byte in raw) or b"-"


class Said(NamedTuple):
    """One frame of a client, well-formed or not."""

    opcode: int
    data: bytes
    fin: bool = True
    reserved: int = 0
    is_masked: bool = True

    def serialized(self) -> bytes:
        """Give its bytes; the mask is of zeros."""
        mask_bit, mask = (0x80, b"\0\0\0\0") if self.is_masked else (0, b"")
        head = bytes([self.fin << 7 | self.reserved << 4 | self.opcode])
        size = len(self.data)
        if size < 126:
            return head + bytes([mask_bit | size]) + mask + self.data
        if size < 2**16:
            return head + bytes([mask_bit | 126]) + size.to_bytes(2, "big") + mask + self.data
        return head + bytes([mask_bit | 127]) + size.to_bytes(8, "big") + mask + self.data


GREETINGS = st.sampled_from(
    [
        json.dumps({"token": TOKEN}).encode(),
        b'{"token": "wrong"}',
        b'{"token": 1}',
        b'{"token": "\\ud800"}',
        b'{"token": "a", "token": "' + TOKEN.encode() + b'"}',
        b'{"token": "\xff"}',
        b'{"token": "' + b"x" * 60_000 + b'"}',
        b"[" * 30_000,
        b"{}",
        b"null",
        b"",
    ]
)
DATA = st.one_of(GREETINGS, st.binary(max_size=130), DOCUMENTS.map(lambda text: text.encode("utf-8", "surrogatepass")))
RARE: list[list[int]] = [[1] * 4 + [0], [0] * 15 + [1, 4], [1] * 15 + [0]]
"""Whether a frame is the last of its message, its reserved bits, and whether it is masked."""
FRAMES = st.lists(
    st.builds(Said, st.sampled_from([*Opcode] * 3 + [Opcode.TEXT] * 9 + [3, 11]), DATA, *map(st.sampled_from, RARE)),
    min_size=1,
    max_size=4,
)


async def say(socket: RawSocket, frames: list[Said]) -> None:
    """Send frames until the server does not want more of them."""
    try:
        for frame in frames:
            await socket.send(frame.serialized())
        await socket.send_frame(Opcode.CLOSE, b"\x03\xe8")
    except (ConnectionResetError, BrokenPipeError):
        return


async def talk_in_hostile_frames(headers: dict[str, str], caplog: pytest.LogCaptureFixture, *, examples: int) -> None:
    """Speak to the WebSocket."""
    documented = {close.code for close in CLOSES if close is not FAULT} | PROTOCOL_CODES
    async with neighbourhood(caplog) as neighbour:

        async def talk(frames: list[Said]) -> None:
            async with raw_socket(neighbour.site.ws_url(), headers, receive_buffer=2**16) as socket:
                await say(socket, frames)
                async with asyncio.timeout(10):
                    await socket.read_rest()
            assert socket.close_code != FAULT.code
            if not any(frame.opcode == Opcode.CLOSE for frame in frames):  # whose code is given back
                assert socket.close_code in documented | {None}, "what is None was reset or ended without a word"

        await try_all(FRAMES, talk, examples=examples)


LINES = st.sampled_from(
    [
        b"GET /health HTTP/1.1",
        b"GET /ws HTTP/1.1",
        b"POST /api/v1/artifacts HTTP/1.1",
        b"GET http://evil.example/health HTTP/1.1",
        b"GET //evil.example/health HTTP/1.1",
        b"GET /\xff\xfe HTTP/1.1",
        b"GET /%ff%00 HTTP/1.1",
        b"GET /ws?\xc3\xa4 HTTP/1.1",
        b"GET /health HTTP/9.9",
        b"PRI * HTTP/2.0",
        b"\x16\x03\x01",
    ]
)
FIELDS = st.lists(
    st.sampled_from(
        [
            b"Host: 127.0.0.1",
            b"Host: localhost",
            b"Host:",
            b"Host: \xff",
            b"Authorization: Bearer " + TOKEN.encode(),
            b"Authorization: Bearer \xff\xfe",
            b"Authorization:",
            b"Cookie: \xff=\xfe; ;;=",
            b"Origin: \xff",
            b"Upgrade: websocket",
            b"Connection: upgrade",
            b"Sec-WebSocket-Version: 13",
            b"Sec-WebSocket-Version: 99",
            b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
            b"Sec-WebSocket-Key: x",
            b"Sec-WebSocket-Protocol: \xff, ,",
            b"Sec-WebSocket-Extensions: permessage-deflate; x=\xff",
            b"Content-Length: 3",
            b"Content-Length: -3",
            b"Content-Length: 99999999999999999999",
            b"Transfer-Encoding: chunked",
            b"Transfer-Encoding: identity, chunked",
            b"Content-Encoding: gzip",
            b"Idempotency-Key: \xff",
            b"Idempotency-Key: k",
            b"Expect: 100-continue",
            b"X: \x00",
            b" folded",
            b"No colon",
        ]
    ),
    max_size=8,
)
REST = st.sampled_from([b"", b"abc", b"3\r\nabc\r\n0\r\n\r\n", b"zz\r\n", b"\x81\x83abcd", b"\x00" * 100])


async def shout_hostile_bytes(caplog: pytest.LogCaptureFixture, *, examples: int) -> None:
    """Send what may be no HTTP."""
    async with neighbourhood(caplog) as neighbour:

        async def shout(request: tuple[bytes, list[bytes], bytes]) -> None:
            line, fields, rest = request
            reader, writer = await asyncio.open_connection("127.0.0.1", neighbour.site.server.port)
            writer.write(b"\r\n".join([line, *fields, b"Connection: close"]) + b"\r\n\r\n" + rest)
            writer.write_eof()
            async with asyncio.timeout(10):
                answer = await reader.read(2**20)
            writer.close()
            head = answer.partition(b"\r\n\r\n")[0]
            if answer:
                status = int(head.split(b" ", 2)[1])
                assert status < 500, answer
                assert status == 101 or b"default-src 'none'" in head, answer
                assert b"evil.example" not in head
            neighbour.check_log()

        await try_all(st.tuples(LINES, FIELDS, REST), shout, examples=examples)


TOKENS = [{}, {"authorization": f"Bearer {TOKEN}"}]


async def test_hostile_bodies_get_documented_errors(caplog: pytest.LogCaptureFixture) -> None:
    await post_hostile_bodies(caplog, examples=BODIES)


async def test_hostile_queries_and_paths_get_documented_errors(caplog: pytest.LogCaptureFixture) -> None:
    await get_hostile_queries(caplog, examples=REQUESTS)


@pytest.mark.parametrize("headers", TOKENS, ids=["no token", "token"])
async def test_hostile_frames_end_their_own_connection_with_a_documented_code(
    headers: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    await talk_in_hostile_frames(headers, caplog, examples=CONVERSATIONS)


@pytest.mark.parametrize("is_compiled", [True, False])
async def test_hostile_bytes_get_documented_errors_or_no_answer(
    *, is_compiled: bool, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not is_compiled:
        monkeypatch.setattr(serving, "find_spec", lambda name: None)
    await shout_hostile_bytes(caplog, examples=REQUESTS)


async def _fail(*_: object, **__: object) -> None:
    raise LookupError("planted")


async def test_a_planted_failure_is_found(caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Flock, "publish_artifact", _fail)
    with pytest.raises(AssertionError, match="500"):
        await post_hostile_bodies(caplog, examples=BODIES)
    monkeypatch.setattr(SocketLine, "_hear", _fail)
    with pytest.raises(AssertionError, match="1011"):
        await talk_in_hostile_frames(TOKENS[0], caplog, examples=CONVERSATIONS)
