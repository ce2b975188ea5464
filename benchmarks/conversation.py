"""How the benchmark speaks with its processes: a line in is a command, a line out is one JSON object."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Callable, Coroutine

import uvloop


def tell(**facts: object) -> None:
    """Answer the benchmark."""
    print(json.dumps(facts), flush=True)


async def commands() -> AsyncIterator[list[str]]:
    """Yield the words of each command until the benchmark ends."""
    lines = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    while line := await lines.readline():
        yield line.decode().split()


def run(
    main: Coroutine[object, object, None], *, make_loop: Callable[[], asyncio.AbstractEventLoop] = uvloop.new_event_loop
) -> None:
    """Run a process of the benchmark, on uvloop unless it brings its own loop, until it is terminated."""
    try:
        with asyncio.Runner(loop_factory=make_loop) as runner:
            runner.run(main)
    except KeyboardInterrupt:
        sys.exit(130)
