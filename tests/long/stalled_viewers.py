"""Viewers in a process of their own that read hello and never again: `python -m tests.long.stalled_viewers PORT`.

Commands: `connect COUNT` and `drop`; `close AFTER_S` reads what is left so many seconds later, and answers with the
codes they were closed with by then.
"""

import asyncio
import sys
from contextlib import AsyncExitStack

from tests.backend import TOKEN
from tests.children import answer, commands
from tests.clients.raw import RawSocket, raw_socket


async def main(port: int) -> None:
    """Do as told until there are no more commands."""
    url = f"ws://127.0.0.1:{port}/ws?format=compact"
    headers = {"authorization": f"Bearer {TOKEN}"}
    async with AsyncExitStack() as stack:
        sockets: list[RawSocket] = []
        async for command, *arguments in commands():
            match command:
                case "connect":
                    for _ in range(int(arguments[0])):
                        socket = await stack.enter_async_context(raw_socket(url, headers))
                        await socket.read_some(200)
                        sockets.append(socket)
                    answer(len(sockets))
                case "close":
                    await asyncio.sleep(float(arguments[0]))
                    await asyncio.gather(*(socket.read_rest() for socket in sockets))
                    answer([socket.close_code for socket in sockets])
                case "drop":
                    await stack.aclose()
                    sockets.clear()
                    answer(0)


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
