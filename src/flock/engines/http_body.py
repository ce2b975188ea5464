"""The body of aiohttp's responses: all of it that arrived, also where the connection broke."""

import asyncio

import aiohttp

from flock.engines.http_exchange import Head


class GeneralBody:
    """Reads a response's body piece by piece, and knows its `head`. To be closed when no more of it is wanted."""

    def __init__(self, response: aiohttp.ClientResponse) -> None:
        self.head = Head(response.status, response.headers)
        self._response = response
        self._content = response.content
        connection = response.connection
        self._closed = None if connection is None or connection.protocol is None else connection.protocol.closed
        if self._closed is not None:
            self._closed.add_done_callback(self._on_closed)

    async def next(self) -> bytes:
        """Give what has arrived, waiting for something; b"" at the end. Raises `aiohttp.ClientError`."""
        try:
            return await self._content.readany()
        except (aiohttp.ClientError, RuntimeError) as exc:
            # What arrived before the connection broke is still there, and aiohttp would not give it any more.
            data = self._content._read_nowait(-1)  # noqa: SLF001 - there is no public way to it
            if not data and isinstance(exc, RuntimeError):  # so it says that its session was closed
                raise aiohttp.ClientPayloadError("The connection was closed.") from exc
            if not data:
                raise
            return data

    def close(self) -> None:
        """Close the connection at once, unless the body was read to its end and it waits for its next request."""
        if self._closed is not None:
            self._closed.remove_done_callback(self._on_closed)
        connection = self._response.connection
        # Aborted, since TLS would say goodbye first and wait for the answer.
        if connection is not None and connection.transport is not None:
            connection.transport.abort()
        self._response.close()

    def _on_closed(self, closed: asyncio.Future[None]) -> None:
        """End a body that aiohttp leaves waiting: it closes the connection for a broken chunk and tells nobody."""
        if not closed.cancelled():
            closed.exception()
        if not self._content.is_eof() and self._content.exception() is None:
            self._content.set_exception(aiohttp.ClientPayloadError("The connection was closed."))
