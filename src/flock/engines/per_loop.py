"""Things that belong to one event loop: made when it first needs them, closed when it ends."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from typing import Generic, NamedTuple, Protocol, TypeVar


class Closable(Protocol):
    """What can be closed."""

    async def close(self) -> None:
        """Close it; nothing is left open."""


T = TypeVar("T", bound=Closable)


class _Kept(NamedTuple, Generic[T]):
    scope: AsyncGenerator[T, None]
    thing: T


class PerLoop(Generic[T]):
    """Gives each event loop a thing of its own, made by `make`.

    A program may run several loops one after the other (`asyncio.run` twice) or at once in several threads.
    """

    def __init__(self, make: Callable[[], T]) -> None:
        self._make = make
        self._kept: dict[asyncio.AbstractEventLoop, _Kept[T]] = {}

    async def get(self) -> T:
        """Give the running loop's thing; make it when there is none yet."""
        loop = asyncio.get_running_loop()
        kept = self._kept.get(loop)
        if kept is None:
            for other in list(self._kept):  # a list, since other threads add to it
                if other.is_closed():
                    self._kept.pop(other, None)
            # A loop's last act is to close the asynchronous generators that began in it, and with them the thing.
            scope = self._scope()
            kept = self._kept[loop] = _Kept(scope, await anext(scope))
        return kept.thing

    async def aclose(self) -> None:
        """Close the running loop's thing; another loop's is closed when that loop ends."""
        kept = self._kept.pop(asyncio.get_running_loop(), None)
        if kept is not None:
            await kept.scope.aclose()

    async def _scope(self) -> AsyncGenerator[T, None]:
        thing = self._make()
        try:
            yield thing
        finally:
            await thing.close()
