"""A way between two sockets that can be cut, and joined again."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

CHUNK = 2**16


class CuttableWay:
    """Passes on what browser and server say to each other, until it is cut; while it is, nobody gets through."""

    def __init__(self, port: int) -> None:
        self._target = port
        self._open: set[asyncio.StreamWriter] = set()
        self.is_cut = False

    def cut(self) -> None:
        """Break every connection, and refuse new ones."""
        self.is_cut = True
        for writer in self._open:
            writer.transport.abort()

    def join(self) -> None:
        """Let connections through again."""
        self.is_cut = False

    async def pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection."""
        if self.is_cut:
            writer.transport.abort()
            return
        there_reader, there_writer = await asyncio.open_connection("127.0.0.1", self._target)
        with suppress(ConnectionError):
            async with asyncio.TaskGroup() as directions:
                self._open |= {writer, there_writer}
                directions.create_task(_copy(reader, there_writer))
                directions.create_task(_copy(there_reader, writer))
        self._open -= {writer, there_writer}


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(ConnectionError):
        while data := await reader.read(CHUNK):
            writer.write(data)
            await writer.drain()
    writer.close()


@asynccontextmanager
async def cuttable_way(port: int) -> AsyncIterator[tuple[CuttableWay, int]]:
    """Open a way to this port; gives it and the port it is at."""
    way = CuttableWay(port)
    server = await asyncio.start_server(way.pass_on, "127.0.0.1", 0)
    try:
        yield way, server.sockets[0].getsockname()[1]
    finally:
        way.cut()
        server.close()
