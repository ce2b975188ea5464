"""Serving is cancelled at each of its awaits, and so is each viewer's handler: connections end, the flock works on."""

import asyncio
import gc
import logging
from collections.abc import Iterator
from contextlib import AbstractContextManager, suppress

import httpx
import pytest

from flock.journal import Journal
from flock.orchestrator import Flock
from flock.server.serving import Server
from tests.backend import TOKEN, ServedIdea, ServedPost
from tests.engines import Gated
from tests.kth_await import MOMENTS, Cut, Moment, cuts
from tests.last_words import Stayer
from tests.leaks import Held, left_behind, no_leaks
from tests.rest import check_at_rest, check_board, check_idle
from tests.resuming import Surface

LONG = 300_000
"""Half the length of a text that does not fit into the buffers under a viewer, so that sending it waits."""


def build(*, text: str = "ow") -> tuple[Flock, Gated]:
    flock = Flock(view=None, journal=Journal(recent_runs=1))
    engine = Gated(output=ServedPost(text="owls"), text=text)
    flock.agent("writer").consumes(ServedIdea).publishes(ServedPost).engine(engine)
    return flock, engine


SURFACES: tuple[Surface, ...] = ("websocket", "sse")

CALL = "run_asgi"
"""The task that serves a connection, from the handshake to the last byte; a viewer's others are its children."""

PARTS = (CALL, "Viewer._pump", "Line.listen", "Viewer._leave")
"""What of a viewer waits for something."""

EVERY_MOMENT = pytest.mark.parametrize("moment", MOMENTS)
EVERY_VIEWER = pytest.mark.parametrize(
    ("surface", "greets"),
    [("websocket", False), ("websocket", True), ("sse", False)],
    ids=["websocket", "token as the first message", "sse"],
)

Came = list[tuple[Stayer, asyncio.Task[None]]]


async def come(server: Server, surface: Surface, came: Came, *, greets: bool = False) -> None:
    """Return when a viewer has its first frame, or was turned away."""
    viewer = Stayer(surface, greets=greets)
    came.append((viewer, asyncio.create_task(viewer.stay(server.url, TOKEN))))
    await viewer.has_come()


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
        came: Came = []
        for surface in SURFACES:
            await come(server, surface, came)
        await finish(flock, engine)
    await asyncio.wait([staying for _, staying in came])
    await flock.shutdown()


@EVERY_MOMENT
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
    statuses: set[str] = set()
    for cut in cuts():
        flock, engine = build()
        came: Came = []

        async def serve(flock: Flock = flock, engine: Gated = engine, came: Came = came) -> None:
            async with flock.serving(port=0, token=TOKEN) as server:
                for surface in SURFACES:
                    await come(server, surface, came)
                await flock.publish(ServedIdea(topic="owls"))
                asyncio.get_running_loop().call_later(0.01, engine.gate.set)

        async with no_leaks():
            await cut.run(serve())
            for viewer, staying in came:
                await staying
                assert viewer.code == 1001 or not viewer.events, "who has seen something is told why it ends"
                assert len(viewer.statuses) == len([*flock.runs.all()])
                statuses |= set(viewer.statuses)
            await finish(flock, engine)
            check_at_rest(flock)
        await flock.shutdown()
    print(f"figure: serving viewers: {cut.awaits} awaits")
    assert statuses == {"interrupted", "completed"}
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]


async def test_serve_may_be_cancelled_and_shuts_down_what_it_served(caplog: pytest.LogCaptureFixture) -> None:
    await use_once()
    for cut in cuts():
        flock, engine = build()
        async with no_leaks():
            await cut.run(flock.serve(port=0, token=TOKEN))
            if flock.is_closed:
                break
            await finish(flock, engine)
            await flock.shutdown()
    print(f"figure: serve: {cut.awaits} awaits")
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]


async def test_a_ctrl_c_in_the_moment_in_which_serving_begins_to_end_is_meant_for_the_runs() -> None:
    flock, engine = build()
    loop = asyncio.get_running_loop()

    async def serve() -> None:
        task = asyncio.current_task()
        assert task is not None
        async with flock.serving(port=0, token=TOKEN):
            await flock.start_run("writer", [ServedIdea(topic="owls")])
            loop.call_later(1, engine.gate.set)
            loop.call_soon(task.cancel)

    serving = asyncio.create_task(serve())
    await asyncio.wait([serving])
    assert serving.cancelled()
    assert [run.state for run in flock.runs.all()] == ["interrupted"]
    await flock.shutdown()


def cut_call_off() -> None:
    """Cancel the task that serves the viewer's connection."""
    for task in asyncio.all_tasks():
        if task.get_coro().__qualname__.endswith(CALL):  # type: ignore[union-attr] # it is a coroutine
            task.cancel()


def cuts_of_parts(moment: Moment) -> Iterator[tuple[str, Cut]]:
    """Give the cuts of every part, one part after the other; raises `AssertionError` for one that never waits."""
    for part in PARTS:
        for cut in cuts(moment):
            yield part, cut
        print(f"figure: viewer's {part}, {moment}: {cut.awaits} awaits")
        assert cut.k > 1, f"{part} never waited"


def cut_viewer(cut: Cut, part: str) -> AbstractContextManager[None]:
    """Cancel the viewer's call in the block when that part of it comes to the cut."""
    return cut.tasks_of(part, strike=None if part == CALL else cut_call_off)


def check_nobody_is_there(flock: Flock, server: Server) -> None:
    """Insist that every viewer has given its place back."""
    assert not flock.audience
    assert len(server._viewers) == server._viewers._strangers == 0


@EVERY_MOMENT
@EVERY_VIEWER
async def test_a_viewer_may_be_cut_off_anywhere(
    surface: Surface, *, greets: bool, moment: Moment, caplog: pytest.LogCaptureFixture
) -> None:
    await use_once()
    flock, engine = build(text="ow" * LONG)
    engine.gate.set()
    async with flock, flock.serving(port=0, token=TOKEN) as server:
        before = Held.now()
        for part, cut in cuts_of_parts(moment):
            with cut_viewer(cut, part):
                came: Came = []
                await come(server, surface, came, greets=greets)
                ((_, staying),) = came
                for _ in range(2):
                    run = await flock.start_run("writer", [ServedIdea(topic="owls")])
                    assert (await flock.wait_run(run.run_id)).state == "completed", "no viewer touches a run"
                staying.cancel()
                await asyncio.wait([staying])
                assert not (left := await left_behind(before)), f"{part}, {cut!r}: {left}"
            check_nobody_is_there(flock, server)
        check_at_rest(flock)
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]


@EVERY_MOMENT
@EVERY_VIEWER
async def test_a_viewer_may_be_cut_off_while_the_server_sends_it_away(
    surface: Surface, *, greets: bool, moment: Moment, caplog: pytest.LogCaptureFixture
) -> None:
    await use_once()
    for part, cut in cuts_of_parts(moment):
        flock, engine = build(text="ow" * LONG)
        came: Came = []
        async with no_leaks():
            with cut_viewer(cut, part):
                async with flock.serving(port=0, token=TOKEN) as server:
                    await come(server, surface, came, greets=greets)
                    await flock.start_run("writer", [ServedIdea(topic="owls")])
                ((viewer, staying),) = came
                await staying
            assert viewer.code in ((None, 1001) if cut.is_reached else (1001,))
            check_nobody_is_there(flock, server)
            await finish(flock, engine)
            check_at_rest(flock)
        await flock.shutdown()
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]


@pytest.mark.parametrize("is_streaming", [True, False], ids=["streamed", "awaited"])
async def test_a_request_for_a_run_may_be_cut_off_anywhere_and_made_again(
    is_streaming: bool, caplog: pytest.LogCaptureFixture
) -> None:
    body = {"inputs": [{"type": "ServedIdea", "payload": {"topic": "owls"}}], "stream": is_streaming}
    await use_once()
    flock, engine = build()
    engine.gate.set()
    async with flock, flock.serving(port=0, token=TOKEN) as server:
        before = Held.now()
        for cut in cuts():
            headers = {"authorization": f"Bearer {TOKEN}", "idempotency-key": f"key {cut.k}"}
            async with httpx.AsyncClient(base_url=server.url, headers=headers, trust_env=False, verify=False) as http:
                with cut.tasks_of("run_asgi"), suppress(httpx.TransportError):
                    await http.post("/api/v1/agents/writer/run", json=body)
                answer = await http.post("/api/v1/agents/writer/run", json=body)
            assert answer.status_code == 200
            assert not (left := await left_behind(before)), f"{cut!r}: {left}"
            await flock.run_until_idle()
            check_idle(flock)
            assert len(server._viewers) == 0
        check_at_rest(flock)
    print(f"figure: request for a run: {cut.awaits} awaits")
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]


async def test_serving_leaves_the_garbage_collector_as_it_was() -> None:
    async with Flock("demo/writer", view=None) as flock:
        async with flock.serving(port=0, token=TOKEN):
            await flock.prepare()
        assert gc.get_freeze_count() == 0
