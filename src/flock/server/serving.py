"""The running server: its socket, its life, its graceful end."""

import asyncio
import logging
import signal
import socket
import sys
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, contextmanager, suppress
from dataclasses import replace
from importlib.util import find_spec
from ipaddress import ip_address
from types import FrameType, TracebackType
from typing import Self

import uvicorn

from flock.errors import ServingError
from flock.server.app import Api, create_app
from flock.server.auth import Auth
from flock.server.backend import Backend
from flock.server.metrics import ServerMetrics
from flock.server.settings import ServerSettings, bracketed
from flock.server.viewers import Viewers
from flock.server.websocket_protocol import WebSocketProtocol
from flock.sinks.metrics import Meter
from flock.tokens import MIN_SECRET_CHARS
from flock.unbroken import unbroken

logger = logging.getLogger(__name__)

END_RUNS_SLACK_S = 1.1
"""How long beyond the grace period ending the runs may take."""

DRAIN_S = 0.4
"""How long connections may take to end once their viewers have left."""

DEAD_PEER_S = 120.0
"""After how long without a sign of life the kernel gives up on a peer, where it can; stalled viewers end before."""

PING_INTERVAL_S = 20.0
"""How often a WebSocket is pinged. Whether a viewer keeps up is judged by its bytes: behind them a pong may be late."""

OnStop = Callable[[], Awaitable[None]]


class Server:
    """Serves a flock for as long as its `async with` block runs.

    At the end `on_stop` is awaited first, for `grace_s` at the most: it ends the runs, so that viewers get their
    final events. Then the viewers are sent away (1001) and the connections closed, all within `grace_s` and 2 s.
    Entering raises `ServingError` where the port is taken or a host beyond this machine has no token.
    """

    def __init__(self, backend: Backend, settings: ServerSettings, *, on_stop: OnStop | None = None) -> None:
        self.settings = settings
        self._backend = backend
        self._on_stop = on_stop
        self._stopped = asyncio.Event()
        self._viewers = Viewers(max_viewers=settings.max_viewers)
        self._auth: Auth | None = None
        self._life = AsyncExitStack()
        self.app: Api | None = None

    @property
    def port(self) -> int:
        """The port it listens on."""
        return self.settings.port

    @property
    def url(self) -> str:
        """Where to reach it from this machine."""
        host = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.settings.host, self.settings.host)
        return f"http://{bracketed(host)}:{self.port}"

    @property
    def token(self) -> str | None:
        """The token programs have to send; None where none is needed."""
        return self._auth.token if self._auth is not None else None

    @property
    def secrets(self) -> tuple[str, ...]:
        """Every secret that opens it, for whoever keeps them out of logs."""
        own = () if self.token is None else (self.token,)
        return (*own, *(token.secret for token in self.settings.tokens))

    def browser_url(self) -> str:
        """Give an address that opens one browser, once: its fragment holds a new one-time code."""
        if self._auth is None or self._auth.is_open:
            return f"{self.url}/"
        return f"{self.url}/#code={self._auth.issue_code()}"

    def stop(self) -> None:
        """Make `wait_stopped` return."""
        self._stopped.set()

    async def wait_stopped(self) -> None:
        """Return on SIGINT, SIGTERM or `stop`. Leaving the block then ends the server gracefully."""
        with _signals(self.stop):
            await self._stopped.wait()

    async def __aenter__(self) -> Self:
        async with AsyncExitStack() as stack:
            listener = await self._listen()
            stack.callback(listener.close)
            self.settings = settings = replace(self.settings, port=listener.getsockname()[1])
            self._auth = auth = Auth.of(settings)
            metrics = ServerMetrics(self._backend.streams)
            stack.enter_context(metrics.listening())
            meter = Meter(self._backend.streams)
            self.app = create_app(
                self._backend, settings, auth=auth, viewers=self._viewers, metrics=metrics, meter=meter
            )
            tasks = await stack.enter_async_context(asyncio.TaskGroup())
            measuring = tasks.create_task(meter.run())
            stack.callback(measuring.cancel)
            http = uvicorn.Server(_config(self.app, settings))
            stack.callback(_close, http)
            await unbroken(_start(http, listener))
            ticker = tasks.create_task(http.main_loop())
            stack.push_async_callback(lambda: unbroken(self._shut(http, ticker, listener), must_begin=True))
            self._life = stack.pop_all()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """End the server gracefully. A second call does nothing."""
        self._stopped.set()
        life, self._life = self._life, AsyncExitStack()
        async with life:
            on_stop, self._on_stop = self._on_stop, None
            if on_stop is not None:
                await self._end_runs(on_stop)

    async def _end_runs(self, on_stop: OnStop) -> None:
        try:
            async with asyncio.timeout(self.settings.grace_s + END_RUNS_SLACK_S):
                await on_stop()
        except TimeoutError:
            logger.warning("Runs did not end within %s s", self.settings.grace_s)

    async def _shut(self, http: uvicorn.Server, ticker: asyncio.Task[None], listener: socket.socket) -> None:
        """Send the viewers away, let connections end, then cut off what is left; all of it takes a second at most."""
        await self._viewers.depart()
        http.should_exit = True
        await ticker
        with suppress(TimeoutError):
            async with asyncio.timeout(DRAIN_S):
                await http.shutdown(sockets=[listener])
        for connection in list(http.server_state.connections):
            connection.transport.abort()
        left = list(http.server_state.tasks)
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)

    async def _listen(self) -> socket.socket:
        host, port = self.settings.host, self.settings.port
        loop = asyncio.get_running_loop()
        try:
            found = await loop.getaddrinfo(host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        except OSError as exc:
            raise ServingError(f"The host {host!r} is unknown: {exc}.", hint="Try 127.0.0.1.") from exc
        family, _, _, _, address = min(found, key=lambda candidate: candidate[0] != socket.AF_INET)
        if not ip_address(address[0]).is_loopback:
            _check_public(self.settings)
        dead_peer_s = max(DEAD_PEER_S, 2 * self.settings.stall_timeout_s)
        return _bound(family, address, host, port, dead_peer_s)


def _check_public(settings: ServerSettings) -> None:
    """Raise `ServingError` where others could come in without a token, or with one that can be guessed."""
    if settings.insecure_no_auth:
        return
    if not settings.has_token:
        raise ServingError(
            f"The host {settings.host!r} can be reached by others, and no token is set.",
            hint="Give it one (FLOCK_TOKEN, --token), serve on 127.0.0.1, or let all in (--insecure-no-auth).",
        )
    if settings.token is not None and len(settings.token) < MIN_SECRET_CHARS:
        raise ServingError(
            f"The host {settings.host!r} can be reached by others, and the token has {len(settings.token)} characters;"
            f" it needs at least {MIN_SECRET_CHARS}.",
            hint="""Draw one: python -c "import secrets; print(secrets.token_urlsafe(32))".""",
        )


def _bound(family: int, address: tuple[object, ...], host: str, port: int, dead_peer_s: float) -> socket.socket:
    # Named, for asyncio turns off the delay of small writes only where the protocol is.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        if socket.has_dualstack_ipv6() and family == socket.AF_INET6:
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if sys.platform == "linux":
            listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, int(dead_peer_s * 1000))
        listener.setblocking(False)
        listener.bind(address)
        listener.listen(1024)
    except OSError as exc:
        listener.close()
        raise ServingError(
            f"Cannot listen on {bracketed(host)}:{port}: {exc.strerror}.",
            hint="Another program may be using the port: choose another one, or 0 for any free one.",
        ) from exc
    return listener


def _config(app: Api, settings: ServerSettings) -> uvicorn.Config:
    if find_spec("httptools") is not None:
        from flock.server.http_protocol import HttpProtocol as Http
    else:
        from flock.server.h11_protocol import PureHttpProtocol as Http  # type: ignore[assignment] # either will do
    return uvicorn.Config(
        app,
        http=Http,
        ws=WebSocketProtocol,
        ws_max_size=settings.max_message_bytes,
        ws_per_message_deflate=False,
        ws_ping_interval=PING_INTERVAL_S,
        ws_ping_timeout=None,
        lifespan="off",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        h11_max_incomplete_event_size=settings.max_header_bytes,
    )


async def _start(http: uvicorn.Server, listener: socket.socket) -> None:
    """Start listening. This is uvicorn's `serve` without its signal handlers, in two halves.

    Half started it could not be ended: it is not to be cancelled.
    """
    config = http.config
    config.load()
    http.lifespan = config.lifespan_class(config)
    await http.startup(sockets=[listener])


def _close(http: uvicorn.Server) -> None:
    """Listen no more, in whatever state it is."""
    for server in http.servers if http.started else ():
        server.close()


@contextmanager
def _signals(stop: Callable[[], None]) -> Iterator[None]:
    """Call `stop` on SIGINT and SIGTERM for as long as the block runs; only the main thread hears them."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    loop = asyncio.get_running_loop()

    def heard(number: int, frame: FrameType | None) -> None:
        loop.call_soon_threadsafe(stop)

    before = {number: signal.signal(number, heard) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
