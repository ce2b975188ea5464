"""Work that may not be torn in the middle: once begun it goes to its end, and a cancellation takes effect after it."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


async def unbroken(work: Coroutine[Any, Any, T], *, must_begin: bool = False) -> T:
    """Await work to its end, in a task of its own, also where the caller is cancelled meanwhile: it is so afterwards.

    Cancelled before the first step, nothing is begun, unless it `must_begin`. The work must have a bound of its own:
    only the end of the event loop cancels it.
    """
    caller = asyncio.current_task()
    assert caller is not None
    cancelling_before = caller.cancelling()

    async def begin() -> T:
        if caller.cancelling() > cancelling_before and not must_begin:
            raise asyncio.CancelledError
        return await work

    task = asyncio.create_task(begin())
    cancelled: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.wait([task])
        except asyncio.CancelledError as exc:
            cancelled = exc
    work.close()  # where it was not begun
    if cancelled is not None:
        raise cancelled from None if task.cancelled() else task.exception()
    return task.result()
