"""Processes of a test that take commands as lines and answer each with one line of JSON."""

import asyncio
import json
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]


class Child:
    """One running child."""

    def __init__(self, process: Process) -> None:
        self._process = process

    async def ask(self, *words: object) -> Any:
        """Send a command, and wait for its answer; raises `AssertionError` where the child ended instead."""
        assert self._process.stdin is not None
        self._process.stdin.write(" ".join(map(str, words)).encode() + b"\n")
        return await self.answer()

    async def answer(self) -> Any:
        """Wait for the next line."""
        assert self._process.stdout is not None
        line = await self._process.stdout.readline()
        assert line, "the child ended"
        return json.loads(line)


@asynccontextmanager
async def child(module: str, *arguments: object) -> AsyncIterator[Child]:
    """Run a module for as long as the block runs; it ends when its standard input does."""
    command = (sys.executable, "-m", module, *map(str, arguments))
    process = await asyncio.create_subprocess_exec(*command, cwd=ROOT, stdin=PIPE, stdout=PIPE, limit=2**24)
    try:
        yield Child(process)
        assert process.stdin is not None
        process.stdin.close()
        await process.wait()
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def commands() -> AsyncIterator[list[str]]:
    """In the child: give the words of each command, until there are no more."""
    lines = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    while line := await lines.readline():
        yield line.decode().split()


def answer(value: object) -> None:
    """In the child: answer a command."""
    print(json.dumps(value), flush=True)
