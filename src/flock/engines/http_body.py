"""The body of an HTTP response: read in pieces up to a bound, drained or cut off at its end."""

import asyncio

import aiohttp

from flock.errors import ModelError


class ResponseBody:
    """Read a response's body piece by piece, up to a bound in bytes. To be closed when no more of it is wanted."""

    def __init__(self, response: aiohttp.ClientResponse, max_bytes: int, subject: str) -> None:
        self.content_type = response.content_type
        self._response = response
        self._content = response.content
        self._max_bytes = max_bytes
        self._bytes = 0
        self._subject = subject
        connection = response.connection
        self._closed = None if connection is None or connection.protocol is None else connection.protocol.closed
        if self._closed is not None:
            self._closed.add_done_callback(self._on_closed)

    async def start(self) -> bytes:
        """Give the first piece that is not only white space; b"" when there is none."""
        data = await self.next()
        while data and data.isspace():
            data = await self.next()
        return data

    async def next(self) -> bytes:
        """Give what has arrived, waiting for something; b"" at the end. Raises `ModelError` past the bound."""
        try:
            data = await self._content.readany()
        except aiohttp.ClientError:
            # What arrived before the connection broke is still there, and aiohttp would not give it any more.
            data = self._content._read_nowait(-1)  # noqa: SLF001 - there is no public way to it
            if not data:
                raise
        self._bytes += len(data)
        if self._bytes > self._max_bytes:
            raise ModelError(f"{self._subject} sent more than {self._max_bytes:,} bytes.")
        return data

    async def rest(self, data: bytes, *, max_bytes: int) -> bytes:
        """Give `data` and all that follows it; raises `ModelError` where that is more than `max_bytes`."""
        pieces = [data]
        size = len(data)
        while data := await self.next():
            pieces.append(data)
            size += len(data)
            if size > max_bytes:
                raise ModelError(f"{self._subject} sent more than {max_bytes:,} bytes in one piece.")
        return b"".join(pieces)

    async def at_most(self, max_bytes: int) -> bytes:
        """Give the first `max_bytes` of the body, or what came of them before the connection broke."""
        data = b""
        try:
            while len(data) < max_bytes and (piece := await self._content.readany()):
                data += piece
        except aiohttp.ClientError:
            pass
        return data[:max_bytes]

    async def drain(self) -> None:
        """Read on to the end and throw it away."""
        while await self._content.readany():
            pass

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
