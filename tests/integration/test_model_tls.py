"""Model servers behind TLS: verified, streamed, kept, and left at once."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress

import pytest
from yarl import URL

from flock.engines.http_errors import NotConnectedError
from flock.engines.http_pool import PooledHttp
from flock.engines.openai_stream import OpenAIStream
from flock.errors import TransportError
from tests.authority import Authority, make_authority
from tests.exchanges import Received, read_request, request, talking
from tests.integration.test_openai_stream import CALL, Heard, failure
from tests.kth_await import MOMENTS, Moment, cuts
from tests.leaks import no_leaks
from tests.servers.process import OpenAIServer, run_openai_server
from tests.servers.script import Script

pytestmark = pytest.mark.both_loops

STREAM = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n"


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return make_authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(autouse=True)
def trust(authority: Authority, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.trusted))


@pytest.fixture(scope="module")
def process(authority: Authority) -> Iterator[OpenAIServer]:
    with run_openai_server(tls=authority.server) as server:
        yield server


@pytest.fixture
async def server(process: OpenAIServer) -> OpenAIServer:
    await process.reset()
    return process


@pytest.fixture
async def model(server: OpenAIServer) -> AsyncIterator[OpenAIStream]:
    model = OpenAIStream(base_url=f"https://localhost:{server.port}/v1", api_key=None)
    yield model
    await model.aclose()


@pytest.fixture
def context(authority: Authority) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(authority.server)
    return context


async def test_an_answer_streams_over_tls(model: OpenAIStream, server: OpenAIServer) -> None:
    await server.script(Script(steps=[("text", "Hel"), ("gate", "rest"), ("text", "lo")]))
    heard = Heard()
    task = asyncio.create_task(model.complete(CALL, heard))
    await heard.came.wait()

    assert heard.texts == ["Hel"]
    await server.release("rest")
    assert (await task).finish_reason == "stop"
    assert heard.texts == ["Hel", "lo"]


async def test_a_large_prompt_and_a_large_answer_go_over_tls(model: OpenAIStream, server: OpenAIServer) -> None:
    await server.script(Script(steps=[("text", "x" * 1_000_000)]))
    heard = Heard()
    await model.complete(type(CALL)("m", {"messages": [{"role": "user", "content": "y" * 1_000_000}]}), heard)

    assert heard.said == "x" * 1_000_000
    (seen,) = await server.requests()
    assert seen["body"]["messages"][0]["content"] == "y" * 1_000_000


async def test_calls_one_after_the_other_share_a_secure_connection(model: OpenAIStream, server: OpenAIServer) -> None:
    for _ in range(3):
        await model.complete(CALL, Heard())

    assert len({seen["connection"] for seen in await server.requests()}) == 1


async def test_a_certificate_for_another_name_is_refused(server: OpenAIServer) -> None:
    model = OpenAIStream(base_url=server.base_url, api_key=None)
    error = await failure(model)
    await model.aclose()

    assert isinstance(error, TransportError)
    assert "No secure connection to 127.0.0.1" in error.message
    assert not error.retryable
    assert await server.requests() == []


async def test_an_authority_nobody_trusts_is_refused(
    model: OpenAIStream, server: OpenAIServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")
    error = await failure(model)

    assert "SSL_CERT_FILE" in str(error)
    assert await server.requests() == []


async def test_a_cancelled_call_tells_the_server_at_once(model: OpenAIStream, server: OpenAIServer) -> None:
    await server.script(Script(steps=[("text", "a"), ("gate", "never")]))
    heard = Heard()
    task = asyncio.create_task(model.complete(CALL, heard))
    await heard.came.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    await server.wait_for("closed_early")


async def test_leaving_does_not_wait_for_the_server_to_say_goodbye(context: ssl.SSLContext) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        writer.write(STREAM)
        writer.transport.pause_reading()  # type: ignore[attr-defined]  # it can read, whatever the stub says
        await asyncio.Event().wait()

    async with talking(talk, tls=context) as address:
        url = address.with_host("localhost")
        http, got = PooledHttp(url.origin(), max_connections=1, connect_timeout_s=10), Received()
        async with http.exchanging(request(url), got):
            await got.came.wait()
            pool = await http._pools.get()
            (connection,) = pool._open
            assert connection._transport is not None
            raw = connection._transport.get_extra_info("socket")
        await asyncio.sleep(0)
        assert raw.fileno() == -1


@pytest.mark.parametrize("moment", MOMENTS)
async def test_a_call_cancelled_at_any_step_of_connecting_leaves_nothing(
    context: ssl.SSLContext, moment: Moment
) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            await read_request(reader)
            writer.write(STREAM)
            await reader.read()

    async def until_piece(http: PooledHttp, url: URL) -> None:
        got = Received()
        async with http.exchanging(request(url), got):
            await got.came.wait()

    async with talking(talk, tls=context) as address:
        url = address.with_host("localhost")
        await until_piece(PooledHttp(url.origin(), max_connections=1, connect_timeout_s=10), url)
        for cut in cuts(moment):
            http = PooledHttp(url.origin(), max_connections=1, connect_timeout_s=10)
            async with no_leaks():
                calling = asyncio.create_task(until_piece(http, url))
                with cut.tasks_of("_establish", calling.cancel):
                    await asyncio.wait([calling])
                assert calling.cancelled() is cut.is_reached
                await until_piece(http, url)
        assert cut.k > 4


async def test_a_server_that_hangs_up_within_the_handshake_is_no_connection() -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)

    async with talking(talk) as address:
        url = address.with_scheme("https")
        http = PooledHttp(url.origin(), max_connections=1, connect_timeout_s=10)
        with pytest.raises(NotConnectedError):
            async with http.exchanging(request(url), Received()):
                pass
