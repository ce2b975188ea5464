"""Write to a file, pipe or terminal from a thread of its own: a slow one holds up nobody but who awaits the write."""

import asyncio
import io
import os
import select
import sys
import threading
from concurrent.futures import Future
from queue import SimpleQueue
from typing import TextIO


class Outlet:
    """One thread that writes to `out`.

    It is a daemon: a terminal that was stopped for good does not keep the process from ending.
    """

    def __init__(self, out: TextIO) -> None:
        self._out = out
        file = _file(out)
        self._fd = file.fileno() if file is not None and sys.platform != "win32" else None
        self._name = str(file.name) if file is not None else None
        self._jobs: SimpleQueue[tuple[str, Future[None]] | None] = SimpleQueue()
        self._thread: threading.Thread | None = None

    async def write(self, text: str) -> None:
        """Write all of `text`; raises `OSError` with the file's name, also where the file was closed."""
        await asyncio.wrap_future(self._post(text))

    def close(self, last: str = "") -> None:
        """Let the thread write what is left and end. Never waits."""
        if last:
            self._post(last)
        self._jobs.put(None)

    def _post(self, text: str) -> Future[None]:
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name="flock outlet", daemon=True)
            self._thread.start()
        done: Future[None] = Future()
        self._jobs.put((text, done))
        return done

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            text, done = job
            if not done.set_running_or_notify_cancel():
                continue
            try:
                self._put(text)
            except OSError as exc:
                exc.filename = self._name
                done.set_exception(exc)
            except ValueError as exc:  # a closed file
                done.set_exception(BrokenPipeError(str(exc)))
            else:
                done.set_result(None)

    def _put(self, text: str) -> None:
        encoding = self._out.encoding or "utf-8"
        data = text.encode(encoding, "backslashreplace")
        self._out.flush()
        if self._fd is None:
            self._out.write(data.decode(encoding))
            self._out.flush()
        else:
            _write_all(self._fd, data)


def _file(out: TextIO) -> io.FileIO | None:
    """Give the file behind `out`, None where there is no plain one. Its descriptor is written to directly.

    A thread that is stuck in Python's own buffer would hold its lock when the interpreter ends, and crash it.
    """
    buffer = out.buffer if isinstance(out, io.TextIOWrapper) else None
    raw = buffer.raw if isinstance(buffer, io.BufferedWriter) else buffer
    return raw if isinstance(raw, io.FileIO) else None


def _write_all(fd: int, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        try:
            rest = rest[os.write(fd, rest) :]
        except BlockingIOError:
            select.select([], [fd], [])
