"""Events for programs: an async iterator that knows where it is, so that one can leave and come back."""

from collections import deque
from collections.abc import AsyncIterator
from contextlib import ExitStack
from typing import Self

from flock.audience import Audience
from flock.cursor import NOWHERE
from flock.events import Event, wire_events
from flock.reader import Reader


class EventFeed(AsyncIterator[Event]):
    """What a viewer inside the program sees: `hello`, snapshots, then what happens, until it is closed.

    `cursor` is the place behind the last frame that was given whole: who leaves in the middle of a frame and resumes
    there sees the frame's first events again, and misses none. It is None before the first frame. A wait for the next
    event may be cancelled, by a timeout for example: the feed goes on with the next call, and nothing is lost.
    """

    def __init__(self, reader: Reader, audience: Audience) -> None:
        self.cursor: str | None = None
        self._reader = reader
        self._audience = audience
        self._attendance = ExitStack()
        self._is_attending = False
        self._is_over = False
        self._events: deque[Event] = deque()
        self._place = NOWHERE

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Event:
        if not self._is_attending and not self._is_over:
            self._is_attending = True
            self._attendance.enter_context(self._audience.attend(self._reader, "program"))
        while not self._events and not self._is_over:
            frame = await self._reader.next()
            if frame is None:
                await self.aclose()
            elif not self._is_over:
                self._events += wire_events(frame.items)
                self._place = frame.cursor
                self._note_place()
        if self._is_over:
            raise StopAsyncIteration
        event = self._events.popleft()
        self._note_place()
        return event

    async def aclose(self) -> None:
        """Stop watching."""
        self._is_over = True
        self._events.clear()
        self._attendance.close()

    def _note_place(self) -> None:
        if not self._events and self._place != NOWHERE:
            self.cursor = str(self._place)
