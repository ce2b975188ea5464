"""Three viewers of one served flock inside the test's own process: a WebSocket, an SSE client, a terminal."""

import asyncio
import io
import json
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import httpx
from httpx_sse import aconnect_sse
from websockets.asyncio.client import connect

from flock.events import ArtifactPublished, Event, OutputType, RunEvent, StreamingOutputEvent, decode_event
from flock.orchestrator import Flock
from flock.server.serving import Server
from flock.sinks.sanitize import VisibleText
from flock.sinks.terminal import Terminal


class Watcher:
    """What one viewer of the network has seen, as text and as events; tells when there is more."""

    def __init__(self) -> None:
        self.raw: list[str] = []
        self.events: list[Event] = []
        self.runs: defaultdict[str, list[Event]] = defaultdict(list)
        self.finals: Counter[str] = Counter()
        self.has_ended = False
        self._news = asyncio.Event()

    def take(self, message: str) -> None:
        """Take the next frame."""
        self.raw.append(message)
        frame: dict[str, Any] = json.loads(message, parse_constant=_refuse)
        for event in (decode_event(json.dumps(event)) for event in frame["events"]):
            self.events.append(event)
            if isinstance(event, RunEvent | ArtifactPublished) and event.run_id is not None:
                self.runs[event.run_id].append(event)
            if isinstance(event, StreamingOutputEvent) and event.is_final:
                self.finals[event.run_id] += 1
        news, self._news = self._news, asyncio.Event()
        news.set()

    async def until(self, is_true: Callable[[], bool]) -> None:
        """Return when something is true of what was seen; raises `AssertionError` where the viewer has ended."""
        while not is_true():
            assert not self.has_ended, "the viewer has ended"
            await self._news.wait()

    async def until_final(self, run_id: str) -> None:
        """Return when the end of a run was seen."""
        await self.until(lambda: bool(self.finals[run_id]))

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Watch for as long as the block runs."""
        try:
            yield
        finally:
            self.has_ended = True
            self._news.set()


class Screen:
    """What a terminal shows in the lines view."""

    def __init__(self, terminal: Terminal, out: io.StringIO) -> None:
        self._terminal = terminal
        self._out = out

    async def drained(self) -> None:
        """Return when everything that has happened is shown."""
        await self._terminal.drained()

    @property
    def lines(self) -> list[str]:
        """All lines that were ever shown."""
        return self._out.getvalue().splitlines()


class Watchers:
    """All three."""

    def __init__(self, socket: Watcher, sse: Watcher, screen: Screen) -> None:
        self.socket = socket
        self.sse = sse
        self.screen = screen

    async def until_final(self, *run_ids: str) -> None:
        """Return when each of them has seen the end of these runs."""
        for run_id in run_ids:
            for watcher in (self.socket, self.sse):
                await watcher.until_final(run_id)
        await self.screen.drained()


def _refuse(constant: str) -> None:
    """Refuse what Python reads and browsers do not: NaN and the infinities."""
    raise AssertionError(f"{constant} is no JSON")


def texts(events: Iterable[Event], field: str | None, output_type: OutputType = "llm_token") -> defaultdict[int, str]:
    """Give a field's text by attempt, those included that are void by now."""
    found: defaultdict[int, str] = defaultdict(str)
    for event in events:
        if isinstance(event, StreamingOutputEvent) and (event.field, event.output_type) == (field, output_type):
            found[event.attempt] += event.content
    return found


def lines_of(agent: str, lines: Iterable[str]) -> list[str]:
    """Give an agent's lines among those of a terminal, without its name."""
    return [text for name, _, text in (line.partition(" │ ") for line in lines) if name.strip() == agent]


def as_shown(text: str) -> str:
    """Give a text as a terminal shows it."""
    visible = VisibleText()
    return visible.feed(text) + visible.end()


@asynccontextmanager
async def watching(flock: Flock, server: Server) -> AsyncIterator[Watchers]:
    """Watch a served flock with all three for as long as the block runs."""
    headers = {"authorization": f"Bearer {server.token}"}
    out = io.StringIO()
    terminal = Terminal(flock.frames, flock.audience, view="lines", out=out)
    socket, sse = Watcher(), Watcher()
    tasks = [
        asyncio.create_task(_watch_socket(socket, server.url.replace("http", "ws", 1), headers)),
        asyncio.create_task(_watch_sse(sse, server.url, headers)),
        asyncio.create_task(terminal.run()),
    ]
    try:
        for watcher in (socket, sse):
            await watcher.until(lambda watcher=watcher: bool(watcher.raw))  # type: ignore[misc]  # bound at once
        yield Watchers(socket, sse, Screen(terminal, out))
    finally:
        for task in tasks:
            task.cancel()
        ended = await asyncio.gather(*tasks, return_exceptions=True)
        failures = [failure for failure in ended if isinstance(failure, Exception)]
        if failures:
            raise ExceptionGroup("viewers failed", failures)


async def _watch_socket(watcher: Watcher, url: str, headers: dict[str, str]) -> None:
    with watcher.watching():
        async with connect(f"{url}/ws", additional_headers=headers, max_size=None, proxy=None) as socket:
            async for message in socket:
                watcher.take(message if isinstance(message, str) else message.decode())


async def _watch_sse(watcher: Watcher, url: str, headers: dict[str, str]) -> None:
    with watcher.watching():
        async with httpx.AsyncClient(timeout=None, headers=headers, trust_env=False, verify=False) as http:
            async with aconnect_sse(http, "GET", f"{url}/api/v1/events") as source:
                async for event in source.aiter_sse():
                    if event.data:  # httpx-sse makes an event of every comment
                        watcher.take(event.data)
