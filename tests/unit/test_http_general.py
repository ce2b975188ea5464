"""What came of a response before its connection broke is given, and a broken one never leaves its reader waiting."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress

import pytest
from yarl import URL

from flock.engines.http_errors import BrokenResponseError, HttpError, NoPlaceError, NotConnectedError, NotHttpError
from flock.engines.http_general import GeneralHttp
from tests.exchanges import Received, answering, read_request, request, talking
from tests.kth_await import MOMENTS, Moment, cuts
from tests.leaks import no_leaks

HEAD = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


@pytest.fixture
async def http() -> AsyncIterator[GeneralHttp]:
    http = GeneralHttp(max_connections=10, connect_timeout_s=10)
    yield http
    await http.aclose()


async def received(http: GeneralHttp, answer: bytes) -> Received:
    """Exchange a request for these bytes."""
    got = Received()
    async with talking(answering(answer)) as url, http.exchanging(request(url), got):
        await got.over.wait()
    return got


async def test_a_response_is_pushed_as_it_is(http: GeneralHttp) -> None:
    got = await received(http, HEAD + b"5\r\nowls \r\n5\r\nhoot.\r\n0\r\n\r\n")

    assert (got.heads[0].status, got.heads[0].headers["transfer-encoding"]) == (200, "chunked")
    assert (got.said, got.ends) == (b"owls hoot.", 1)


@pytest.mark.parametrize("rest", [b"", b"5\r\nhel"])
async def test_what_arrived_before_the_connection_broke_is_given_before_the_error(
    http: GeneralHttp, rest: bytes
) -> None:
    got = await received(http, HEAD + b"5\r\nowls \r\n" + rest)

    assert got.said == b"owls " + rest[3:]
    assert isinstance(got.error, BrokenResponseError)


async def test_a_broken_chunk_ends_the_response(http: GeneralHttp) -> None:
    got = Received()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        writer.write(HEAD + b"5\r\nowls \r\n")
        await got.came.wait()
        writer.write(b"ZZ\r\n")
        await got.over.wait()

    async with talking(talk) as url, http.exchanging(request(url), got):
        await got.over.wait()

    assert got.said == b"owls "
    assert isinstance(got.error, HttpError)


async def test_what_is_no_http_is_told_before_there_is_a_response(http: GeneralHttp) -> None:
    got = Received()
    with pytest.raises(NotHttpError):
        async with talking(answering(b"SMTP ready\r\n\r\n")) as url, http.exchanging(request(url), got):
            pass

    assert got == Received()


async def test_a_proxy_that_is_not_there_is_told(http: GeneralHttp, monkeypatch: pytest.MonkeyPatch) -> None:
    async with talking(answering(b"")) as url:
        pass
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{url.port}")
    with pytest.raises(NotConnectedError) as caught:
        async with http.exchanging(request(url.with_host("models.example")), Received()):
            pass

    assert isinstance(caught.value.cause, ConnectionRefusedError)


async def keep_talking(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Stream until the client leaves."""
    with suppress(ConnectionError):
        await read_request(reader)
        writer.write(HEAD)
        while not reader.at_eof():
            writer.write(b"2\r\nhi\r\n")
            await writer.drain()
            await asyncio.sleep(0)


async def until_piece(http: GeneralHttp, url: URL, got: Received) -> int:
    """Leave an exchange at its first piece; gives how many there were."""
    async with http.exchanging(request(url), got):
        await got.came.wait()
    return len(got.pieces)


async def test_after_leaving_nothing_is_pushed_and_no_task_is_left(http: GeneralHttp) -> None:
    async with talking(keep_talking) as url:
        await until_piece(http, url, Received())
        tasks, got = asyncio.all_tasks(), Received()
        count = await until_piece(http, url, got)
        assert [task for task in asyncio.all_tasks() - tasks if "_pump" in repr(task)] == []
        async with no_leaks():
            await until_piece(http, url, Received())
    assert len(got.pieces) == count
    assert not got.over.is_set()


async def test_closing_breaks_what_is_under_way(http: GeneralHttp) -> None:
    got = Received()
    async with talking(keep_talking) as url, http.exchanging(request(url), got):
        await got.came.wait()
        await http.aclose()
        await got.over.wait()
    assert isinstance(got.error, BrokenResponseError)


@pytest.mark.parametrize("moment", MOMENTS)
async def test_a_call_cancelled_anywhere_leaves_nothing_and_gives_its_place_back(moment: Moment) -> None:
    async with talking(keep_talking) as url:
        http = GeneralHttp(max_connections=1, connect_timeout_s=10)
        await until_piece(http, url, Received())
        for cut in cuts(moment):
            async with no_leaks():
                await cut.run(until_piece(http, url, Received()))
                await until_piece(http, url, Received())
        assert cut.k > 2
        await http.aclose()


async def test_who_waits_too_long_for_a_place_is_told_the_limit() -> None:
    async with talking(keep_talking) as url:
        http = GeneralHttp(max_connections=1, connect_timeout_s=0.05)
        async with http.exchanging(request(url), Received()):
            with pytest.raises(NoPlaceError):
                await until_piece(http, url, Received())
        assert await until_piece(http, url, Received())
        await http.aclose()
