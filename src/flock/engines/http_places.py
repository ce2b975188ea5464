"""How many exchanges one client may have under way in one event loop; both ways to speak HTTP share it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from flock.engines.http_errors import NoPlaceError


class Places:
    """Gives out at most `limit` places at once; whoever finds none waits, first come, first served."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._free = asyncio.Semaphore(limit)

    async def take(self, timeout_s: float) -> float:
        """Take a place, to be given back; gives how many seconds of the time are left. Raises `NoPlaceError`."""
        if not self._free.locked():
            await self._free.acquire()
            return timeout_s
        loop = asyncio.get_running_loop()
        until = loop.time() + timeout_s
        try:
            async with asyncio.timeout_at(until):
                await self._free.acquire()
        except TimeoutError:
            raise NoPlaceError(self._limit) from None
        return max(until - loop.time(), 0)

    def give_back(self) -> None:
        """Give a place to who waits for one."""
        self._free.release()

    @asynccontextmanager
    async def place(self, timeout_s: float) -> AsyncIterator[float]:
        """Hold a place for as long as the block runs; see `take`."""
        left_s = await self.take(timeout_s)
        try:
            yield left_s
        finally:
            self.give_back()
