"""The main job, end to end: ten agents, a model server, three viewers, each in a process of its own."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from pydantic import BaseModel

from flock.artifacts import flock_type
from flock.engines.dspy_engine import DSPyEngine
from flock.events import Event, Snapshot, StreamingOutputEvent, decode_event
from flock.orchestrator import Flock
from flock.server.serving import Server
from flock.testing import record
from tests.servers.process import ROOT, OpenAIServer, run_openai_server
from tests.servers.script import Script
from tests.validators import SeenStream, check_streams

AGENTS = 10
TOKENS = 200
GATED = Script(steps=[("gate", "go"), ("answer", None)], tokens=TOKENS, repeat=True)


@flock_type(name="main.Idea")
class Idea(BaseModel):
    topic: str


@flock_type(name="main.Post")
class Post(BaseModel):
    title: str
    body: str


@pytest.fixture(scope="module")
def server_process() -> Iterator[OpenAIServer]:
    with run_openai_server() as server:
        yield server


@pytest.fixture
async def models(server_process: OpenAIServer) -> OpenAIServer:
    await server_process.reset()
    return server_process


def build(models: OpenAIServer, *, agents: int = AGENTS) -> Flock:
    flock = Flock("openai/test", base_url=models.base_url, view=None)
    for number in range(agents):
        flock.agent(f"agent_{number}").description("Writes").consumes(Idea).publishes(Post).engine(DSPyEngine())
    return flock


class Viewer:
    """A client in a process of its own, and what it has seen so far."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self.frames: list[dict[str, Any]] = []
        self.close_code: int | None = None

    async def frame(self) -> dict[str, Any]:
        """Read one more frame."""
        assert self._process.stdout is not None
        line = await self._process.stdout.readline()
        assert line, "the viewer ended"
        frame: dict[str, Any] = json.loads(line)
        if "close" in frame:
            self.close_code = frame["close"]
        else:
            self.frames.append(frame)
        return frame

    async def rest(self) -> "Viewer":
        """Read to the client's end."""
        assert self._process.stdout is not None
        while not self._process.stdout.at_eof():
            line = await self._process.stdout.readline()
            if line:
                frame = json.loads(line)
                if "close" in frame:
                    self.close_code = frame["close"]
                else:
                    self.frames.append(frame)
        assert await self._process.wait() == 0
        return self

    @property
    def events(self) -> list[Event]:
        """All events, decoded."""
        return [decode_event(json.dumps(event)) for frame in self.frames for event in frame["events"]]


@asynccontextmanager
async def viewer(server: Server, surface: str, *options: str, query: str = "") -> AsyncIterator[Viewer]:
    """Start a viewer process and wait until it was greeted."""
    assert server.token is not None
    path = {"ws": "/ws", "sse": "/api/v1/events"}[surface]
    url = f"{server.url}{path}{query}"
    if surface == "ws":
        url = url.replace("http://", "ws://")
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", f"tests.clients.{surface}", url, "--token", server.token, *options),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
        limit=2**24,
    )
    try:
        seen = Viewer(process)
        first = await seen.frame()
        assert first["events"][0]["type"] == "hello"
        yield seen
    finally:
        if process.returncode is None:
            process.terminate()
            await process.wait()


async def watch(flock: Flock, *, finals: int) -> list[Event]:
    """Watch live inside the program until that many runs have ended."""
    seen: list[Event] = []
    feed = flock.events()
    async for event in feed:
        seen.append(event)
        finals -= isinstance(event, StreamingOutputEvent) and event.is_final
        if finals == 0:
            break
    await feed.aclose()
    return seen


def check_posts(seen: dict[str, SeenStream], flock: Flock) -> None:
    """Hold what one viewer saw against the artifacts: every token once, in order."""
    runs = {run.run_id: run for run in flock.runs.all()}
    assert seen.keys() == runs.keys()
    for run_id, stream in seen.items():
        (artifact,) = runs[run_id].artifacts
        assert isinstance(artifact.payload, Post)
        assert stream.text("title") == artifact.payload.title
        assert stream.text("body") == artifact.payload.body
        assert len(artifact.payload.body.split()) == TOKENS
        assert stream.outcome is not None
        assert all(field.matches for field in stream.outcome.fields)


@pytest.mark.parametrize("dashboard", [True, False])
async def test_every_viewer_gets_every_token_of_ten_agents(models: OpenAIServer, dashboard: bool) -> None:
    await models.script(GATED)
    flock = build(models)
    until = ("--until", f"final={AGENTS}")
    async with flock.serving(dashboard=dashboard, port=0) as server:
        async with viewer(server, "ws", *until) as web, viewer(server, "sse", *until) as sse:
            inside = asyncio.create_task(watch(flock, finals=AGENTS))
            await flock.publish(Idea(topic="owls"))
            await models.wait_at_gate("go", count=AGENTS)
            assert flock.active_streams == AGENTS
            await models.release("go")
            await flock.run_until_idle(timeout=30)
            await asyncio.gather(web.rest(), sse.rest(), inside)
    assert flock.active_streams == 0
    for events in (web.events, sse.events, inside.result()):
        check_posts(check_streams(events), flock)


async def test_a_terminal_program_never_has_more_than_one_live_stream(models: OpenAIServer) -> None:
    await models.script(GATED)
    flock = build(models)
    with record(flock) as recording:
        await flock.publish(Idea(topic="owls"))
        await models.wait_at_gate("go", count=AGENTS)
        assert flock.active_streams == 1
        await models.release("go")
        await flock.run_until_idle(timeout=30)
    await flock.shutdown()
    check_posts(check_streams(recording.events), flock)
    assert flock.active_streams == 0


@pytest.mark.parametrize("surface", ["ws", "sse"])
async def test_a_viewer_that_reconnects_misses_nothing(models: OpenAIServer, surface: str) -> None:
    head = "[[ ## title ## ]]\nA\n\n[[ ## body ## ]]\n"
    await models.script(Script(steps=[("text", head), ("text", "one "), ("gate", "go"), ("text", "two")], repeat=True))
    flock = build(models)
    async with flock.serving(dashboard=True, port=0) as server:
        async with viewer(server, surface) as first:
            await flock.publish(Idea(topic="owls"))
            await models.wait_at_gate("go", count=AGENTS)
            while not any(isinstance(event, StreamingOutputEvent) for event in first.events):
                await first.frame()
        cursor = first.frames[-1]["cursor"]
        await models.release("go")
        async with viewer(server, surface, "--cursor", cursor, "--until", f"final={AGENTS}") as second:
            await second.rest()
        await flock.run_until_idle(timeout=30)
    resumed = second.events[1:]
    assert not any(isinstance(event, Snapshot) for event in resumed)
    streams = check_streams([*first.events, *resumed])
    assert len(streams) == AGENTS
    assert {stream.text("body") for stream in streams.values()} == {"one two"}


@pytest.mark.parametrize("surface", ["ws", "sse"])
async def test_a_viewer_that_joins_late_gets_all_text(models: OpenAIServer, surface: str) -> None:
    await models.script(Script(tokens=TOKENS, repeat=True))
    flock = build(models)
    async with flock.serving(dashboard=True, port=0) as server:
        await flock.publish(Idea(topic="owls"))
        await flock.run_until_idle(timeout=30)
        async with viewer(server, surface, "--until", f"final={AGENTS}") as late:
            await late.rest()
    check_posts(check_streams(late.events), flock)


async def test_a_cancelled_run_closes_its_connection_and_ends_once_on_every_surface(models: OpenAIServer) -> None:
    await models.script(Script(steps=[("text", "[[ ## title ## ]]\nHalf a title"), ("gate", "never")], repeat=True))
    flock = build(models, agents=1)
    until = ("--until", "final=1")
    async with flock.serving(dashboard=True, port=0) as server:
        async with viewer(server, "ws", *until) as web, viewer(server, "sse", *until) as sse:
            with record(flock) as recording:
                await flock.publish(Idea(topic="owls"))
                await models.wait_at_gate("never")
                (run,) = flock.runs.unfinished
                assert flock.cancel(run.run_id)
                await models.wait_for("closed_early")
                await flock.run_until_idle(timeout=10)
            await asyncio.gather(web.rest(), sse.rest())
    for events in (web.events, sse.events, recording.events):
        (stream,) = check_streams(events).values()
        assert stream.outcome is not None
        assert stream.outcome.status == "cancelled"
    assert run.state == "cancelled"
    assert not flock.cancel(run.run_id), "it has ended"
