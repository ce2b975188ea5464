"""Import what takes seconds (DSPy, LiteLLM) in a thread: the event loop goes on, and the end of the process comes soon.

Modules belong to the process, and so do the imports that are under way: whoever needs one waits for the same.
"""

import asyncio
import atexit
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from importlib import import_module
from importlib.machinery import ModuleSpec
from types import ModuleType

PAUSE_S = 50e-6
"""How long the import rests before each module, so that the event loop gets a word in."""


class _Import:
    """The import of one module, which rests before each further one, and goes no further once it is to stop.

    It is the first of the finders meanwhile, which are asked for every module that is not loaded yet.
    """

    def __init__(self, name: str) -> None:
        self.done: Future[ModuleType] = Future()
        self.done.set_running_or_notify_cancel()  # a waiter that is cancelled does not cancel it for the others
        self._name = name
        self._is_stopped = False
        # Neither a user's thread nor one of the loop's executor: both would be waited for at the end of the process.
        self._thread = threading.Thread(target=self._run, name=f"flock import {name}", daemon=True)

    def start(self) -> None:
        """Begin; `done` gets the module or the error."""
        self._thread.start()

    def stop(self) -> None:
        """End the thread before its next module. A daemon that is cut off while the interpreter ends may crash it."""
        self._is_stopped = True
        while self._thread.is_alive():
            with suppress(KeyboardInterrupt):
                self._thread.join()

    def find_spec(self, name: str, path: object = None, target: object = None) -> ModuleSpec | None:
        """Find nothing; raises `SystemExit` in the own thread where it is to stop."""
        if threading.current_thread() is self._thread:
            if self._is_stopped:
                raise SystemExit
            time.sleep(PAUSE_S)
        return None

    def _run(self) -> None:
        try:
            with self._asked_first():
                module = import_module(self._name)
        except BaseException as exc:  # noqa: BLE001 - it is for whoever waits
            self.done.set_exception(exc)
        else:
            self.done.set_result(module)

    @contextmanager
    def _asked_first(self) -> Iterator[None]:
        """Be the first finder. The list is always a new one: of a changed one, other threads might miss a finder."""
        sys.meta_path = [self, *sys.meta_path]
        try:
            yield
        finally:
            sys.meta_path = [finder for finder in sys.meta_path if finder is not self]


class _Imports:
    """The imports of this process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._by_name: dict[str, _Import] = {}

    def begin(self, name: str) -> Future[ModuleType]:
        """Begin to import a module, unless that is under way; once it is imported, that takes no time."""
        with self._lock:
            known = self._by_name.get(name)
            if known is None or known.done.done():
                known = self._by_name[name] = _Import(name)
                known.start()
            return known.done

    def stop(self) -> None:
        """Stop what is under way."""
        for running in list(self._by_name.values()):
            running.stop()


_imports = _Imports()
atexit.register(_imports.stop)


async def load(name: str) -> ModuleType:
    """Import a module beside the event loop; raises what its import raises. Cancelling ends the wait only."""
    return await asyncio.wrap_future(_imports.begin(name))
