"""Slow, greedy and ill-mannered viewers: each is bounded, told why it ends, and disturbs nobody."""

import asyncio
import gc
import json
import logging
from contextlib import suppress

import pytest
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed
from websockets.frames import Opcode

from flock.orchestrator import Flock
from flock.server import connection
from flock.server.connection import PIECE_BYTES, WRITE_BUFFER_BYTES
from flock.server.websocket_protocol import MAX_FRAGMENTS, SocketConnection
from flock.testing import ScriptedEngine
from tests.backend import Served, ServedIdea, ServedPost, read_socket, served, writing
from tests.clients.raw import raw_socket

LINE = "x" * 16_000
LINES = 200
"""More than the buffers of the system between two processes take."""


async def flood(site: Served) -> str:
    """Write more than a viewer that does not read can be sent; gives the text."""
    with writing(site.flock) as work:
        for _ in range(LINES):
            work.write(LINE)
            await asyncio.sleep(0)
    return work.run_id


async def until_viewers(count: int) -> None:
    """Return when so many viewers are left."""
    viewers = [task for task in asyncio.all_tasks() if "Viewer._leave" in repr(task.get_coro())]
    while len(viewers) > count:
        _, pending = await asyncio.wait(viewers, return_when=asyncio.FIRST_COMPLETED, timeout=10)
        assert len(pending) < len(viewers), "no viewer left"
        viewers = list(pending)


async def refusal(socket: ClientConnection, message: str | bytes | None = None) -> int:
    """Send a message and give the code the socket is closed with."""
    if message is not None:
        await socket.send(message)
    with suppress(ConnectionClosed):
        async for _ in socket:
            pass
    return int(socket.close_code or 0)


async def test_a_viewer_that_never_reads_is_closed_and_the_others_notice_nothing() -> None:
    async with served(stall_timeout_s=0.3) as site, site.socket() as healthy:
        await read_socket(healthy, until="hello")
        async with raw_socket(site.ws_url(), site.headers) as stalled:
            writer = asyncio.create_task(flood(site))
            seen = await read_socket(healthy, until="final")
            assert seen.text(await writer) == LINE * LINES
            await until_viewers(1)
            await stalled.read_rest()
            assert stalled.close_code == 4408
            got = [event for message in stalled.messages() for event in json.loads(message)["events"]]
            assert got[0]["type"] == "hello"


async def test_what_waits_for_a_stalled_viewer_in_the_process_is_bounded() -> None:
    async with served() as site:
        async with raw_socket(site.ws_url(), site.headers):
            with writing(site.flock) as work:
                for _ in range(LINES):
                    work.write(LINE)
                    await asyncio.sleep(0.001)
            waiting = [item.buffered for item in gc.get_objects() if type(item) is SocketConnection]
        assert 0 < max(waiting) <= WRITE_BUFFER_BYTES + PIECE_BYTES + 64


async def test_a_viewer_that_stays_stalled_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "LINGER_S", 0.1)
    async with served(stall_timeout_s=0.2) as site:
        async with raw_socket(site.ws_url(), site.headers) as stalled:
            await flood(site)
            await until_viewers(0)
            await asyncio.sleep(0.3)
            await stalled.read_rest()
            assert stalled.close_code is None


async def test_a_slow_viewer_that_makes_progress_is_not_stalled() -> None:
    async with served(stall_timeout_s=1.5) as site:
        async with raw_socket(site.ws_url(), site.headers, receive_buffer=2**16) as slow:
            await flood(site)
            for _ in range(20):
                await slow.read_some(150_000)
                await asyncio.sleep(0.1)
            assert slow.close_code is None
            assert len(site.flock.audience) == 1


async def test_a_stalled_reader_of_events_is_closed_with_the_code_as_its_last_message() -> None:
    async with served(stall_timeout_s=0.3) as site:
        reader, writer = await asyncio.open_connection("127.0.0.1", site.server.port, limit=2**12)
        head = (
            f"GET /api/v1/events HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: {site.headers['authorization']}\r\n\r\n"
        )
        writer.write(head.encode())
        await reader.readuntil(b"hello")
        await flood(site)
        await until_viewers(0)
        rest = await reader.read()
        assert rest.endswith(b"event: close\ndata: 4408\n\n\r\n0\r\n\r\n") or b"event: close" not in rest
        writer.close()


@pytest.mark.default(9)
async def test_there_are_only_so_many_places() -> None:
    async with served(max_viewers=2) as site:
        async with site.socket() as first, site.socket() as second:
            await read_socket(first, until="hello")
            await read_socket(second, until="hello")
            async with site.socket() as third:
                assert await refusal(third) == 4429
            answer = await site.http.get("/api/v1/events")
            assert (answer.status_code, answer.json()["error"]["code"]) == (429, "FLK-VIEWERS")
            await second.close()
            await until_viewers(1)
            async with site.socket() as fourth:
                await read_socket(fourth, until="hello")


async def test_a_run_whose_viewer_has_no_place_is_not_started_and_may_be_asked_for_again() -> None:
    flock = Flock(view=None)
    engine = ScriptedEngine(answers=[ServedPost(text="Owls hoot.")])
    flock.agent("writer").consumes(ServedIdea).publishes(ServedPost).engine(engine)
    body = {"inputs": [{"type": "ServedIdea", "payload": {"topic": "owls"}}], "stream": True}
    path, key = "/agents/writer/run", {"idempotency-key": "one"}
    async with served(flock, max_viewers=1) as site:
        async with site.socket() as socket:
            await read_socket(socket, until="hello")
            refused = await site.post(path, body, **key)
            assert (refused.status_code, refused.json()["error"]["code"]) == (429, "FLK-VIEWERS")
            assert (await site.get("/runs")).json()["items"] == []
            assert (await site.get("/artifacts")).json()["items"] == []
        await until_viewers(0)
        for wrong in ({**body, "inputs": []}, {"inputs": [{"type": "No", "payload": 1}], "stream": True}):
            assert (await site.post(path, wrong)).status_code == 422
        answer = await site.post(path, body, **key)
        assert answer.status_code == 200
        assert "Owls hoot." in answer.text
        assert engine.runs == 1


@pytest.mark.parametrize(
    "message", ["hello", "[]", '{"token": 1}', '{"token": "a", "more": 1}', b'{"token": "x"}', "["]
)
async def test_anything_but_a_token_is_malformed(message: str | bytes) -> None:
    async with served() as site, site.socket() as socket:
        assert await refusal(socket, message) == 4400


async def test_a_token_may_be_sent_though_it_is_not_needed_but_only_once() -> None:
    async with served() as site, site.socket() as socket:
        await socket.send(json.dumps({"token": site.server.token}))
        with writing(site.flock):
            pass
        await read_socket(socket, until="final")
        assert await refusal(socket, json.dumps({"token": site.server.token})) == 4400


@pytest.mark.default(2)
async def test_a_token_comes_as_the_first_message_where_headers_cannot_be_set() -> None:
    async with served() as site:
        async with site.socket(additional_headers={}) as socket:
            await socket.send(json.dumps({"token": site.server.token}))
            await read_socket(socket, until="hello")
        async with site.socket(additional_headers={}) as socket:
            assert await refusal(socket, json.dumps({"token": "another"})) == 4401


@pytest.mark.default(2)
async def test_a_wrong_token_in_the_header_is_refused_before_any_message() -> None:
    async with served(token_timeout_s=3600) as site:
        async with site.socket(additional_headers={"authorization": "Bearer another"}) as socket:
            assert await refusal(socket) == 4401
            assert socket.close_reason == "This token is not valid."


@pytest.mark.default(2)
async def test_a_socket_that_shows_no_token_in_time_is_closed() -> None:
    async with served(token_timeout_s=0.05) as site, site.socket(additional_headers={}) as socket:
        assert await refusal(socket) == 4401


@pytest.mark.default(9)
async def test_a_message_over_the_bound_gets_its_own_code() -> None:
    async with served() as site:
        async with site.socket() as socket:
            assert await refusal(socket, json.dumps({"token": "x" * 2**17})) == 4413
        async with raw_socket(site.ws_url(), site.headers) as raw:
            await raw.send_frame(Opcode.TEXT, b"x", fin=False)
            for _ in range(MAX_FRAGMENTS + 1):
                await raw.send_frame(Opcode.CONT, b"", fin=False)
            await raw.read_rest()
            assert raw.close_code == 4413


async def test_a_flood_of_pings_that_reads_no_pongs_does_not_fill_the_memory() -> None:
    async with served() as site, raw_socket(site.ws_url(), site.headers) as raw:
        ping = b"".join([b"\x89\xfd\0\0\0\0" + b"p" * 125] * 1000)

        async def send_pings() -> None:
            for _ in range(100):
                await raw.send(ping)

        with pytest.raises(TimeoutError):
            async with asyncio.timeout(1.5):
                await send_pings()
        waiting = [item.buffered for item in gc.get_objects() if type(item) is SocketConnection]
        assert max(waiting) < 2**20


@pytest.mark.parametrize("data", [b"\x81\x02hi", b"\xff" * 20, b"\x83\x80\0\0\0\0", b"\x81\x81\0\0\0\0\xff"])
async def test_broken_frames_end_their_own_connection_only(data: bytes) -> None:
    async with served() as site, site.socket() as healthy:
        await read_socket(healthy, until="hello")
        async with raw_socket(site.ws_url(), site.headers) as raw:
            await raw.send(data)
            await raw.read_rest()
        with writing(site.flock):
            pass
        await read_socket(healthy, until="final")


async def test_two_bad_messages_at_once_are_no_failure_of_the_server(caplog: pytest.LogCaptureFixture) -> None:
    no_token, no_utf8 = b"\x81\x82\0\0\0\0{}", b"\x81\x81\0\0\0\0\xff"
    async with served() as site:
        for data in (no_token + no_utf8, no_utf8 + no_token, no_utf8 * 3):
            async with raw_socket(site.ws_url(), {}) as raw:
                await raw.send(data)
                await raw.read_rest()
            assert raw.close_code == 4400
    assert [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR] == []
