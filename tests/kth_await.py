"""Cancel a coroutine at its k-th await, for every k, and insist that it lets the cancellation through."""

import asyncio
from collections.abc import Callable, Coroutine, Generator, Iterator
from contextlib import contextmanager
from functools import partial
from itertools import count
from types import coroutine
from typing import Any, Literal, TypeVar, get_args

T = TypeVar("T")

Moment = Literal["asleep", "woken"]
"""When it strikes: while the coroutine waits, or when what it waited for has come and it has not gone on yet."""

MOMENTS: tuple[Moment, ...] = get_args(Moment)

MAX_AWAITS = 1000
"""A coroutine that awaits more often is too long to be cut everywhere."""


class Cut:
    """One life of a coroutine, struck at its await number `k`; `awaits` counts those it has come to.

    An await is a suspension: one that has its result at once is none. To strike is to cancel the task, or whatever
    `strike` does instead.
    """

    def __init__(self, k: int, moment: Moment = "asleep") -> None:
        self.k = k
        self.moment = moment
        self.awaits = 0
        self.task: asyncio.Task[Any] | None = None

    def __repr__(self) -> str:
        return f"Cut({self.k}, {self.moment!r})"

    @property
    def is_reached(self) -> bool:
        """Whether the coroutine came to the await."""
        return self.awaits >= self.k

    async def run(self, work: Coroutine[Any, Any, T], strike: Callable[[], object] | None = None) -> T | None:
        """Run `work` in a task of its own; gives its result, None where it was cancelled.

        Raises `AssertionError` where it swallows its cancellation, and what it raises instead of it.
        """
        task = asyncio.create_task(self._driven(work, strike))
        await asyncio.wait([task])
        if task.cancelled():
            assert self.is_reached, "cancelled by something else"
            return None
        result = task.result()
        assert not self.is_reached or strike is not None, f"{self!r}: the cancellation was swallowed"
        return result

    @contextmanager
    def tasks_of(self, name: str, strike: Callable[[], object] | None = None) -> Iterator[None]:
        """Cut the first task made in the block whose coroutine's qualified name ends like this."""
        loop = asyncio.get_running_loop()
        before = loop.get_task_factory()

        def make(loop: asyncio.AbstractEventLoop, work: Any, **options: Any) -> asyncio.Task[Any]:
            if self.task is None and work.__qualname__.endswith(name):
                self.task = task = asyncio.Task(self._driven(work, strike), loop=loop, **options)
                return task
            return asyncio.Task(work, loop=loop, **options)

        loop.set_task_factory(make)
        try:
            yield
        finally:
            loop.set_task_factory(before)

    async def _driven(self, work: Coroutine[Any, Any, T], strike: Callable[[], object] | None) -> T:
        task = asyncio.current_task()
        assert task is not None
        return await self._drive(work, strike or task.cancel)

    @coroutine
    def _drive(self, work: Coroutine[Any, Any, T], strike: Callable[[], object]) -> Generator[Any, Any, T]:
        step: Callable[[], Any] = partial(work.send, None)
        while True:
            try:
                awaited = step()
            except StopIteration as end:
                result: T = end.value
                return result
            self.awaits += 1
            if self.awaits == self.k:
                self._strike(awaited, strike)
            try:
                step = partial(work.send, (yield awaited))
            except BaseException as exc:  # noqa: BLE001 - whatever comes is the coroutine's
                step = partial(work.throw, exc)

    def _strike(self, awaited: object, strike: Callable[[], object]) -> None:
        if self.moment == "woken" and isinstance(awaited, asyncio.Future):
            awaited.add_done_callback(lambda _: strike())  # before the task's own: it is told first
        else:
            strike()


def cuts(moment: Moment = "asleep") -> Iterator[Cut]:
    """Give a cut for k = 1, 2, …, up to the first that is not reached: that coroutine's life was whole."""
    for k in count(1):
        assert k <= MAX_AWAITS, f"more than {MAX_AWAITS} awaits"
        cut = Cut(k, moment)
        yield cut
        if not cut.is_reached:
            return
