"""The body of an HTTP response: read in pieces up to a bound, drained or cut off at its end."""

import aiohttp

from flock.errors import ModelError


class ResponseBody:
    """Read a response's body piece by piece, up to a bound in bytes."""

    def __init__(self, response: aiohttp.ClientResponse, max_bytes: int, subject: str) -> None:
        self.content_type = response.content_type
        self._content = response.content
        self._max_bytes = max_bytes
        self._bytes = 0
        self._subject = subject

    async def start(self) -> bytes:
        """Give the first piece that is not only white space; b"" when there is none."""
        data = await self.next()
        while data and data.isspace():
            data = await self.next()
        return data

    async def next(self) -> bytes:
        """Give what has arrived, waiting for something; b"" at the end. Raises `ModelError` past the bound."""
        data = await self._content.readany()
        self._bytes += len(data)
        if self._bytes > self._max_bytes:
            raise ModelError(f"{self._subject} sent more than {self._max_bytes:,} bytes.")
        return data

    async def rest(self, data: bytes) -> bytes:
        """Give `data` and all that follows it."""
        pieces = [data]
        while data := await self.next():
            pieces.append(data)
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


def close_response(response: aiohttp.ClientResponse) -> None:
    """Close the response's connection at once, unless it was read to its end and waits for its next request already."""
    connection = response.connection
    # Aborted, since TLS would say goodbye first and wait for the answer.
    if connection is not None and connection.transport is not None:
        connection.transport.abort()
    response.close()
