"""Run a coroutine as the main program: on uvloop where there is one, ended properly by Ctrl-C and SIGTERM."""

import asyncio
import signal
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

T = TypeVar("T")

BLOCKING_THREADS = 64
"""DSPy hops to a thread several times per call: with fewer threads than parallel runs, runs wait for each other."""


def run_to_end(main: Coroutine[Any, Any, T]) -> T:
    """Run `main` and give its result. Ctrl-C and SIGTERM cancel it: then `KeyboardInterrupt` is raised."""
    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        runner.get_loop().set_default_executor(ThreadPoolExecutor(BLOCKING_THREADS, thread_name_prefix="flock"))
        return runner.run(_terminable(main))


async def _terminable(main: Coroutine[Any, Any, T]) -> T:
    """Let SIGTERM do what Ctrl-C does: the runner's handler cancels this task."""
    before = signal.signal(signal.SIGTERM, signal.getsignal(signal.SIGINT))
    try:
        return await main
    finally:
        signal.signal(signal.SIGTERM, before)


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    try:
        import uvloop
    except ImportError:
        return None
    return uvloop.new_event_loop
