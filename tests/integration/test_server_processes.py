"""The server and its viewers, each in a process of its own; signals, and the way it ends."""

import asyncio
import gc
import json
import signal
import sys
import time
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from socket import IPPROTO_TCP, TCP_NODELAY
from typing import Any

import httpx
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from flock.errors import ServingError
from flock.events import decode_event
from flock.orchestrator import Flock
from flock.server import serving
from flock.server.serving import Server
from flock.server.settings import ServerSettings
from flock.server.websocket_protocol import SocketConnection
from tests.backend import TOKEN, Served, read_socket, served, writing
from tests.clients.raw import raw_socket
from tests.last_words import Stayer
from tests.surfaces import LIVE
from tests.validators import check_streams

ROOT = Path(__file__).parents[2]
STREAMS = 50
GRACE_S = 1.0
IDEA = {"type": "ServedIdea", "payload": {"topic": "owls"}}

pytestmark = pytest.mark.alone


async def start(*arguments: str) -> Process:
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", *arguments, cwd=ROOT, stdout=PIPE, stderr=PIPE, limit=2**24
    )


class Site:
    """A served flock in another process."""

    def __init__(self, process: Process, url: str) -> None:
        self.process = process
        self.url = url
        self.http = httpx.AsyncClient(base_url=url, headers={"authorization": f"Bearer {TOKEN}"}, trust_env=False)

    async def client(self, kind: str, *options: str) -> Process:
        """Start a viewer, and return when it has its first frame, which says hello."""
        url = f"{self.url}/api/v1/events" if kind == "sse" else f"{self.url.replace('http', 'ws')}/ws"
        process = await start(f"tests.clients.{kind}", url, "--token", TOKEN, *options)
        assert process.stdout is not None
        assert b"hello" in await process.stdout.readline()
        return process


@asynccontextmanager
async def site(agents: int, words: int, *, grace_s: float = 5.0, pace_s: float = 0.002) -> AsyncIterator[Site]:
    process = await start("tests.site", str(agents), str(words), str(grace_s), str(pace_s))
    assert process.stdout is not None
    try:
        place = json.loads(await process.stdout.readline())
        where = Site(process, place["url"])
        async with where.http:
            yield where
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def lines(process: Process) -> list[dict[str, Any]]:
    """Wait for the end of a client, and give the lines it printed after its first one."""
    output, trouble = await process.communicate()
    assert process.returncode == 0, trouble.decode()
    return [json.loads(line) for line in output.splitlines()]


async def test_viewers_in_other_processes_see_every_token_of_ten_agents_once_and_in_order() -> None:
    async with site(10, 200) as where:
        viewers = [await where.client(kind, "--until", "final=10") for kind in ("ws", "ws", "sse")]
        viewers.append(await where.client("ws", "--until", "final=10", "--as-message"))
        assert (await where.http.post("/api/v1/artifacts", json=IDEA)).status_code == 201
        seen = [await lines(viewer) for viewer in viewers]
        page = (await where.http.get("/api/v1/artifacts", params={"type": "ServedPost"})).json()
    texts = {artifact["id"]: artifact["payload"]["text"] for artifact in page["items"]}
    assert len(texts) == 10
    for frames in seen:
        events = [decode_event(json.dumps(event)) for frame in frames for event in frame["events"]]
        streams = check_streams(events)
        assert len(streams) == 10
        for artifact_id, text in texts.items():
            assert any(stream.text("text", artifact_id=artifact_id) == text for stream in streams.values())


@pytest.mark.default(14)
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_ends_runs_viewers_and_process_in_time(number: signal.Signals) -> None:
    viewers = [Stayer(surface, encoding) for surface, encoding in LIVE]
    async with site(STREAMS, 1_000_000, grace_s=GRACE_S, pace_s=0.1) as where, asyncio.TaskGroup() as staying:
        for viewer in viewers:
            staying.create_task(viewer.stay(where.url, TOKEN))
        for viewer in viewers:
            await viewer.has_come()
        await where.http.post("/api/v1/artifacts", json=IDEA)
        for viewer in viewers:
            await viewer.until(lambda viewer=viewer: len(viewer.writing) == STREAMS)  # type: ignore[misc] # bound
        where.process.send_signal(number)
        async with asyncio.timeout(GRACE_S + 2):
            assert await where.process.wait() == 0
        assert where.process.stderr is not None
        assert await where.process.stderr.read() == b""
    for viewer in viewers:
        assert viewer.code == 1001
        assert len(check_streams(viewer.events)) == STREAMS
        assert viewer.statuses == ["interrupted"] * STREAMS


async def test_a_server_ends_in_time_though_its_viewers_are_stalled_and_its_runs_do_not_end() -> None:
    async def never() -> None:
        await asyncio.Event().wait()

    async with Flock(view=None) as flock:
        async with Server(flock, ServerSettings(port=0, token=TOKEN, grace_s=0.2), on_stop=never) as server:
            async with httpx.AsyncClient() as http:
                where = Served(flock, server, http)
                async with raw_socket(where.ws_url(), where.headers):
                    with writing(flock) as work:
                        for _ in range(200):
                            work.write("x" * 16_000)
                            await asyncio.sleep(0)
                    began = time.monotonic()
                    await server.aclose()
        assert time.monotonic() - began < 0.2 + 2
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_who_has_not_shown_a_token_yet_is_sent_away_with_the_same_code() -> None:
    async with served() as site, connect(site.ws_url(), proxy=None) as socket:
        await site.server.aclose()
        await socket.wait_closed()
        assert socket.close_code == 1001


async def test_a_port_in_use_is_said_before_anything_starts() -> None:
    async with served() as site:
        with pytest.raises(ServingError, match=f"127.0.0.1:{site.server.port}") as caught:
            async with served(port=site.server.port):
                pass
        assert caught.value.hint
        assert (await site.http.get("/health")).status_code == 200


async def test_a_host_that_is_none_is_said() -> None:
    with pytest.raises(ServingError, match="unknown"):
        async with served(host="no.such.host.invalid"):
            pass


async def test_a_port_that_is_none_is_said() -> None:
    with pytest.raises(ServingError, match="not a port"):
        ServerSettings(port=65536)


async def test_a_server_that_ended_gives_its_port_and_its_listeners_back() -> None:
    flock = Flock(view=None)
    async with served(flock) as site:
        port = site.server.port
        assert len(flock.streams.on_final) == 1
    assert flock.streams.on_final == []
    async with served(port=port) as site:
        assert site.server.url == f"http://127.0.0.1:{port}"


async def test_small_writes_are_not_held_back() -> None:
    async with served() as site, site.socket() as socket:
        await socket.recv()
        open_ones = [item for item in gc.get_objects() if type(item) is SocketConnection and not item._lost.is_set()]
        sockets = [connection._transport.get_extra_info("socket") for connection in open_ones]
        assert sockets
        assert all(raw.getsockopt(IPPROTO_TCP, TCP_NODELAY) for raw in sockets)


async def test_stop_ends_the_wait() -> None:
    async with served() as site:
        waiting = asyncio.create_task(site.server.wait_stopped())
        await asyncio.sleep(0)
        site.server.stop()
        await asyncio.wait_for(waiting, 5)


async def test_the_server_works_without_the_compiled_http_parser(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serving, "find_spec", lambda name: None)
    async with served() as site, site.socket() as socket:
        with writing(site.flock) as work:
            work.write("a", "b")
        seen = await read_socket(socket, until="final")
        assert seen.text(work.run_id) == "ab"
        async with site.http.stream("GET", "/api/v1/events") as answer:
            chunks = answer.aiter_text()
            assert work.run_id in await anext(chunks)
            ending = asyncio.create_task(site.server.aclose())
            rest = "".join([chunk async for chunk in chunks])
            await ending
        assert rest.endswith("event: close\ndata: 1001\n\n")
        with pytest.raises(ConnectionClosed):
            await read_socket(socket, until="never")
        assert socket.close_code == 1001
