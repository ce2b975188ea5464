"""Viewers that mean harm: each ends with a documented code, leaves nothing behind, and disturbs no neighbour."""

import asyncio
import gc
import json
import random
import socket
import struct
import sys
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import Any, Literal, get_args
from urllib.parse import quote

import pytest
from uvicorn.protocols.http.httptools_impl import RequestResponseCycle
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

from flock.cursor import NOWHERE, Cursor
from flock.events import Format, Gap, Snapshot
from flock.journal import Journal
from flock.orchestrator import Flock
from flock.server import connection, serving
from flock.server.closes import BROKEN, CLOSES, MALFORMED, NORMAL, STALLED, TOO_LARGE, TOO_MANY
from flock.server.live import EVENTS_PATH
from flock.server.websocket_protocol import SocketConnection, WebSocketProtocol
from tests.backend import TOKEN, Seen, Served, read_socket, served, writing
from tests.clients.raw import RawSocket, raw_socket
from tests.histories import check_history
from tests.leaks import Held, left_behind, no_leaks
from tests.proxy import Proxy
from tests.resuming import ResumingViewer, Surface

STORM = 300
STORM_WIDTH = 30
STORM_PLACES = 12
"""Too few for all who come at once: some are refused."""

STORM_JOURNAL_BYTES = 32 * 2**10
GUST = "gust " * 1000
"""So much that the journal soon has forgotten how the storm began."""

Asked = Literal["anew", "resuming", "lost"]
"""Where a visit of the storm begins: with no cursor, with the last one, or with one that leads nowhere any more."""

Answer = Literal["greeted", "refused", "unheard"]

LAST = "last"
"""The agent whose run a neighbour waits for."""

LINE = "x" * 16_000
SHORT_LINE = "x" * 4_000
"""So short that what waits in the process when the kernel takes no more does not hold the connection's writers."""

LINES = 200
"""More than the buffers between server and viewer take."""


@asynccontextmanager
async def neighbourhood(**settings: Any) -> AsyncIterator[Served]:
    """A served flock with a viewer that sees all text, whatever the block does; it is the only one left behind."""
    async with served(**settings) as site, site.socket() as neighbour:
        seen = await read_socket(neighbour, until="hello")
        reading = asyncio.create_task(_read_to_the_last(neighbour, seen))
        await site.http.get("/health")
        async with no_leaks():
            yield site
        assert len(site.flock.audience) == 1
        with writing(site.flock, LAST) as work:
            work.write("all ", "is ", "well")
        await reading
        assert seen.text(work.run_id) == "all is well"
        for event in seen.finals():
            seen.text(event["run_id"])


async def _read_to_the_last(neighbour: ClientConnection, seen: Seen) -> None:
    while not any(event["agent_name"] == LAST for event in seen.finals()):
        await read_socket(neighbour, until="final", seen=seen)


async def flood(site: Served) -> None:
    """Write more than a viewer that does not read can be sent."""
    with writing(site.flock) as work:
        for _ in range(LINES):
            work.write(LINE)
            await asyncio.sleep(0)


def frame(opcode: int, data: bytes = b"", *, flags: int = 0x80, mask: bytes | None = b"\0\0\0\0") -> bytes:
    """Make a frame, well formed or not."""
    is_masked = 0x80 if mask is not None else 0
    size = bytes([is_masked | len(data)]) if len(data) < 126 else struct.pack("!BH", is_masked | 126, len(data))
    return bytes([flags | opcode]) + size + (mask or b"") + data


TEXT, CONTINUATION, BINARY, CLOSE, PING = 1, 0, 2, 8, 9

FRAMES: dict[str, tuple[bytes, int]] = {
    "not masked": (frame(TEXT, b"{}", mask=None), BROKEN.code),
    "a reserved bit": (frame(TEXT, b"{}", flags=0xC0), BROKEN.code),
    "another reserved bit": (frame(TEXT, b"{}", flags=0x90), BROKEN.code),
    "a reserved opcode": (frame(3, b"{}"), BROKEN.code),
    "a reserved control opcode": (frame(11), BROKEN.code),
    "a continuation of nothing": (frame(CONTINUATION, b"{}"), BROKEN.code),
    "a message within a message": (frame(TEXT, b"{", flags=0) + frame(TEXT, b"}"), BROKEN.code),
    "a fragmented ping": (frame(PING, b"p", flags=0), BROKEN.code),
    "a long ping": (frame(PING, b"p" * 126), BROKEN.code),
    "a length beyond all lengths": (b"\x81\xff" + b"\xff" * 8 + b"\0\0\0\0", TOO_LARGE.code),
    "a length of a terabyte": (b"\x81\xff" + struct.pack("!Q", 2**40) + b"\0\0\0\0", TOO_LARGE.code),
    "a message too large in pieces": (
        frame(TEXT, b"x" * 60_000, flags=0) + frame(CONTINUATION, b"x" * 60_000),
        TOO_LARGE.code,
    ),
    "text that is no UTF-8": (frame(TEXT, b"\xff\xfe"), MALFORMED.code),
    "bytes": (frame(BINARY, b'{"token": "x"}'), MALFORMED.code),
    "no JSON": (frame(TEXT, b"hello"), MALFORMED.code),
    "deep JSON": (frame(TEXT, b"[" * 60_000), MALFORMED.code),
    "a message in fragments that is not the token": (
        b"".join([frame(TEXT, b"{", flags=0), *[frame(CONTINUATION, b" ", flags=0)] * 500, frame(CONTINUATION, b"}")]),
        MALFORMED.code,
    ),
    "a close with half a code": (frame(CLOSE, b"\x03"), BROKEN.code),
    "a close with a code nobody may send": (frame(CLOSE, struct.pack("!H", 1006)), BROKEN.code),
    "a close with no code there is": (frame(CLOSE, struct.pack("!H", 4)), BROKEN.code),
    "a close whose reason is no UTF-8": (frame(CLOSE, struct.pack("!H", 1000) + b"\xff"), BROKEN.code),
    "a proper close": (frame(CLOSE, struct.pack("!H", 1000)), NORMAL.code),
}


async def test_every_broken_frame_ends_its_own_viewer_with_a_documented_code() -> None:
    async with neighbourhood() as site:
        for name, (data, code) in FRAMES.items():
            async with raw_socket(site.ws_url(), site.headers) as raw:
                await raw.send(data)
                await raw.read_rest()
                assert (name, raw.close_code) == (name, code)
            assert code in {close.code for close in CLOSES}


@pytest.mark.parametrize("reads", [True, False], ids=["reads", "reads nothing"])
async def test_a_flood_of_messages_ends_with_the_first_that_is_wrong(*, reads: bool) -> None:
    async with neighbourhood() as site, raw_socket(site.ws_url(), site.headers) as raw:
        reading = asyncio.create_task(raw.read_rest()) if reads else None
        await send_flood(raw, frame(TEXT, json.dumps({"token": TOKEN}).encode()) * 100)
        await (reading or raw.read_rest())
        assert raw.close_code in ((MALFORMED.code,) if reads else (MALFORMED.code, None))
        await until_alone(site)
        assert len(site.server._viewers) == 1
        assert not any(item.buffered for item in sockets())


async def send_flood(raw: RawSocket, data: bytes) -> None:
    """Send it again and again, until the server has said that it closes, or was not heard for long."""
    with suppress(ConnectionError):
        for _ in range(100):
            if raw.close_code is not None:
                return
            await raw.send(data)


async def test_a_viewer_that_breaks_off_while_something_waits_for_it_is_cut_off(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(connection, "LINGER_S", 0.1)
    async with neighbourhood(stall_timeout_s=60) as site:
        held, others = Held.now(), sockets()
        async with raw_socket(site.ws_url(), site.headers) as raw:
            (own,) = [item for item in sockets() if item not in others]
            with writing(site.flock) as work, telling_of_writes(own, monkeypatch) as written:
                while not own.buffered:
                    work.write(SHORT_LINE)
                    await written.wait()
                    written.clear()
            await raw.send(frame(CLOSE, struct.pack("!H", 1000)))
            await until_alone(site)
            assert not await left_behind(held, spare_files=1), "the server holds on to the connection"


@contextmanager
def telling_of_writes(item: SocketConnection, monkeypatch: pytest.MonkeyPatch) -> Iterator[asyncio.Event]:
    """Set the event whenever the connection has written what its peer takes."""
    written, write = asyncio.Event(), item._write

    def tell() -> bool:
        written.set()
        return write()

    with monkeypatch.context() as patch:
        patch.setattr(item, "_write", tell)
        yield written


def sockets() -> list[SocketConnection]:
    """Give the connections of WebSockets that this process serves, or has served."""
    return [item for item in gc.get_objects() if type(item) is SocketConnection]


@pytest.mark.parametrize("path", ["/ws", EVENTS_PATH])
async def test_a_silent_peer_is_closed_as_stalled_and_gives_its_place_back(
    monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    monkeypatch.setattr(connection, "LINGER_S", 0.5)
    async with neighbourhood(stall_timeout_s=0.3, max_viewers=2) as site, Proxy(site.server.port) as proxy:
        reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
        writer.write(request(site, path))
        await reader.readuntil(b"hello")
        proxy.hold()
        await flood(site)
        await until_alone(site)
        proxy.release()
        rest = await reader.read()
        if path == "/ws":
            assert struct.pack("!H", STALLED.code) + b"no progress" in rest
        else:
            assert rest.endswith(b"\r\n0\r\n\r\n")
            was_broken_off = rest.rfind(b"data: ") > rest.rfind(b"\n\n")
            assert was_broken_off or b"event: close\ndata: 4408\n\n" in rest
        writer.close()


@pytest.mark.skipif(sys.platform != "linux", reason="other systems keep a connection for as long as they like")
async def test_the_kernel_gives_up_on_a_peer_that_vanished_without_a_word() -> None:
    async with neighbourhood() as site, raw_socket(site.ws_url(), site.headers):
        open_connections = [item for item in sockets() if not item._lost.is_set()]
        for item in open_connections:
            raw = item._transport.get_extra_info("socket")
            timeout_ms = raw.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT)
            assert timeout_ms == serving.DEAD_PEER_S * 1000
        assert len(open_connections) >= 2
        assert 2 * serving.PING_INTERVAL_S + site.server.settings.stall_timeout_s < serving.DEAD_PEER_S


@pytest.mark.parametrize("path", ["/ws", EVENTS_PATH])
async def test_a_viewer_that_closes_its_half_has_left(path: str) -> None:
    async with neighbourhood() as site:
        reader, writer = await asyncio.open_connection("127.0.0.1", site.server.port)
        writer.write(request(site, path))
        await reader.readuntil(b"hello")
        writer.write_eof()
        await reader.read()
        await until_alone(site)
        writer.close()


async def test_a_viewer_that_never_answers_pings_stays_for_as_long_as_it_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serving, "PING_INTERVAL_S", 0.01)
    async with neighbourhood() as site, raw_socket(site.ws_url(), site.headers) as raw:
        while raw.pings < 5:
            assert await raw.read_some(4096)
        raw.messages()
        with writing(site.flock) as work:
            work.write("still here")
        while "still here" not in "".join(message.decode() for message in raw.messages()):
            assert await raw.read_some(4096)


async def test_a_storm_of_connections_leaves_nothing_behind() -> None:
    rng = random.Random(1)
    seen: Counter[tuple[Asked, Answer]] = Counter()
    flock = Flock(view=None, journal=Journal(max_bytes=STORM_JOURNAL_BYTES))
    async with neighbourhood(flock=flock, max_viewers=STORM_PLACES) as site:
        forgotten = site.flock.journal.cursor(0)
        for _ in range(STORM // STORM_WIDTH):
            with writing(site.flock) as work:
                work.write(GUST)
                visits = (visit(site, rng, forgotten) for _ in range(STORM_WIDTH))
                seen.update(await asyncio.gather(*visits))
        await until_alone(site)
        print(f"figure: a storm of {STORM} visits: {dict(seen)}")
        assert site.flock.journal.locate(forgotten) == "too_old"
    assert {(asked, answer) for asked in get_args(Asked) for answer in ("greeted", "refused")} <= seen.keys()


async def visit(site: Served, rng: random.Random, forgotten: Cursor) -> tuple[Asked, Answer]:
    """Connect on a random surface for a random place; leave in a random moment and manner; say what was answered."""
    asked: Asked = rng.choice(get_args(Asked))
    question = f"?cursor={cursor}" if (cursor := _cursor(site.flock.journal, asked, rng, forgotten)) else ""
    wanted = request(site, f"{rng.choice(('/ws', EVENTS_PATH))}{question}")
    reader, writer = await asyncio.open_connection("127.0.0.1", site.server.port)
    answer: Answer = "unheard"
    with suppress(ConnectionError):
        match rng.randrange(4):
            case 0:
                writer.write(wanted[: rng.randrange(len(wanted))])
            case 1:
                writer.write(wanted)
            case 2:
                writer.write(wanted)
                await reader.read(rng.randrange(1, 400))
            case _:
                writer.write(wanted)
                answer = await _answer(reader)
    if rng.random() < 0.5:
        writer.transport.abort()
    else:
        writer.close()
    return asked, answer


def _cursor(journal: Journal, asked: Asked, rng: random.Random, forgotten: Cursor) -> Cursor | None:
    match asked:
        case "anew":
            return None
        case "resuming":
            return journal.cursor(journal.head)
        case _:
            ahead, foreign = Cursor(journal.epoch, 10**17), Cursor("0123abcd", 3)
            return rng.choice((forgotten, ahead, foreign))


async def _answer(reader: asyncio.StreamReader) -> Answer:
    """Read until the viewer is greeted or refused; raises `AssertionError` for any other end."""
    data = b""
    while True:
        part = await reader.read(4096)
        data += part
        if b"hello" in data:
            return "greeted"
        if struct.pack("!H", TOO_MANY.code) in data or data.startswith(b"HTTP/1.1 429 "):
            return "refused"
        assert part, f"no word of why it ends: {data!r}"


MALFORMED_CURSORS = (
    "-",
    "a-",
    "-1",
    "a--1",
    "a-1-2",
    "a-1e3",
    "a-٣",
    f"a-{10**18}",
    f"{'a' * 33}-1",
    "a-1\0",
    "a 1",
    "é-1",
)


async def test_malformed_cursors_are_refused_on_every_surface() -> None:
    async with neighbourhood() as site:
        for cursor in MALFORMED_CURSORS:
            question = f"cursor={quote(cursor)}"
            async with site.socket(question) as refused:
                with pytest.raises(ConnectionClosed):
                    await refused.recv()
                assert (cursor, refused.close_code) == (cursor, MALFORMED.code)
            answer = await site.http.get(f"{EVENTS_PATH}?{question}")
            assert (cursor, answer.status_code) == (cursor, 400)
        for value in (b"a-", b"\xff-1", b"a-1-2"):
            answer = await site.http.get(EVENTS_PATH, headers=[(b"last-event-id", value)])
            assert answer.status_code == 400
        await until_alone(site)


@pytest.mark.parametrize("encoding", ["full", "compact"])
@pytest.mark.parametrize("surface", ["websocket", "sse"])
async def test_cursors_that_lead_nowhere_get_a_gap_with_its_reason_and_the_whole_text(
    surface: Surface, encoding: Format
) -> None:
    async with neighbourhood() as site:
        journal = site.flock.journal
        with writing(site.flock) as work:
            work.write("the ", "whole ", "text")
        reasons = {
            Cursor("0123abcd", 3): "other_epoch",
            Cursor(journal.epoch.swapcase() + "x", journal.head): "other_epoch",
            NOWHERE: "other_epoch",
            Cursor(journal.epoch, 10**17): "ahead",
        }
        for cursor, reason in reasons.items():
            viewer = ResumingViewer(site.server.port, site.headers, surface=surface, format=encoding, cursor=cursor)
            await viewer.watch(lambda events: any(isinstance(event, Snapshot) for event in events))
            streams = check_history(viewer.visits)
            assert [event.reason for event in viewer.visits[0].events if isinstance(event, Gap)] == [reason]
            assert streams[work.run_id].text("text") == "the whole text"


async def test_two_sockets_of_one_viewer_get_the_same_from_the_same_cursor() -> None:
    async with neighbourhood() as site:
        start = site.flock.journal.cursor(site.flock.journal.head)
        with writing(site.flock) as work:
            async with site.socket(f"cursor={start}") as first, site.socket(f"cursor={start}") as second:
                work.write("twice ", "the ", "same")
                one = await read_socket(first, until="streaming_output")
                two = await read_socket(second, until="streaming_output")
                assert one.text(work.run_id) == two.text(work.run_id) == "twice the same"
                await first.close()
                work.write(" and on")
                await read_socket(second, until="streaming_output", seen=two)
        assert two.text(work.run_id) == "twice the same and on"


def request(site: Served, path: str) -> bytes:
    """Write a viewer's request as it stands on the wire."""
    lines = [f"GET {path} HTTP/1.1", "host: 127.0.0.1", f"authorization: {site.headers['authorization']}"]
    if path.startswith("/ws"):
        key = "sec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA=="
        lines += ["connection: upgrade", "upgrade: websocket", "sec-websocket-version: 13", key]
    return "\r\n".join([*lines, "", ""]).encode()


async def until_alone(site: Served) -> None:
    """Return when the neighbour is the only one that is served."""
    while len(calls := _calls()) > 1:
        done, _ = await asyncio.wait(calls, return_when=asyncio.FIRST_COMPLETED, timeout=10)
        assert done, "nobody left"
    assert len(calls) == len(site.flock.audience) == 1, "not even the neighbour is there"


def _calls() -> list[asyncio.Task[Any]]:
    """Give the tasks that serve a connection each, from its first byte to its last."""
    served = (WebSocketProtocol.run_asgi.__code__, RequestResponseCycle.run_asgi.__code__)
    return [task for task in asyncio.all_tasks() if getattr(task.get_coro(), "cr_code", None) in served]
