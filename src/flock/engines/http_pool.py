"""HTTP over connections of flock's own: kept alive between requests, limited in number, one pool per event loop."""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import partial
from ipaddress import ip_address

import aiohappyeyeballs
from yarl import URL

from flock.engines.http_connection import HttpConnection
from flock.engines.http_errors import BadAddressError, ConnectTimeoutError, NoPlaceError, NotConnectedError
from flock.engines.http_exchange import Receiver, Request
from flock.engines.per_loop import PerLoop

IDLE_S = 15.0
"""How long a connection is kept for the next request."""

HAPPY_EYEBALLS_DELAY_S = 0.25
"""After how long the next address of a host is tried beside the one before."""


class PooledHttp:
    """Speaks HTTP with one origin; at most `max_connections` at once per event loop, idle ones among them.

    Whoever finds all of them in use waits for one, as part of the `connect_timeout_s`.
    """

    def __init__(self, origin: URL, *, max_connections: int, connect_timeout_s: float) -> None:
        self._connect_timeout_s = connect_timeout_s
        self._pools = PerLoop(partial(_Pool, origin, max_connections))

    @asynccontextmanager
    async def exchanging(self, request: Request, receiver: Receiver) -> AsyncIterator[None]:
        """See `Http.exchanging`."""
        pool = await self._pools.get()
        async with pool.connection(self._connect_timeout_s) as connection:
            connection.begin(request.encode(), receiver)
            yield

    async def aclose(self) -> None:
        """See `Http.aclose`."""
        await self._pools.aclose()


class _Pool:
    """The connections of one event loop."""

    def __init__(self, origin: URL, max_connections: int) -> None:
        self._origin = origin
        self._max_connections = max_connections
        self._places = asyncio.Semaphore(max_connections)
        self._tls: ssl.SSLContext | None = None
        self._open: set[HttpConnection] = set()
        self._idle: dict[HttpConnection, asyncio.TimerHandle] = {}

    @asynccontextmanager
    async def connection(self, timeout_s: float) -> AsyncIterator[HttpConnection]:
        """Give a connection for one exchange; it is closed behind it unless it can take another one."""
        has_place = False
        try:
            try:
                async with asyncio.timeout(timeout_s):
                    has_place = await self._places.acquire()
                    connection = self._take_idle() or await self._connect()
            except TimeoutError:
                raise ConnectTimeoutError if has_place else NoPlaceError(self._max_connections) from None
            try:
                yield connection
            finally:
                self._put_back(connection)
        finally:
            if has_place:
                self._places.release()

    async def close(self) -> None:
        """Close all connections, whatever they are doing."""
        for connection in list(self._open):
            self._forget(connection)
            connection.abort()

    def _take_idle(self) -> HttpConnection | None:
        while self._idle:
            connection, timer = self._idle.popitem()
            timer.cancel()
            if connection.is_usable:
                return connection
        return None

    def _put_back(self, connection: HttpConnection) -> None:
        if not connection.is_usable:
            connection.abort()
        elif connection in self._open:
            self._idle[connection] = asyncio.get_running_loop().call_later(IDLE_S, connection.abort)

    def _forget(self, connection: HttpConnection) -> None:
        self._open.discard(connection)
        timer = self._idle.pop(connection, None)
        if timer is not None:
            timer.cancel()

    async def _connect(self) -> HttpConnection:
        loop = asyncio.get_running_loop()
        host = self._origin.host or ""
        tls = await self._tls_context()
        try:
            found = await _addresses(host, self._origin.port or 0)
            raw = await aiohappyeyeballs.start_connection(
                found, happy_eyeballs_delay=HAPPY_EYEBALLS_DELAY_S, interleave=1
            )
            _, connection = await loop.create_connection(
                lambda: HttpConnection(self._forget), sock=raw, ssl=tls, server_hostname=host if tls else None
            )
        except OSError as exc:
            raise NotConnectedError(exc) from exc
        self._open.add(connection)
        return connection

    async def _tls_context(self) -> ssl.SSLContext | None:
        """Give what TLS is verified with; loading the authorities takes a moment, which the loop does not wait."""
        if self._origin.scheme == "https" and self._tls is None:
            self._tls = await asyncio.to_thread(ssl.create_default_context)
        return self._tls


async def _addresses(host: str, port: int) -> Sequence[aiohappyeyeballs.AddrInfoType]:
    """Resolve a host, one that is an address already at once. Raises `BadAddressError` for half an address."""
    if host.replace(".", "").isdigit() or ":" in host:
        try:
            ip_address(host.partition("%")[0])
        except ValueError:
            raise BadAddressError(host) from None
        return socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)
    return await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
