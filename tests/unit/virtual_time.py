"""An event loop whose clock jumps to the next timer: what is timed is exact, and takes no time."""

import asyncio
import selectors
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


class _Jump(selectors.SelectSelector):
    """Waits for nothing: it moves the clock on instead."""

    def __init__(self) -> None:
        super().__init__()
        self.now_s = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if not ready:
            assert timeout is not None, "everybody waits, and nothing will happen any more"
            self.now_s += timeout
        return ready


class VirtualLoop(asyncio.SelectorEventLoop):
    """A loop without real time. `timers` are the calls that are still to come."""

    def __init__(self) -> None:
        self._jump = _Jump()
        super().__init__(self._jump)

    def time(self) -> float:
        return self._jump.now_s

    @property
    def timers(self) -> list[asyncio.TimerHandle]:
        scheduled: list[asyncio.TimerHandle] = vars(self)["_scheduled"]
        return [handle for handle in scheduled if not handle.cancelled()]


def run_in_virtual_time(main: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine to its end; leaves no timer behind."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        result = runner.run(main)
        loop = runner.get_loop()
        assert isinstance(loop, VirtualLoop)
        assert loop.timers == []
        return result


def in_virtual_time(test: Callable[[], Coroutine[None, None, None]]) -> Callable[[], None]:
    """Make a test of a coroutine function, run in virtual time."""

    def run() -> None:
        run_in_virtual_time(test())

    run.__name__ = test.__name__
    return run


def timers() -> int:
    """Count the running loop's calls that are still to come."""
    loop = asyncio.get_running_loop()
    assert isinstance(loop, VirtualLoop)
    return len(loop.timers)


def now_s() -> float:
    """Give the running loop's time."""
    return round(asyncio.get_running_loop().time(), 6)


async def turns(count: int = 5) -> None:
    """Let everybody who can run do so."""
    for _ in range(count):
        await asyncio.sleep(0)


async def keep_doing(act: Callable[[], None], *, seconds: float, every_s: float = 0.1) -> None:
    """Act again and again for some time."""
    for _ in range(round(seconds / every_s)):
        act()
        await asyncio.sleep(every_s)
