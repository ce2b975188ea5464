"""When viewers are told that there is more: at once after a quiet moment, paced under load.

All viewers that wait are woken together and read up to the same offset, which is what lets them share frames.
"""

import asyncio


class Pulse:
    """Paces what viewers see of a growing log.

    `published` is the offset up to which waiting viewers read. `interval_s` is the least time between two wakes.
    """

    def __init__(self, *, interval_s: float) -> None:
        self.interval_s = interval_s
        self.published = 0
        self.has_ended = False
        self._waiting: set[asyncio.Future[None]] = set()
        self._timer: asyncio.Handle | None = None
        self._last_s = float("-inf")
        self._head = 0

    def advance(self, head: int) -> None:
        """Note that the log now ends at `head`. Synchronous and O(1)."""
        self._head = head
        if self._waiting and self._timer is None:
            self._schedule()

    def end(self) -> None:
        """Publish the rest: nothing more is going to come."""
        self.has_ended = True
        if self._timer is not None:
            self._timer.cancel()
        self._beat()

    async def wait(self, offset: int, *, or_end: bool = False) -> None:
        """Return when there is something to read behind `offset`, where asked also when nothing more will come."""
        while self.published <= offset and not (or_end and self.has_ended):
            loop = asyncio.get_running_loop()
            future: asyncio.Future[None] = loop.create_future()
            self._waiting.add(future)
            if self._head > offset and self._timer is None:
                self._schedule()
            try:
                await future
            finally:
                self._waiting.discard(future)
                if not self._waiting and self._timer is not None:
                    self._timer.cancel()
                    self._timer = None

    def _schedule(self) -> None:
        loop = asyncio.get_running_loop()
        delay_s = self._last_s + self.interval_s - loop.time()
        self._timer = loop.call_soon(self._beat) if delay_s <= 0 else loop.call_later(delay_s, self._beat)

    def _beat(self) -> None:
        self._timer = None
        self._last_s = asyncio.get_running_loop().time()
        self.published = self._head
        woken, self._waiting = self._waiting, set()
        for future in woken:
            if not future.done():
                future.set_result(None)
