"""HTTP by a general client (aiohttp), for what `http_pool` does not speak: proxies, and Python without httptools."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from functools import partial

import aiohttp

from flock.engines.http_body import GeneralBody
from flock.engines.http_errors import (
    BadAddressError,
    BrokenResponseError,
    ConnectTimeoutError,
    HttpError,
    NotConnectedError,
    NotHttpError,
)
from flock.engines.http_exchange import Receiver, Request
from flock.engines.http_places import Places
from flock.engines.per_loop import PerLoop
from flock.engines.proxies import proxy_for

_UPLOAD_PIECE_BYTES = 256 * 2**10


class GeneralHttp:
    """Speaks HTTP through the proxy that the environment names; at most `max_connections` at once per event loop.

    Whoever finds all of them in use waits for one, as part of the `connect_timeout_s`.
    """

    def __init__(self, *, max_connections: int, connect_timeout_s: float) -> None:
        self._connect_timeout_s = connect_timeout_s
        self._sessions = PerLoop(partial(_Session, max_connections))

    @asynccontextmanager
    async def exchanging(self, request: Request, receiver: Receiver) -> AsyncIterator[None]:
        """See `Http.exchanging`."""
        session = await self._sessions.get()
        async with session.places.place(self._connect_timeout_s) as left_s:
            with closing(GeneralBody(await session.post(request, left_s))) as body:
                pumping = asyncio.create_task(_pump(body, receiver))
                try:
                    yield
                finally:
                    pumping.cancel()
                    await asyncio.wait([pumping])

    async def aclose(self) -> None:
        """See `Http.aclose`."""
        await self._sessions.aclose()


class _Session:
    """The connections of one event loop: without cookies, and nothing is decompressed."""

    def __init__(self, max_connections: int) -> None:
        self.places = Places(max_connections)
        self._client = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0),  # the places are the limit
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            max_line_size=2**16,
            max_field_size=2**16,
        )

    async def post(self, request: Request, connect_timeout_s: float) -> aiohttp.ClientResponse:
        """Send a request and wait for the head of its response. Raises `HttpError`."""
        try:
            return await self._client.post(
                request.url,
                data=request.body if len(request.body) <= _UPLOAD_PIECE_BYTES else _pieces(request.body),
                headers={**request.headers, "Content-Length": str(len(request.body))},
                allow_redirects=False,
                proxy=proxy_for(request.url),
                timeout=aiohttp.ClientTimeout(total=None, connect=connect_timeout_s or 0.001),  # 0 would be for ever
            )
        except aiohttp.ClientError as exc:
            raise _http_error(exc) from exc

    async def close(self) -> None:
        """Close all connections."""
        await self._client.close()


async def _pump(body: GeneralBody, receiver: Receiver) -> None:
    """Push a response into its receiver."""
    try:
        receiver.head(body.head)
        while data := await body.next():
            receiver.body(data)
        receiver.end()
    except aiohttp.ClientError as exc:
        receiver.fail(_http_error(exc))
    except Exception as exc:  # noqa: BLE001 - whoever waits for the response gets it
        receiver.fail(exc)


async def _pieces(data: bytes) -> AsyncIterator[bytes]:
    for start in range(0, len(data), _UPLOAD_PIECE_BYTES):
        yield data[start : start + _UPLOAD_PIECE_BYTES]


def _http_error(exc: aiohttp.ClientError) -> HttpError:
    match exc:
        case aiohttp.ConnectionTimeoutError():
            return ConnectTimeoutError()
        case aiohttp.ClientConnectorDNSError() if isinstance(exc.os_error.__cause__, OSError):
            return NotConnectedError(exc.os_error.__cause__)
        case aiohttp.ClientConnectorCertificateError() if isinstance(exc.certificate_error, OSError):
            return NotConnectedError(exc.certificate_error)
        case aiohttp.ClientConnectorError():
            return NotConnectedError(exc.os_error)
        case aiohttp.ClientResponseError():
            return NotHttpError(exc.message.partition("\n")[0])
        case aiohttp.InvalidURL():
            return BadAddressError(str(exc))
        case _:
            return BrokenResponseError(str(exc))
