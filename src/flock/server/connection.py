"""The socket under a viewer: what ASGI does not say of it, bounded buffers and honest flow control."""

import asyncio
import socket
from collections.abc import Callable
from contextlib import closing

from starlette.types import Scope

from flock.errors import ServingError
from flock.server.closes import STALLED, Closing, Gone

WRITE_BUFFER_BYTES = 16 * 2**10
"""How much may wait in the process for a peer before writers are held; one piece more may be under way."""

PIECE_BYTES = 16 * 2**10
"""Longer frames are written in pieces of this size, so that a viewer holds at most this and the write buffer."""

SOCKET_BUFFER_BYTES = 128 * 2**10
"""How much of a viewer's data the kernel holds: less lags behind, and a trickle counts as progress."""

PROGRESS_CHECKS = 30
"""How often within the stall timeout one looks whether a viewer that is behind has taken something."""

LINGER_S = 4.0
"""How long a peer that is to be closed may take what was already written."""

DISCARD_S = 1.0
"""How long the rest of what is refused is read and thrown away: closing at once would destroy the answer."""

CONNECTION = "flock.connection"
"""Key in a scope's state."""


class Connection:
    """One transport. `release` makes the HTTP server write on without waiting for the peer.

    `is_writable` says whether the peer takes enough.
    """

    def __init__(self, transport: asyncio.Transport, release: Callable[[], None]) -> None:
        transport.set_write_buffer_limits(high=WRITE_BUFFER_BYTES)
        self._transport = transport
        self._release = release
        self.is_writable = True
        self._writable = asyncio.Event()
        self._lost = asyncio.Event()
        self._deadline: asyncio.TimerHandle | None = None

    @property
    def buffered(self) -> int:
        """Bytes that wait in the process for the peer."""
        return self._transport.get_write_buffer_size()

    def pause(self) -> None:
        """Note that the peer takes too little."""
        self.is_writable = False
        self._writable.clear()

    def resume(self) -> None:
        """Note that the peer has taken enough."""
        self.is_writable = True
        self._writable.set()

    def lose(self) -> None:
        """Note that the peer has left."""
        self._lost.set()
        self.resume()
        if self._deadline is not None:
            self._deadline.cancel()

    async def until_writable(self, stall_timeout_s: float) -> None:
        """Return when the peer has taken enough of what was written.

        Raises `Closing` with 4408 when it takes not a byte for `stall_timeout_s`, `Gone` when it has left.
        """
        if not self.is_writable:
            try:
                async with asyncio.timeout(None) as patience:
                    with closing(Lookout(self, patience, stall_timeout_s / PROGRESS_CHECKS)):
                        await self._writable.wait()
            except TimeoutError:
                raise Closing(STALLED, "no progress: reconnect with the last cursor") from None
        if self._lost.is_set():
            raise Gone

    def narrow(self) -> None:
        """Keep the kernel's buffer small: a viewer that lags is to read merged frames later, not old ones now."""
        raw = self._transport.get_extra_info("socket")
        if raw is not None:
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SOCKET_BUFFER_BYTES)

    def finish(self) -> None:
        """Let the last words pass without waiting for the peer."""
        self._release()
        self.linger()

    def linger(self) -> None:
        """Give the peer `LINGER_S` to take what was written, then cut it off."""
        if self._deadline is None and not self._lost.is_set():
            self._deadline = asyncio.get_running_loop().call_later(LINGER_S, self._transport.abort)

    async def cut_off(self) -> None:
        """End it at once, whatever is under way, and return when that is done."""
        self._transport.abort()
        await self._lost.wait()


class Lookout:
    """Looks now and then whether a peer takes something, and ends the patience with one that does not.

    A look costs a callback, not a task that wakes: hundreds of stalled viewers must not cost the agents anything.
    """

    def __init__(self, connection: Connection, patience: asyncio.Timeout, interval_s: float) -> None:
        self._connection = connection
        self._patience = patience
        self._interval_s = interval_s
        self._left = connection.buffered
        self._looks = 0
        self._loop = asyncio.get_running_loop()
        self._timer = self._loop.call_later(interval_s, self._look)

    def close(self) -> None:
        """Look no more."""
        self._timer.cancel()

    def _look(self) -> None:
        before, self._left = self._left, self._connection.buffered
        self._looks = self._looks + 1 if self._left >= before else 0
        if self._looks == PROGRESS_CHECKS:
            self._patience.reschedule(self._loop.time())
        else:
            self._timer = self._loop.call_later(self._interval_s, self._look)


def connection_of(scope: Scope) -> Connection:
    """Give the connection of a request; raises `ServingError` under a server that is not flock's."""
    connection = scope.get("state", {}).get(CONNECTION)
    if not isinstance(connection, Connection):
        raise ServingError(
            "Live streams need flock's own server: others hide whether a viewer keeps up.",
            hint="Use flock.server.serving.Server, or `await flock.serve()`.",
        )
    return connection
