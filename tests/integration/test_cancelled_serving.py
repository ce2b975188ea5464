"""Serving is cancelled at each of its awaits, and so is each viewer's handler: connections end, the flock works on."""

import asyncio
import json
import logging
from contextlib import suppress

import httpx
import pytest
from httpx_sse import aconnect_sse
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from flock.journal import Journal
from flock.orchestrator import Flock
from flock.server.serving import Server
from tests.backend import TOKEN, ServedIdea, ServedPost
from tests.engines import Gated
from tests.kth_await import MOMENTS, Moment, cuts
from tests.leaks import Held, left_behind, no_leaks
from tests.rest import check_at_rest, check_board

HEADERS = {"authorization": f"Bearer {TOKEN}"}

LONG = 300_000
"""Half the length of a text that does not fit into the buffers under a viewer, so that sending it waits."""

Seen = tuple[list[str], int | None]
"""What a viewer got: the statuses of final events, and the code it was closed with, None where it was cut off."""


def build(*, text: str = "ow") -> tuple[Flock, Gated]:
    flock = Flock(view=None, journal=Journal(recent_runs=1))
    engine = Gated(output=ServedPost(text="owls"), text=text)
    flock.agent("writer").consumes(ServedIdea).publishes(ServedPost).engine(engine)
    return flock, engine


async def watch_socket(server: Server, ready: asyncio.Event) -> Seen:
    statuses: list[str] = []
    url = f"ws://127.0.0.1:{server.port}/ws"
    try:
        async with connect(url, additional_headers=HEADERS, proxy=None, open_timeout=None) as socket:
            with suppress(ConnectionClosed):
                async for message in socket:
                    statuses += finals(message)
                    ready.set()
            return statuses, None if socket.close_code == 1006 else socket.close_code
    except (OSError, InvalidHandshake, EOFError):
        return statuses, None
    finally:
        ready.set()


async def watch_events(server: Server, ready: asyncio.Event) -> Seen:
    statuses: list[str] = []
    try:
        async with httpx.AsyncClient(timeout=None, headers=HEADERS, trust_env=False) as http:
            async with aconnect_sse(http, "GET", f"{server.url}/api/v1/events") as source:
                async for event in source.aiter_sse():
                    if event.event == "close":
                        return statuses, int(event.data)
                    statuses += finals(event.data) if event.data else []
                    ready.set()
    except httpx.HTTPError:
        pass
    finally:
        ready.set()
    return statuses, None


def finals(frame: str | bytes) -> list[str]:
    events = json.loads(frame)["events"]
    return [event["outcome"]["status"] for event in events if event.get("is_final")]


async def finish(flock: Flock, engine: Gated) -> None:
    """Insist that the flock works."""
    engine.gate.set()
    await flock.publish(ServedIdea(topic="afterwards"))
    await flock.run_until_idle()
    *_, last = flock.runs.all()
    assert last.state == "completed"
    await check_board(flock)


async def use_once() -> None:
    """Warm up: what is imported and kept for good is there from now on."""
    flock, engine = build()
    async with flock.serving(port=0, token=TOKEN) as server:
        ready = asyncio.Event()
        watching = [asyncio.create_task(watch(server, ready)) for watch in (watch_socket, watch_events)]
        await ready.wait()
        await finish(flock, engine)
    await asyncio.gather(*watching)
    await flock.shutdown()


@pytest.mark.parametrize("moment", MOMENTS)
async def test_serving_may_be_cancelled_while_it_starts_and_ends(
    moment: Moment, caplog: pytest.LogCaptureFixture
) -> None:
    await use_once()
    for cut in cuts(moment):
        flock, engine = build()

        async def serve(flock: Flock = flock) -> None:
            async with flock.serving(port=0, token=TOKEN):
                pass

        async with no_leaks():
            await cut.run(serve())
            assert flock.runtime_mode == "cli"
            await finish(flock, engine)
            check_at_rest(flock)
        await flock.shutdown()
    print(f"figure: serving, {moment}: {cut.awaits} awaits")
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]


async def test_serving_viewers_may_be_cancelled_anywhere(caplog: pytest.LogCaptureFixture) -> None:
    await use_once()
    seen: list[Seen] = []
    for cut in cuts():
        flock, engine = build()
        watching: list[asyncio.Task[Seen]] = []

        async def serve(
            flock: Flock = flock, engine: Gated = engine, watching: list[asyncio.Task[Seen]] = watching
        ) -> None:
            async with flock.serving(port=0, token=TOKEN) as server:
                for watch in (watch_socket, watch_events):
                    ready = asyncio.Event()
                    watching.append(asyncio.create_task(watch(server, ready)))
                    await ready.wait()
                await flock.publish(ServedIdea(topic="owls"))
                asyncio.get_running_loop().call_later(0.01, engine.gate.set)

        async with no_leaks():
            await cut.run(serve())
            seen += await asyncio.gather(*watching)
            await finish(flock, engine)
            check_at_rest(flock)
        await flock.shutdown()
    print(f"figure: serving viewers: {cut.awaits} awaits, seen {seen}")
    assert seen[-2:] == [(["completed"], 1001), (["completed"], 1001)]
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]


def cut_handler_off() -> None:
    """Cancel the task that serves the viewer's connection."""
    for task in asyncio.all_tasks():
        if task.get_coro().__qualname__.endswith("run_asgi"):  # type: ignore[union-attr] # it is a coroutine
            task.cancel()


@pytest.mark.parametrize(("surface", "moment"), [("socket", "asleep"), ("events", "woken")])
async def test_a_viewer_may_be_cut_off_anywhere(surface: str, moment: Moment, caplog: pytest.LogCaptureFixture) -> None:
    await use_once()
    watch = watch_socket if surface == "socket" else watch_events
    flock, engine = build(text="ow" * LONG)
    engine.gate.set()
    async with flock, flock.serving(port=0, token=TOKEN) as server:
        before = Held.now()
        for cut in cuts(moment):
            ready = asyncio.Event()
            with cut.tasks_of("Viewer._pump", strike=cut_handler_off):
                watching = asyncio.create_task(watch(server, ready))
                await ready.wait()
                for _ in range(2):
                    run = await flock.start_run("writer", [ServedIdea(topic="owls")])
                    assert (await flock.wait_run(run.run_id)).state == "completed", "no viewer touches a run"
                if not cut.is_reached:
                    watching.cancel()
                await asyncio.wait([watching])
            assert not (left := await left_behind(before)), f"{cut!r}: {left}"
            assert not flock.audience
            assert len(server._viewers) == 0
        check_at_rest(flock)
    print(f"figure: viewer on {surface}, {moment}: {cut.awaits} awaits")
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]
