"""One HTTP/1.1 connection: what arrives goes to its receiver at once, nothing awaited, queued or handed to a task."""

import asyncio
from collections.abc import Callable
from typing import cast

from flock.engines.http_errors import BrokenResponseError
from flock.engines.http_exchange import Receiver
from flock.engines.http_response import ResponseReader


class HttpConnection(asyncio.Protocol):
    """One connection, for one exchange after the other. `on_lost` is called once it is gone."""

    def __init__(self, on_lost: Callable[["HttpConnection"], None]) -> None:
        self._on_lost = on_lost
        self._transport: asyncio.Transport | None = None
        self._receiver: Receiver | None = None
        self._response: ResponseReader | None = None
        self._is_idle = False

    @property
    def is_usable(self) -> bool:
        """Whether a request can be sent: the last one is sent, its response has ended, and the connection stays."""
        transport = self._transport
        if not self._is_idle or transport is None:
            return False
        return not (transport.is_closing() or transport.get_write_buffer_size())

    def begin(self, request: bytes, receiver: Receiver) -> None:
        """Send a request; its response goes to the receiver."""
        assert self._transport is not None
        self._is_idle = False
        self._receiver = receiver
        self._response = ResponseReader(receiver)
        self._transport.write(request)

    def close(self) -> None:
        """Close the connection at once; a response that is under way is broken."""
        self._fail(BrokenResponseError("the connection was closed"))

    def abort(self) -> None:
        """Close the connection at once; the receiver hears nothing of it."""
        self._let_go()
        self._is_idle = False
        if self._transport is not None:
            self._transport.abort()  # `close` would say goodbye first where there is TLS, and wait for the answer

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take over the transport of a connection that stands."""
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is no subclass
        self._is_idle = True

    def data_received(self, data: bytes) -> None:
        """Take what arrived: here begins the path of a token."""
        response = self._response
        if response is None:
            self.abort()  # nobody asked
            return
        try:
            response.feed(data)
        except Exception as exc:  # noqa: BLE001 - whoever waits for the response gets it
            if not response.is_whole:
                self._fail(exc)
                return
            self._end(response, exc)
        else:
            if response.is_whole:
                self._end(response)

    def connection_lost(self, exc: Exception | None) -> None:
        """End what is under way."""
        response = self._response
        self._transport = None
        self._is_idle = False
        self._on_lost(self)
        if response is not None and exc is None and response.ends_with_connection:
            self._end(response)
        else:
            self._fail(BrokenResponseError("the connection was closed"))

    def _end(self, response: ResponseReader, error: Exception | None = None) -> None:
        """Let go of a response that is whole; the receiver may have raised an error over its last part."""
        receiver = self._let_go()
        self._is_idle = response.keeps_alive
        if receiver is None:
            return
        try:
            if error is not None:
                raise error
            receiver.end()
        except Exception as exc:  # noqa: BLE001 - whoever waits for the response gets it
            receiver.fail(exc)

    def _fail(self, error: Exception) -> None:
        receiver = self._receiver
        self.abort()
        if receiver is not None:
            receiver.fail(error)

    def _let_go(self) -> Receiver | None:
        """Forget the exchange; gives who was receiving."""
        if self._response is not None:
            self._response.close()
        receiver, self._receiver, self._response = self._receiver, None, None
        return receiver
