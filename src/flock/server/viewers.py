"""The places for viewers of one server: how many there are, and when all are to leave."""

import asyncio
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress

from flock.server.refusals import TooManyViewersError

MAX_STRANGERS = 64
"""How many sockets may be waiting to show their token."""

DEPARTURE_S = 0.4
"""How long viewers may take to leave once they are told to."""


class Viewers:
    """Counts the live connections of one server. `departure` is set when all are to leave."""

    def __init__(self, *, max_viewers: int, max_strangers: int = MAX_STRANGERS) -> None:
        self.departure = asyncio.Event()
        self._max_viewers = max_viewers
        self._max_strangers = max_strangers
        self._viewers = 0
        self._strangers = 0
        self._emptied = asyncio.Event()

    def __len__(self) -> int:
        return self._viewers

    @contextmanager
    def place(self) -> Iterator[None]:
        """Take a place for as long as the block runs; raises `TooManyViewersError`."""
        if self._viewers >= self._max_viewers:
            raise TooManyViewersError(
                f"All {self._max_viewers} places for viewers are taken.",
                hint="Try again later, or close another one: a browser's tab takes a place, too.",
            )
        self._viewers += 1
        try:
            yield
        finally:
            self._viewers -= 1
            if not self._viewers:
                self._emptied.set()

    def take(self) -> ExitStack:
        """Take a place at once; closing what is given gives it back. Raises `TooManyViewersError`."""
        with ExitStack() as stack:
            stack.enter_context(self.place())
            return stack.pop_all()

    async def depart(self) -> None:
        """Tell all viewers to leave, and return when they have, or after `DEPARTURE_S`."""
        self.departure.set()
        self._emptied.clear()
        with suppress(TimeoutError):
            async with asyncio.timeout(DEPARTURE_S):
                if self._viewers:
                    await self._emptied.wait()

    @contextmanager
    def threshold(self) -> Iterator[None]:
        """Wait at the door for as long as the block runs; raises `TooManyViewersError`."""
        if self._strangers >= self._max_strangers:
            raise TooManyViewersError("Too many connections have not shown their token.", hint="Try again later.")
        self._strangers += 1
        try:
            yield
        finally:
            self._strangers -= 1
