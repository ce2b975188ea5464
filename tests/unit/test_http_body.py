"""What came of a response before its connection broke is given, and a broken one never leaves its reader waiting."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing

import aiohttp
import pytest

from flock.engines.http_body import ResponseBody
from flock.errors import ModelError

HEAD = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


@asynccontextmanager
async def response(answer: bytes) -> AsyncIterator[aiohttp.ClientResponse]:
    """Get a response of a server that sends this and leaves, and wait until it has."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        writer.close()

    async with await asyncio.start_server(talk, "127.0.0.1", 0) as server, aiohttp.ClientSession() as session:
        port = server.sockets[0].getsockname()[1]
        yield await session.get(f"http://127.0.0.1:{port}/")


async def closed(got: aiohttp.ClientResponse) -> None:
    """Return when the connection behind a response is closed."""
    assert got.connection is not None
    assert got.connection.protocol is not None
    future = got.connection.protocol.closed
    assert future is not None
    await asyncio.wait([future])


@pytest.mark.parametrize("rest", [b"", b"5\r\nhel"])
async def test_what_arrived_before_the_connection_broke_is_given_before_the_error(rest: bytes) -> None:
    async with response(HEAD + b"5\r\nowls \r\n" + rest) as got:
        with closing(ResponseBody(got, 1000, "The server")) as body:
            await closed(got)
            assert await body.next() == b"owls " + rest[3:]
            with pytest.raises(aiohttp.ClientError):
                await body.next()


async def test_an_answer_in_one_piece_is_bounded() -> None:
    async with response(HEAD + b"5\r\nowls \r\n" * 10 + b"0\r\n\r\n") as got:
        with closing(ResponseBody(got, 1000, "The server")) as body:
            with pytest.raises(ModelError, match="more than 20 bytes in one piece"):
                await body.rest(b"", max_bytes=20)
