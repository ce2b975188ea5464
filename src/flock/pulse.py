"""When viewers are told that there is more: at once after a quiet moment, then after longer gaps, paced under load.

All viewers are told together and read up to the same offset, which is what lets them share frames. Who keeps up
listens, and is called in the beat itself; who does not waits, and is woken by it.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager

GAPS = (0.0, 1 / 8, 1 / 4, 1 / 2, 1.0)
"""The least time before each beat after a quiet moment, in intervals; the last one holds until it is quiet again.

Agents that start together say their first words within milliseconds: only one of them would be seen at once.
"""


class Pulse:
    """Paces what viewers see of a growing log.

    `published` is the offset up to which viewers read. `interval_s` is the least time between two beats under load, and
    how long nothing happens in a quiet moment.
    """

    def __init__(self, *, interval_s: float) -> None:
        self.interval_s = interval_s
        self.published = 0
        self.has_ended = False
        self._waiting: set[asyncio.Future[None]] = set()
        self._listeners: Counter[Callable[[], None]] = Counter()
        self._timer: asyncio.Handle | None = None
        self._last_s = float("-inf")
        self._beats = 0
        self._head = 0

    def advance(self, head: int) -> None:
        """Note that the log now ends at `head`. Synchronous and O(1)."""
        self._head = head
        if (self._listeners or self._waiting) and self._timer is None:
            self._schedule()

    def end(self) -> None:
        """Publish the rest: nothing more is going to come."""
        self.has_ended = True
        if self._timer is not None:
            self._timer.cancel()
        self._beat()

    @contextmanager
    def listening(self, on_beat: Callable[[], None], offset: int) -> Iterator[None]:
        """Call `on_beat` in every beat for as long as the block runs, soon where there is more behind `offset` now.

        Once per beat, however many blocks run with it. It must neither take long nor raise.
        """
        self._listeners[on_beat] += 1
        self._expect(offset)
        try:
            yield
        finally:
            self._listeners[on_beat] -= 1
            if not self._listeners[on_beat]:
                del self._listeners[on_beat]
            self._rest()

    async def wait(self, offset: int, *, or_end: bool = False) -> None:
        """Return when there is something to read behind `offset`, where asked also when nothing more will come."""
        while self.published <= offset and not (or_end and self.has_ended):
            loop = asyncio.get_running_loop()
            future: asyncio.Future[None] = loop.create_future()
            self._waiting.add(future)
            self._expect(offset)
            try:
                await future
            finally:
                self._waiting.discard(future)
                self._rest()

    def _expect(self, offset: int) -> None:
        """See to a beat where somebody wants what is behind `offset` already."""
        if self._head > offset and self._timer is None:
            self._schedule()

    def _rest(self) -> None:
        """Plan no beat that nobody wants."""
        if not (self._listeners or self._waiting) and self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _schedule(self) -> None:
        loop = asyncio.get_running_loop()
        now_s = loop.time()
        if now_s - self._last_s >= self.interval_s:
            self._beats = 0
        delay_s = self._last_s + self.interval_s * GAPS[self._beats] - now_s
        self._timer = loop.call_soon(self._beat) if delay_s <= 0 else loop.call_later(delay_s, self._beat)

    def _beat(self) -> None:
        self._timer = None
        self._last_s = asyncio.get_running_loop().time()
        self._beats = min(self._beats + 1, len(GAPS) - 1)
        self.published = self._head
        woken, self._waiting = self._waiting, set()
        for future in woken:
            if not future.done():
                future.set_result(None)
        for on_beat in tuple(self._listeners):
            on_beat()
