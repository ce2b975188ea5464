"""Run a coroutine as the main program: on uvloop where there is one, ended properly by Ctrl-C and SIGTERM."""

import asyncio
import gc
import signal
import sys
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from types import FrameType
from typing import Any, TypeVar

T = TypeVar("T")

BLOCKING_THREADS = 64
"""DSPy hops to a thread several times per call: with fewer threads than parallel runs, runs wait for each other."""


YOUNG_OBJECTS = 10_000
"""After how many new objects the garbage collector looks at them: of what runs make, it seldom has to free any."""


class Terminated(KeyboardInterrupt):
    """The program was asked to end by SIGTERM or SIGHUP."""


def run_to_end(main: Coroutine[Any, Any, T]) -> T:
    """Run `main` and give its result.

    Ctrl-C cancels it, then `KeyboardInterrupt` is raised; SIGTERM and SIGHUP cancel it, too, and raise `Terminated`.
    """
    gc.set_threshold(YOUNG_OBJECTS)
    heard: list[int] = []
    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        runner.get_loop().set_default_executor(ThreadPoolExecutor(BLOCKING_THREADS, thread_name_prefix="flock"))
        try:
            return runner.run(_terminable(main, heard))
        except (KeyboardInterrupt, asyncio.CancelledError):
            if heard:
                raise Terminated from None
            raise


async def _terminable(main: Coroutine[Any, Any, T], heard: list[int]) -> T:
    """Let SIGTERM do what Ctrl-C does, the runner's handler cancels this task, and SIGHUP what SIGTERM does then.

    Programs that a shell starts in the background ignore Ctrl-C; SIGTERM ends them all the same.
    """
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    assert task is not None
    cancel = task.cancel

    def terminate(number: int, frame: FrameType | None) -> None:
        heard.append(number)
        if signal.getsignal(signal.SIGINT) != signal.SIG_IGN:
            signal.raise_signal(signal.SIGINT)
        elif len(heard) == 1:
            loop.call_soon_threadsafe(cancel)
        else:
            raise KeyboardInterrupt

    before = {signal.SIGTERM: signal.signal(signal.SIGTERM, terminate)}
    if sys.platform != "win32" and signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:
        before[signal.SIGHUP] = signal.signal(signal.SIGHUP, lambda *_: signal.raise_signal(signal.SIGTERM))
    try:
        return await main
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    try:
        import uvloop
    except ImportError:
        return None
    return uvloop.new_event_loop
