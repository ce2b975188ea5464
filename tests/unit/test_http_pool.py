"""Connections of flock's own on real sockets: kept, limited, and closed at once whatever happens to their calls."""

import asyncio
import gc
import socket
import threading
import weakref
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from contextvars import ContextVar, copy_context
from typing import Any

import pytest
from yarl import URL

from flock.engines import http_pool
from flock.engines.http_errors import BrokenResponseError, ConnectTimeoutError, NoPlaceError, NotConnectedError
from flock.engines.http_exchange import Request
from flock.engines.http_pool import PooledHttp
from tests.exchanges import Received, answering, read_request, request, talking
from tests.kth_await import MOMENTS, Moment, cuts
from tests.leaks import no_leaks

pytestmark = pytest.mark.both_loops

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"
STREAM = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n"

Make = Callable[..., PooledHttp]


class Site:
    """Answers request after request on each connection, and counts both; `gone` is released by each that ends."""

    def __init__(self, answer: bytes = OK) -> None:
        self.answer = answer
        self.connections = 0
        self.asked = asyncio.Semaphore(0)
        self.gone = asyncio.Semaphore(0)

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            while await read_request(reader):
                self.asked.release()
                writer.write(self.answer)
        self.gone.release()


@pytest.fixture
async def make() -> AsyncIterator[Make]:
    made: list[PooledHttp] = []

    def make_http(url: URL, **settings: float) -> PooledHttp:
        made.append(PooledHttp(url.origin(), **{"max_connections": 10, "connect_timeout_s": 10, **settings}))  # type: ignore[arg-type]  # the limit is whole wherever it is given
        return made[-1]

    yield make_http
    for http in made:
        await http.aclose()


async def call(http: PooledHttp, asked: Request | URL) -> Received:
    """Make one exchange and wait for its end."""
    got = Received()
    async with http.exchanging(asked if isinstance(asked, Request) else request(asked), got):
        await got.over.wait()
    return got


async def hold(http: PooledHttp, url: URL, held: asyncio.Event, until: asyncio.Event) -> None:
    """Stay in an exchange whose response has ended."""
    got = Received()
    async with http.exchanging(request(url), got):
        await got.over.wait()
        held.set()
        await until.wait()


# Keeping connections


async def test_one_connection_serves_one_request_after_the_other(make: Make) -> None:
    site = Site()
    async with talking(site.talk) as url:
        http = make(url)
        for _ in range(3):
            got = await call(http, url)
            assert (got.said, got.ends) == (b"hi", 1)
        await http.aclose()
        await site.gone.acquire()

    assert site.connections == 1


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nhi",
        b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nhi",
        OK + b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
        OK + b"rubbish",
    ],
)
async def test_a_connection_that_cannot_go_on_is_closed_behind_its_response(make: Make, answer: bytes) -> None:
    site = Site(answer)
    async with talking(site.talk) as url:
        http = make(url)
        for number in (1, 2):
            got = await call(http, url)
            assert (got.said, got.ends) == (b"hi", 1)
            await site.gone.acquire()
            assert site.connections == number


@pytest.mark.parametrize("rubbish", [b"", OK, b"x"])
async def test_a_connection_the_server_ends_or_speaks_on_while_it_is_idle_is_not_used_again(
    make: Make, rubbish: bytes
) -> None:
    ended, speak, connections = asyncio.Event(), asyncio.Event(), 0

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        await read_request(reader)
        writer.write(OK)
        await speak.wait()
        writer.write(rubbish)
        if not rubbish:
            writer.write_eof()
        with suppress(ConnectionError):
            assert await reader.read() == b""
        ended.set()

    async with talking(talk) as url:
        http = make(url)
        await call(http, url)
        speak.set()
        await ended.wait()
        assert (await call(http, url)).ends == 1
    assert connections == 2


async def test_an_idle_connection_is_closed_after_a_while(make: Make) -> None:
    site = Site()
    async with talking(site.talk) as url:
        http = make(url, idle_s=0.01)
        await call(http, url)
        await site.gone.acquire()
        assert (await call(http, url)).ends == 1
        await site.gone.acquire()

    assert site.connections == 2


async def test_an_answer_before_the_request_was_sent_whole_closes_the_connection(make: Make) -> None:
    may_read, size = asyncio.Event(), asyncio.get_running_loop().create_future()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(OK)
        await may_read.wait()
        try:
            size.set_result(len(await reader.read()))
        except ConnectionError:
            size.set_result(0)

    async with talking(talk) as url:
        got = await call(make(url), request(url, b"x" * 50_000_000))
        may_read.set()
        assert await size < 50_000_000
    assert got.ends == 1


async def test_an_idle_connection_that_is_about_to_close_is_not_taken(make: Make) -> None:
    site = Site()
    async with talking(site.talk) as url:
        http = make(url)
        await call(http, url)
        pool = await http._pools.get()
        (connection,) = pool._open
        connection.abort()
        assert (await call(http, url)).ends == 1
    assert site.connections == 2


# The limit


async def test_who_finds_all_connections_in_use_waits_for_one(make: Make) -> None:
    site = Site()
    async with talking(site.talk) as url:
        http = make(url, max_connections=2)
        until = asyncio.Event()
        async with asyncio.TaskGroup() as group:
            for event in (asyncio.Event(), asyncio.Event()):
                group.create_task(hold(http, url, event, until))
                await event.wait()
            waiting = [group.create_task(call(http, url)) for _ in range(5)]
            until.set()
    assert [task.result().said for task in waiting] == [b"hi"] * 5
    assert site.connections == 2


async def test_who_waits_too_long_is_told_the_limit(make: Make) -> None:
    site = Site()
    async with talking(site.talk) as url:
        http = make(url, max_connections=1, connect_timeout_s=0.05)
        async with http.exchanging(request(url), Received()):
            with pytest.raises(NoPlaceError) as caught:
                await call(http, url)
        assert caught.value.limit == 1
        assert (await call(http, url)).ends == 1


async def test_who_is_cancelled_while_waiting_takes_no_place(make: Make) -> None:
    site = Site()
    async with talking(site.talk) as url:
        http = make(url, max_connections=1)
        held, until = asyncio.Event(), asyncio.Event()
        holding = asyncio.create_task(hold(http, url, held, until))
        await held.wait()
        waiting = [asyncio.create_task(call(http, url)) for _ in range(3)]
        await asyncio.sleep(0)
        waiting[0].cancel()
        until.set()
        await holding
        waiting[1].cancel()
        await asyncio.wait(waiting)
        assert waiting[0].cancelled()
        assert waiting[1].cancelled()
        assert waiting[2].result().ends == 1
        assert (await call(http, url)).ends == 1


# Connecting


async def test_no_connection_in_time_leaves_nothing_and_takes_no_place(make: Make) -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full:
        address = full.getsockname()
        waiting = [socket.socket() for _ in range(3)]
        for client in waiting:
            client.setblocking(False)
            client.connect_ex(address)
        url = URL(f"http://127.0.0.1:{address[1]}/")
        http = make(url, max_connections=1, connect_timeout_s=0.05)
        async with no_leaks():
            for _ in range(2):
                with pytest.raises(ConnectTimeoutError):
                    await call(http, url)
        for client in waiting:
            client.close()


async def test_a_refused_connection_leaves_nothing_and_takes_no_place(make: Make) -> None:
    async with talking(answering(b"")) as url:
        pass
    http = make(url, max_connections=1)
    async with no_leaks():
        for _ in range(2):
            with pytest.raises(NotConnectedError) as caught:
                await call(http, url)
            assert isinstance(caught.value.cause, ConnectionRefusedError)


async def test_a_server_that_hangs_up_at_once_is_a_broken_connection(make: Make) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        pass

    async with talking(talk) as url:
        with suppress(BrokenResponseError):
            assert isinstance((await call(make(url), url)).error, BrokenResponseError)


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
async def test_a_host_is_reached_whichever_of_its_addresses_listens(
    make: Make, host: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def both(name: str, port: int) -> list[Any]:
        return [socket.getaddrinfo(found, port, type=socket.SOCK_STREAM)[0] for found in ("::1", "127.0.0.1")]

    monkeypatch.setattr(http_pool, "_addresses", both)
    with suppress(OSError):  # a machine without IPv6
        async with talking(Site().talk, host) as url:
            there = url.with_host("localhost")
            assert (await call(make(there), there)).ends == 1


async def test_small_packets_are_not_held_back(make: Make) -> None:
    async with talking(Site().talk) as url:
        pool = await make(url)._pools.get()
        connection = await pool.take(10)
        assert connection._transport is not None
        raw = connection._transport.get_extra_info("socket")
        assert raw.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
        pool.put_back(connection)


# Ends


async def test_a_body_may_end_with_the_connection(make: Make) -> None:
    async with talking(answering(b"HTTP/1.1 200 OK\r\n\r\nhi")) as url:
        got = await call(make(url), url)

    assert (got.said, got.ends) == (b"hi", 1)


@pytest.mark.parametrize("answer", [b"", b"HTTP/1.1 200", OK[:-1], STREAM])
async def test_a_response_that_ends_too_early_is_broken(make: Make, answer: bytes) -> None:
    async with talking(answering(answer)) as url:
        got = await call(make(url), url)

    assert isinstance(got.error, BrokenResponseError)
    assert b"hi".startswith(got.said)


async def test_leaving_closes_the_connection_and_nothing_more_is_pushed(make: Make) -> None:
    gone = asyncio.Event()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        writer.write(STREAM)
        with suppress(ConnectionError):
            while not reader.at_eof():
                writer.write(b"2\r\nhi\r\n")
                await writer.drain()
                await asyncio.sleep(0)
        gone.set()

    got = Received()
    async with talking(talk) as url:
        http = make(url, max_connections=1)
        async with http.exchanging(request(url), got):
            await got.came.wait()
        count = len(got.pieces)
        await gone.wait()
    assert len(got.pieces) == count
    assert not got.over.is_set()


async def test_what_a_receiver_raises_closes_the_connection(make: Make) -> None:
    class Full(Received):
        def body(self, data: bytes) -> None:
            raise OverflowError

    site, got = Site(STREAM), Full()
    async with talking(site.talk) as url, make(url).exchanging(request(url), got):
        await got.over.wait()
        await site.gone.acquire()
    assert isinstance(got.error, OverflowError)


@pytest.mark.parametrize("where", ["body", "end"])
async def test_what_a_receiver_raises_over_a_whole_response_keeps_the_connection(make: Make, where: str) -> None:
    class Choosy(Received):
        def end(self) -> None:
            raise OverflowError

        def body(self, data: bytes) -> None:
            if where == "body":
                raise OverflowError

    site, got = Site(), Choosy()
    async with talking(site.talk) as url:
        http = make(url)
        async with http.exchanging(request(url), got):
            await got.over.wait()
        await call(http, url)
    assert isinstance(got.error, OverflowError)
    assert site.connections == 1


async def test_closing_breaks_what_is_under_way_and_serves_who_waits(make: Make) -> None:
    site = Site()
    async with talking(site.talk) as url:
        http = make(url, max_connections=1)
        await call(http, url)
        await http.aclose()
        async with no_leaks():
            site.answer = STREAM
            first = Received()
            async with http.exchanging(request(url), first):
                await first.came.wait()
                site.answer = OK
                waiting = asyncio.create_task(call(http, url))
                await asyncio.sleep(0)
                await http.aclose()
                assert isinstance(first.error, BrokenResponseError)
            assert (await waiting).ends == 1
            assert (await call(http, url)).ends == 1
            await http.aclose()


@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize("answer", [OK, STREAM])
async def test_a_call_cancelled_anywhere_leaves_no_socket_no_task_and_gives_its_place_back(
    make: Make, moment: Moment, answer: bytes
) -> None:
    site = Site()
    async with talking(site.talk) as url:
        here = url.with_host("localhost")
        await call(make(here), here)
        for cut in cuts(moment):
            site.answer = answer
            http = make(here, max_connections=1)
            async with no_leaks():
                await cut.run(until_piece(http, here, Received()))
                await check_all_is_free(http, site, here)
        assert cut.k > 2


@pytest.mark.parametrize("moment", MOMENTS)
async def test_a_call_cancelled_at_any_step_of_connecting_leaves_nothing(make: Make, moment: Moment) -> None:
    site = Site()
    async with talking(site.talk) as url:
        here = url.with_host("localhost")
        await call(make(here), here)
        for cut in cuts(moment):
            http = make(here, max_connections=1)
            async with no_leaks():
                calling = asyncio.create_task(until_piece(http, here, Received()))
                with cut.tasks_of("_establish", calling.cancel):
                    await asyncio.wait([calling])
                assert calling.cancelled() is cut.is_reached
                await check_all_is_free(http, site, here)
        assert cut.k > 3


async def check_all_is_free(http: PooledHttp, site: Site, url: URL) -> None:
    """Make another call through the only place, and close."""
    site.answer = OK
    assert (await call(http, url)).ends == 1
    await http.aclose()


async def until_piece(http: PooledHttp, url: URL, got: Received) -> None:
    async with http.exchanging(request(url), got):
        await got.came.wait()


# Loops and memory


async def test_every_event_loop_has_connections_of_its_own(make: Make) -> None:
    site = Site()
    async with talking(site.talk) as url:
        http = make(url)
        new_loop = type(asyncio.get_running_loop())

        def in_a_loop_of_its_own(together: threading.Barrier) -> bytes:
            async def twice() -> bytes:
                first = await call(http, url)
                together.wait(10)
                return first.said + (await call(http, url)).said

            with asyncio.Runner(loop_factory=new_loop) as runner:
                return runner.run(twice())

        alone, pair = threading.Barrier(1), threading.Barrier(2)
        for _ in range(2):
            assert await asyncio.to_thread(in_a_loop_of_its_own, alone) == b"hihi"
        said = await asyncio.gather(*(asyncio.to_thread(in_a_loop_of_its_own, pair) for _ in range(2)))
        assert said == [b"hihi"] * 2
        for _ in range(4):
            await site.gone.acquire()
    assert site.connections == 4


class Thing:
    """Something to look for."""


async def test_a_kept_connection_keeps_nothing_of_the_call_that_made_it(make: Make) -> None:
    site = Site()
    async with talking(site.talk) as url:
        http = make(url)
        variable = ContextVar[Thing]("variable")
        thing = Thing()
        alive = weakref.ref(thing)

        async def with_thing(thing: Thing) -> None:
            variable.set(thing)
            await call(http, url)

        await asyncio.create_task(with_thing(thing), context=copy_context())
        del thing
        await asyncio.sleep(0)  # the task's end is behind us
        gc.collect()
        assert alive() is None
        await call(http, url)
    assert site.connections == 1


class Headers(dict[str, str]):
    """Headers that one can look for: their request has no place for weak references."""


async def test_a_request_is_let_go_of_while_its_answer_streams(make: Make) -> None:
    site = Site(STREAM)
    async with talking(site.talk) as url:
        headers = Headers()
        alive = weakref.ref(headers)
        gc.disable()
        try:
            exchange = make(url).exchanging(Request(url, headers, b"{}"), Received())
            del headers
            assert alive() is not None
            async with exchange:
                assert alive() is None
        finally:
            gc.enable()


@pytest.mark.parametrize("answer", [OK, STREAM])
async def test_a_receiver_is_let_go_of_without_the_garbage_collector(make: Make, answer: bytes) -> None:
    site = Site(answer)
    async with talking(site.talk) as url:
        http = make(url)
        got = Received()
        alive = weakref.ref(got)
        gc.disable()
        try:
            await until_piece(http, url, got)
            del got
            assert alive() is None
        finally:
            gc.enable()
