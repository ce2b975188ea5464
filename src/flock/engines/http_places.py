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

    @asynccontextmanager
    async def place(self, timeout_s: float) -> AsyncIterator[float]:
        """Hold a place; gives how many seconds of the time are left. Raises `NoPlaceError` when there are none."""
        loop = asyncio.get_running_loop()
        until = loop.time() + timeout_s
        try:
            async with asyncio.timeout_at(until):
                await self._free.acquire()
        except TimeoutError:
            raise NoPlaceError(self._limit) from None
        try:
            yield max(until - loop.time(), 0)
        finally:
            self._free.release()
