"""Where the tasks of runs live: a task group that is there only while there is work."""

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine
from contextvars import copy_context
from typing import Any


class Work:
    """One piece of work. It can be cancelled before it has a task, too."""

    __slots__ = ("_context", "_is_cancelled", "_name", "_run", "_task", "on_end")

    def __init__(self, name: str, run: Callable[[], Coroutine[Any, Any, None]], on_end: Callable[[], None]) -> None:
        self._name = name
        self._run = run
        self.on_end = on_end
        self._context = copy_context()
        self._task: asyncio.Task[None] | None = None
        self._is_cancelled = False

    def cancel(self) -> None:
        """Ask the work to stop."""
        self._is_cancelled = True
        if self._task is not None:
            self._task.cancel()

    def begin(self, group: asyncio.TaskGroup) -> asyncio.Task[None]:
        """Do the work in a task of the group. To be called once."""
        task = self._task = group.create_task(self._run(), name=self._name, context=self._context)
        del self._run, self._name, self._context  # the task has what it needs of them
        if self._is_cancelled:
            task.cancel()
        return task


class Nursery:
    """Owns tasks that synchronous code starts, through a `TaskGroup` in a supervisor that ends with the last of them.

    Work must end its own errors: one that leaks out ends all other work, as a task group does. An empty nursery holds
    nothing of an event loop, so it can be used on several, one after the other.
    """

    def __init__(self) -> None:
        self._pending: deque[Work] = deque()
        self._live = 0
        self._group: asyncio.TaskGroup | None = None
        self._supervisor: asyncio.Task[None] | None = None

    @property
    def is_ending(self) -> bool:
        """Whether the event loop ends and takes all work with it, so that none can be started."""
        return self._supervisor is not None and self._supervisor.cancelling() > 0

    def start(self, name: str, run: Callable[[], Coroutine[Any, Any, None]], on_end: Callable[[], None]) -> Work:
        """Start work on the running loop; `on_end` is called when it has ended, even where it never took a step."""
        work = Work(name, run, on_end)
        if self._live and self._group is not None:
            self._spawn(self._group, work)
            return work
        if self._supervisor is None or self._supervisor.done():
            self._supervisor = asyncio.get_running_loop().create_task(self._supervise(), name="flock runs")
            self._supervisor.add_done_callback(self._clear)
        self._pending.append(work)
        return work

    async def empty(self) -> None:
        """Return when all work has ended and no task is left."""
        while self._supervisor is not None and not self._supervisor.done():
            await asyncio.wait([self._supervisor])

    async def _supervise(self) -> None:
        while self._pending:
            try:
                async with asyncio.TaskGroup() as self._group:
                    while self._pending:
                        self._spawn(self._group, self._pending.popleft())
            except (KeyboardInterrupt, SystemExit):
                # The task that raised it has stopped the loop with it already; raising it again would stop the
                # loop's own clean-up.
                return

    def _spawn(self, group: asyncio.TaskGroup, work: Work) -> None:
        task = work.begin(group)
        self._live += 1

        def end(_: asyncio.Task[None]) -> None:
            self._live -= 1
            work.on_end()

        task.add_done_callback(end)

    def _clear(self, supervisor: asyncio.Task[None]) -> None:
        """Forget the group; what it had no time to start has ended, too."""
        if supervisor is self._supervisor:
            self._supervisor = self._group = None
            while self._pending:
                self._pending.popleft().on_end()
