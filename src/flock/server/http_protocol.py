"""uvicorn's HTTP protocol with bounded headers, errors as JSON, and the connection in each request's state."""

import asyncio
from typing import Any

from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

from flock.server.connection import CONNECTION, DISCARD_S, Connection
from flock.server.raw_answer import raw_answer
from flock.server.refusals import HeadersTooLargeError, MalformedError, RefusedError

HEADER_LINE_BYTES = 4
"""What a header line costs beside its name and value."""


HEADER_TIMEOUT_S = 30.0
"""How long a peer may take to send a request's line and headers."""


class HttpProtocol(HttpToolsProtocol):
    """HTTP/1.1 on one connection. The bound on headers is the one uvicorn has for h11."""

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._max_header_bytes = config.h11_max_incomplete_event_size or 16 * 2**10
        self._header_bytes = 0
        self._unfinished_bytes = 0
        self._in_headers = False
        self._began_now = False
        self._is_discarding = False
        self._header_timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as uvicorn has it
        super().connection_made(transport)
        self.connection = Connection(transport, self.resume_writing)
        self.app_state = {**self.app_state, CONNECTION: self.connection}
        self._header_timer = self.loop.call_later(HEADER_TIMEOUT_S, self.transport.abort)

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_header_timer()
        self.connection.lose()
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        self.connection.pause()
        super().pause_writing()

    def resume_writing(self) -> None:
        self.connection.resume()
        super().resume_writing()

    def data_received(self, data: bytes) -> None:
        if self._is_discarding:
            return
        self._began_now = False
        super().data_received(data)
        if self._in_headers and not self._began_now:
            # The parser keeps an unfinished line to itself, so what arrives is counted, too.
            self._unfinished_bytes += len(data)
            if self._unfinished_bytes > self._max_header_bytes and not self._is_discarding:
                self.send_400_response("")

    def on_message_begin(self) -> None:
        self._header_bytes = self._unfinished_bytes = 0
        self._in_headers = self._began_now = True
        if self._header_timer is None:
            self._header_timer = self.loop.call_later(HEADER_TIMEOUT_S, self.transport.abort)
        super().on_message_begin()

    def on_url(self, url: bytes) -> None:
        self._count(len(url))
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        self._count(len(name) + len(value) + HEADER_LINE_BYTES)
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        self._in_headers = False
        self._stop_header_timer()
        super().on_headers_complete()

    def send_400_response(self, msg: str) -> None:
        """Answer what is no proper request, and close; the rest is thrown away, so that the answer can be read."""
        error: RefusedError = MalformedError("This is not a valid HTTP request.")
        if max(self._header_bytes, self._unfinished_bytes) > self._max_header_bytes:
            error = HeadersTooLargeError(f"The headers are larger than {self._max_header_bytes:,} bytes.")
        self.transport.write(raw_answer(error))
        self._is_discarding = True
        self.loop.call_later(DISCARD_S, self.transport.close)

    def _stop_header_timer(self) -> None:
        if self._header_timer is not None:
            self._header_timer.cancel()
            self._header_timer = None

    def _count(self, length: int) -> None:
        self._header_bytes += length
        if self._header_bytes > self._max_header_bytes:
            raise HeadersTooLargeError(f"The headers are larger than {self._max_header_bytes:,} bytes.")
