"""A journal with streams and an audience, runs that a test writes to, and what the terminal views make of them."""

import asyncio
import io
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager, suppress
from types import TracebackType
from typing import Self, TextIO
from uuid import uuid4

from pydantic import BaseModel

from flock.admission import StreamSettings
from flock.artifacts import Artifact
from flock.audience import Audience
from flock.events import ArtifactSlot, Event, RuntimeMode, StreamPriority, wire_events
from flock.frames import FrameSource
from flock.journal import Journal
from flock.redaction import Redactor
from flock.sinks.rendering import Rendering, ViewName
from flock.sinks.terminal import Terminal
from flock.streams import Streams


class Text(BaseModel):
    """The artifact of these runs."""

    body: str = ""


class Run:
    """One run of an agent, open as long as the block: writes, and completes unless it fails."""

    def __init__(
        self, stage: "Stage", name: str, priority: StreamPriority, settings: StreamSettings, mode: RuntimeMode
    ) -> None:
        self.id = f"run-{stage.count}"
        self._artifact_id = uuid4()
        slot = ArtifactSlot(artifact_id=str(self._artifact_id), type="Text")
        self._open = stage.streams.open(
            run_id=self.id,
            agent_name=name,
            correlation_id="c",
            artifacts=[slot],
            inputs=[],
            engine="Test",
            model="demo/test?seed=1",
            is_simulated=True,
            priority=priority,
        )
        self._mode: RuntimeMode = mode
        self._settings = settings
        self._stack = ExitStack()
        self._body = ""

    def __enter__(self) -> Self:
        self._stack.enter_context(self._open)
        self.writer, self.decision = self._stack.enter_context(self._open.running(self._mode, self._settings))
        return self

    def write(self, text: str) -> None:
        """Write text of the artifact's one field."""
        self._body += text
        self.writer.append(text, field="body")

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        if error is None:
            artifact = Artifact(id=self._artifact_id, type="Text", payload=Text(body=self._body))
            self._open.complete([artifact], usage={"completion_tokens": 7})
        self._stack.__exit__(kind, error, trace)
        return True


class Stage:
    """A journal with streams and an audience: what a flock has, without agents."""

    def __init__(self, *, max_bytes: int = 64 * 2**20, viewers: int = 1) -> None:
        self.journal = Journal(flush_interval_s=0, max_bytes=max_bytes)
        self.frames = FrameSource(self.journal)
        self.audience = Audience()
        self.streams = Streams(self.journal, self.audience, Redactor())
        self.count = 0
        self._viewers = ExitStack()
        for _ in range(viewers):
            self._viewers.enter_context(self.audience.attend(Nobody(), "program"))

    def run(
        self,
        name: str,
        *,
        priority: StreamPriority = "normal",
        settings: StreamSettings = StreamSettings(),  # noqa: B008 - frozen
        mode: RuntimeMode = "cli",
    ) -> Run:
        """Open a run."""
        self.count += 1
        return Run(self, name, priority, settings, mode)

    def tell(self, name: str, text: str, *, priority: StreamPriority = "normal") -> None:
        """Run an agent that says one thing."""
        with self.run(name, priority=priority) as run:
            run.write(text)

    def events(self) -> list[Event]:
        """Give all events so far."""
        return wire_events(self.journal.read(0, max_bytes=2**30).items)

    def rendered(self, view: ViewName) -> str:
        """Give what a view writes into a pipe."""
        rendering = Rendering(view, io.StringIO())
        return rendering.take(self.events()) + rendering.end()

    @asynccontextmanager
    async def terminal(self, view: ViewName, out: TextIO) -> AsyncIterator[Terminal]:
        """A terminal that shows everything from the beginning; it has shown all when the block ends."""
        terminal = Terminal(self.frames, self.audience, view=view, out=out, cursor=self.journal.cursor(0))
        task = asyncio.create_task(terminal.run())
        try:
            yield terminal
            await terminal.drained()
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task


class Nobody:
    """A viewer that only attends."""

    lag = 0
