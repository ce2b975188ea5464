"""HTTP over connections of flock's own: kept alive between requests, limited in number, one pool per event loop."""

import asyncio
import socket
import ssl
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from contextvars import Context
from functools import partial
from ipaddress import ip_address

import aiohappyeyeballs
from yarl import URL

from flock.engines.http_connection import HttpConnection
from flock.engines.http_errors import BadAddressError, BrokenResponseError, ConnectTimeoutError, NotConnectedError
from flock.engines.http_exchange import Receiver, Request
from flock.engines.http_places import Places
from flock.engines.http_tls import tls_context
from flock.engines.per_loop import PerLoop

IDLE_S = 15.0
"""How long a connection is kept for the next request."""

HAPPY_EYEBALLS_DELAY_S = 0.25
"""After how long the next address of a host is tried beside the one before."""


class PooledHttp:
    """Speaks HTTP with one origin; at most `max_connections` at once per event loop, idle ones among them.

    Whoever finds all of them in use waits for one, as part of the `connect_timeout_s`. A connection waits `idle_s` for
    its next request. All times are in seconds.
    """

    def __init__(self, origin: URL, *, max_connections: int, connect_timeout_s: float, idle_s: float = IDLE_S) -> None:
        self._connect_timeout_s = connect_timeout_s
        self._pools = PerLoop(partial(_Pool, origin, max_connections, idle_s))

    def exchanging(self, request: Request, receiver: Receiver) -> AbstractAsyncContextManager[None]:
        """See `Http.exchanging`."""
        return _Exchange(self._pools, self._connect_timeout_s, request, receiver)

    async def aclose(self) -> None:
        """See `Http.aclose`."""
        await self._pools.aclose()


class _Exchange:
    """One request on a connection of the running loop's pool, and its response for as long as the block runs."""

    __slots__ = ("_connection", "_pool", "_pools", "_receiver", "_request", "_timeout_s")

    def __init__(self, pools: "PerLoop[_Pool]", timeout_s: float, request: Request, receiver: Receiver) -> None:
        self._pools = pools
        self._timeout_s = timeout_s
        self._request = request
        self._receiver = receiver

    async def __aenter__(self) -> None:
        self._pool = await self._pools.get()
        self._connection = await self._pool.take(self._timeout_s)
        try:
            self._connection.begin(self._request.encode(), self._receiver)
        except BaseException:
            self._pool.put_back(self._connection)
            raise
        del self._request  # its prompt may be long, and nobody needs it while the answer streams

    async def __aexit__(self, *_: object) -> None:
        self._pool.put_back(self._connection)


class _Pool:
    """The connections of one event loop."""

    def __init__(self, origin: URL, max_connections: int, idle_s: float) -> None:
        self._origin = origin
        self._host = (origin.raw_host or "").rstrip(".")
        self._idle_s = idle_s
        self._places = Places(max_connections)
        self._tls: ssl.SSLContext | None = None
        self._open: set[HttpConnection] = set()
        self._idle: dict[HttpConnection, asyncio.TimerHandle] = {}
        self._is_closed = False
        # A connection outlives the call that made it, and must not keep the context of that call, with all its run.
        self._context = Context()

    async def take(self, timeout_s: float) -> HttpConnection:
        """Take a connection for one exchange, to be put back behind it. Raises `HttpError`."""
        left_s = await self._places.take(timeout_s)
        try:
            return self._take_idle() or await self._connect(left_s)
        except BaseException:
            self._places.give_back()
            raise

    def put_back(self, connection: HttpConnection) -> None:
        """Keep a connection for its next exchange, or close it where it can take none."""
        self._places.give_back()
        if self._is_closed or not connection.is_usable:
            connection.abort()
            return
        loop = asyncio.get_running_loop()
        self._idle[connection] = loop.call_later(self._idle_s, connection.abort, context=self._context)

    async def close(self) -> None:
        """Close all connections, whatever they are doing; calls that wait for one get one of their own yet."""
        self._is_closed = True
        for connection in list(self._open):
            connection.close()
        await asyncio.sleep(0)  # a transport closes in the loop's next turn

    def _take_idle(self) -> HttpConnection | None:
        while self._idle:
            connection, timer = self._idle.popitem()
            timer.cancel()
            if connection.is_usable:
                return connection
        return None

    def _forget(self, connection: HttpConnection) -> None:
        self._open.discard(connection)
        timer = self._idle.pop(connection, None)
        if timer is not None:
            timer.cancel()

    async def _connect(self, timeout_s: float) -> HttpConnection:
        connection = HttpConnection(self._forget)
        try:
            async with asyncio.timeout(timeout_s):
                await asyncio.create_task(self._establish(connection), context=self._context)
        except BaseException as exc:
            connection.abort()
            if isinstance(exc, TimeoutError):
                raise ConnectTimeoutError from None
            raise
        if not connection.is_usable:
            raise BrokenResponseError("the connection was closed")
        self._open.add(connection)
        return connection

    async def _establish(self, connection: HttpConnection) -> None:
        """Connect; raises `HttpError`."""
        tls = await self._tls_context()
        try:
            found = await _addresses(self._host, self._origin.port or 0)
            raw = await aiohappyeyeballs.start_connection(
                found, happy_eyeballs_delay=HAPPY_EYEBALLS_DELAY_S, interleave=1
            )
            await asyncio.get_running_loop().create_connection(
                lambda: connection, sock=raw, ssl=tls, server_hostname=self._host if tls else None
            )
        except OSError as exc:
            raise NotConnectedError(exc) from exc

    async def _tls_context(self) -> ssl.SSLContext | None:
        """Give what TLS is verified with; loading the authorities takes a moment, which the loop does not wait."""
        if self._origin.scheme != "https":
            return None
        if self._tls is None:
            self._tls = await asyncio.to_thread(tls_context)
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
