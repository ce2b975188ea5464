"""A pseudo-terminal, read in the loop of a test."""

import asyncio
import fcntl
import os
import pty
import struct
import termios
import tty


class Pty:
    """A pseudo-terminal; what was written to it is read while the loop runs."""

    def __init__(self, columns: int = 80) -> None:
        self._master, slave = pty.openpty()
        tty.setraw(slave)
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        self.out = os.fdopen(slave, "w", encoding="utf-8")
        self._read = bytearray()
        self._more = asyncio.Event()
        asyncio.get_running_loop().add_reader(self._master, self._take)

    async def read_until(self, marker: str) -> str:
        """Give everything written, once it holds `marker`."""
        while marker not in (text := self._read.decode("utf-8", "ignore")):
            self._more.clear()
            await self._more.wait()
        return text

    def close(self) -> None:
        asyncio.get_running_loop().remove_reader(self._master)
        os.close(self._master)
        self.out.close()

    def _take(self) -> None:
        self._read += os.read(self._master, 2**16)
        self._more.set()
