"""Says what a piece of work left behind: tasks, threads, open files and sockets."""

import asyncio
import os
import threading
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Self

GRACE_S = 5.0
"""How long what ends by itself (a transport closes in the loop's next turn) may take to be gone."""

_POLL_S = 0.005
_FILES = "/dev/fd"
_EXECUTORS = ("asyncio_", "uvloop_")

FileId = tuple[int, int, str]
"""The device, the inode and what is behind it: all anonymous files of a system share one inode."""


@dataclass(frozen=True)
class Held:
    """What the running loop and this process hold at one moment.

    The idle threads of the loop's default executor are not counted: it keeps them for the next use.
    """

    tasks: frozenset["asyncio.Task[object]"]
    threads: frozenset[threading.Thread]
    files: Counter[FileId]

    @classmethod
    def now(cls) -> Self:
        """Look."""
        current = asyncio.current_task()
        tasks = frozenset(task for task in asyncio.all_tasks() if task is not current)
        threads = frozenset(
            thread for thread in threading.enumerate() if not thread.name.startswith(("asyncio_", "uvloop_"))
        )
        return cls(tasks, threads, _open_files())

    def beyond(self, before: "Held", *, spare_files: int = 0) -> list[str]:
        """Name what is held now and was not held before; up to `spare_files` further files are none of it."""
        files = [name for _, _, name in (self.files - before.files).elements()]
        return [
            *(f"task {task.get_name()}: {task.get_coro()}" for task in self.tasks - before.tasks),
            *(f"thread {thread.name}" for thread in self.threads - before.threads),
            *(f"file {name}" for name in (files if len(files) > spare_files else ())),
        ]


async def left_behind(before: Held, *, spare_files: int = 0) -> list[str]:
    """Name what is held beyond `before` once what ends by itself has had time to."""
    loop = asyncio.get_running_loop()
    until = loop.time() + GRACE_S
    while leaks := Held.now().beyond(before, spare_files=spare_files):
        if loop.time() > until:
            return leaks
        # Nothing tells that a descriptor was closed: it is looked at again and again.
        await asyncio.sleep(_POLL_S)
    return []


@asynccontextmanager
async def no_leaks(*, spare_files: int = 0) -> AsyncIterator[None]:
    """Raise `AssertionError` where the block leaves a task, a thread, a file or a socket behind.

    Do in the block what was done before at least once, so that caches, pools and imports are warm. `spare_files` is
    how many connections may be kept for the next use.
    """
    before = Held.now()
    yield
    leaks = await left_behind(before, spare_files=spare_files)
    assert not leaks, "left behind: " + "; ".join(leaks)


def _open_files() -> Counter[FileId]:
    """Count the descriptors of each open file: their numbers are used again, and a file may be open several times."""
    files = Counter[FileId]()
    for number in os.listdir(_FILES):  # noqa: PTH208 - names are enough
        with suppress(OSError):  # the listing's own descriptor is closed already
            status = os.fstat(int(number))
            files[status.st_dev, status.st_ino, _name(number)] += 1
    return files


def _name(number: str) -> str:
    try:
        return str(Path(_FILES, number).readlink())
    except OSError:
        return "without a name"
