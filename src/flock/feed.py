"""Events for programs: an async iterator that knows where it is, so that one can leave and come back."""

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from typing import Self

from flock.audience import Audience
from flock.events import Event, wire_events
from flock.reader import Reader


class EventFeed(AsyncIterator[Event]):
    """What a viewer inside the program sees: `hello`, snapshots, then what happens, until it is closed.

    `cursor` is the place behind the last frame that was given whole: who leaves in the middle of a frame and resumes
    there sees the frame's first events again, and misses none. It is None before the first frame.
    """

    def __init__(self, reader: Reader, audience: Audience) -> None:
        self.cursor: str | None = None
        self._reader = reader
        self._audience = audience
        self._events = self._run()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Event:
        return await anext(self._events)

    async def aclose(self) -> None:
        """Stop watching."""
        await self._events.aclose()

    async def _run(self) -> AsyncGenerator[Event, None]:
        with self._audience.attend(self._reader, "program"):
            async with aclosing(self._reader.frames()) as frames:
                async for frame in frames:
                    events = wire_events(frame.items)
                    for event in events[:-1]:
                        yield event
                    self.cursor = str(frame.cursor)
                    for event in events[-1:]:
                        yield event
