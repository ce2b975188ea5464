"""The proxy forwards what it should, to the byte, and cuts where it is told to."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from tests.proxy import Cut, Proxy, random_cuts

SENT = bytes(range(256)) * 2000


@asynccontextmanager
async def sending(data: bytes = SENT) -> AsyncIterator[tuple[int, asyncio.Queue[bytes]]]:
    """A server that sends, then reads; gives its port, and what it has received from each client at its end."""
    received: asyncio.Queue[bytes] = asyncio.Queue()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(data)
        try:
            received.put_nowait(await reader.read())
        except ConnectionResetError:
            received.put_nowait(b"reset")
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1], received


async def fetch(proxy: Proxy, request: bytes = b"") -> bytes:
    """Send a request, and read to the end; what came before a reset counts."""
    reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
    writer.write(request)
    data = bytearray()
    try:
        while chunk := await reader.read(4096):
            data += chunk
    except ConnectionResetError:
        data += b"reset"
    writer.close()
    return bytes(data)


@pytest.mark.parametrize("after", [0, 1, 70_000, len(SENT) - 1])
async def test_a_close_delivers_exactly_what_was_planned(after: int) -> None:
    async with sending() as (port, _), Proxy(port, lambda: Cut(after)) as proxy:
        assert await fetch(proxy) == SENT[:after]
        assert proxy.cuts == 1


async def test_a_reset_is_one_and_delivers_no_more_than_was_planned() -> None:
    async with sending() as (port, _), Proxy(port, lambda: Cut(1000, how="reset")) as proxy:
        got = await fetch(proxy)
        assert got.endswith(b"reset")
        assert SENT[:1000].startswith(got.removesuffix(b"reset"))


async def test_a_request_is_cut_on_its_way_up() -> None:
    async with sending(b"") as (port, received), Proxy(port, lambda: Cut(3, "up")) as proxy:
        assert await fetch(proxy, b"abcdef") == b""
        assert await received.get() == b"abc"


async def test_what_is_not_cut_passes_whole_and_counts_no_cut() -> None:
    async with sending() as (port, _), Proxy(port) as proxy:
        reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
        assert await reader.readexactly(len(SENT)) == SENT
        writer.close()
        assert await reader.read() == b""
        assert (proxy.connections, proxy.cuts) == (1, 0)


async def test_held_connections_are_silent_until_they_are_released() -> None:
    async with sending(b"now") as (port, _), Proxy(port) as proxy:
        proxy.hold()
        reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
        reading = asyncio.create_task(reader.read(3))
        done, _ = await asyncio.wait([reading], timeout=0.05)
        assert not done
        proxy.release()
        assert await reading == b"now"
        writer.close()


async def test_the_end_of_the_block_ends_all_connections() -> None:
    async with sending() as (port, _):
        async with Proxy(port) as proxy:
            reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
            await reader.readexactly(10)
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection("127.0.0.1", proxy.port)
        writer.close()
    assert asyncio.all_tasks() == {asyncio.current_task()}


def test_random_cuts_repeat_with_their_seed_and_reach_everywhere() -> None:
    def cuts(seed: int) -> list[Cut | None]:
        plan = random_cuts(random.Random(seed), max_bytes=2**16)
        return [plan() for _ in range(500)]

    assert cuts(1) == cuts(1) != cuts(2)
    planned = [cut for cut in cuts(1) if cut is not None]
    assert {(cut.direction, cut.how) for cut in planned} == {
        (direction, how) for direction in ("up", "down") for how in ("reset", "close")
    }
    down = [cut.after for cut in planned if cut.direction == "down"]
    assert min(down) < 50 < 10_000 < max(down) < 2**16
