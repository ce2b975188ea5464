"""Move what happens from the journal to an outlet, at the outlet's pace."""

import asyncio
from collections.abc import Callable, Iterable
from contextlib import aclosing

from flock.audience import Audience, ViewerKind
from flock.cursor import Cursor
from flock.events import Event, wire_events
from flock.frames import FrameSource
from flock.reader import Reader
from flock.sinks.outlet import Outlet

Render = Callable[[Iterable[Event]], str]


class Pump:
    """Reads the journal as one viewer. One frame is in flight; a slow outlet means larger frames later."""

    def __init__(self, source: FrameSource, audience: Audience, kind: ViewerKind, cursor: Cursor | None) -> None:
        self._journal = source.journal
        self._audience = audience
        self._kind: ViewerKind = kind
        self._reader = Reader(source, cursor=cursor)
        self._offset = 0
        self._is_over = False
        self._moved = asyncio.Event()

    async def run(self, render: Render, outlet: Outlet) -> None:
        """Write until cancelled; raises what the outlet raises."""
        try:
            with self._audience.attend(self._reader, self._kind):
                async with aclosing(self._reader.frames()) as frames:
                    async for frame in frames:
                        text = render(wire_events(frame.items))
                        if text:
                            await outlet.write(text)
                        if frame.cursor.epoch == self._journal.epoch:
                            self._offset = frame.cursor.offset
                            self._move()
        finally:
            self._is_over = True
            self._move()

    async def drained(self) -> None:
        """Return when everything that is in the journal now was written, or the outlet is gone."""
        target = self._journal.head
        while self._offset < target and not self._is_over:
            await self._moved.wait()

    def _move(self) -> None:
        self._moved.set()
        self._moved = asyncio.Event()
