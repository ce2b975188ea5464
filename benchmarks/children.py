"""The processes of the benchmark, as the one that leads it sees them."""

import asyncio
import json
import os
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Any

ANSWER_S = 180.0
"""How long a process may take for anything it is asked."""

END_S = 10.0

Facts = dict[str, Any]
"""What a process tells: JSON coming in."""


class BenchmarkError(Exception):
    """A process ended, hung, or lost something: what was measured is worth nothing."""


class Child:
    """A process that takes commands and tells facts, a line each."""

    def __init__(self, name: str, process: Process) -> None:
        self.name = name
        self._process = process

    @property
    def pid(self) -> int:
        """The number of the process."""
        return self._process.pid

    async def ask(self, *words: object) -> Facts:
        """Give a command and return the answer; raises `BenchmarkError`."""
        self.say(*words)
        return await self.hear()

    def say(self, *words: object) -> None:
        """Give a command."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{' '.join(map(str, words))}\n".encode())

    async def hear(self, within_s: float = ANSWER_S) -> Facts:
        """Return the next facts; raises `BenchmarkError` where none come."""
        assert self._process.stdout is not None
        try:
            async with asyncio.timeout(within_s):
                line = await self._process.stdout.readline()
        except TimeoutError:
            raise BenchmarkError(f"The {self.name} said nothing for {within_s:g} s.") from None
        if not line:
            raise BenchmarkError(f"The {self.name} ended early, with {await self._process.wait()}.")
        facts: Facts = json.loads(line)
        return facts


@asynccontextmanager
async def child(
    module: str, *arguments: object, name: str | None = None, environment: Mapping[str, str] | None = None
) -> AsyncIterator[Child]:
    """Run a module for as long as the block runs, with this added to the environment."""
    words = (sys.executable, "-m", module, *map(str, arguments))
    variables = {**os.environ, **(environment or {})}
    process = await asyncio.create_subprocess_exec(*words, stdin=PIPE, stdout=PIPE, limit=2**24, env=variables)
    try:
        yield Child(name or module.rpartition(".")[2], process)
    finally:
        await _end(process)


async def _end(process: Process) -> None:
    """End a process by ending its commands, and by force where that takes too long."""
    assert process.stdin is not None
    process.stdin.close()
    try:
        async with asyncio.timeout(END_S):
            await process.communicate()
    except TimeoutError:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()
