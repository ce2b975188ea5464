"""One request and its response, as those who speak HTTP and those who read answers see them."""

from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol

from multidict import CIMultiDict
from yarl import URL


@dataclass(frozen=True, slots=True)
class Request:
    """A POST with a body. `headers` hold everything but `Content-Length`, and `Host` where it is not the address's."""

    url: URL
    headers: Mapping[str, str]
    body: bytes

    def encode(self) -> bytes:
        """Give the bytes of an HTTP/1.1 request."""
        fields = CIMultiDict(self.headers)
        fields.setdefault("Host", self.url.host_port_subcomponent or "")
        fields["Content-Length"] = str(len(self.body))
        lines = [f"POST {self.url.raw_path_qs} HTTP/1.1", *(f"{name}: {value}" for name, value in fields.items())]
        return "\r\n".join([*lines, "", ""]).encode("ascii") + self.body


@dataclass(frozen=True, slots=True)
class Head:
    """Status and headers of a response; names of headers are looked up in any case."""

    status: int
    headers: Mapping[str, str]


class Receiver(Protocol):
    """Takes a response as it arrives, synchronously. What it raises ends the exchange and closes the connection."""

    def head(self, head: Head) -> None:
        """Take status and headers."""

    def body(self, data: bytes) -> None:
        """Take the next piece of the body, never empty."""

    def end(self) -> None:
        """Note that the response is whole."""

    def fail(self, error: Exception) -> None:
        """Note that nothing more will come: an `HttpError`, or what one of the others raised."""


class Http(Protocol):
    """Speaks HTTP with servers. Implementations: `http_pool` (connections of flock's own), `http_general` (aiohttp)."""

    def exchanging(self, request: Request, receiver: Receiver) -> AbstractAsyncContextManager[None]:
        """Send a request; its response is pushed into the receiver while the block runs.

        Entering raises `HttpError` where there is no connection. Leaving closes the connection at once, unless the
        response was read to its end and the connection can wait for its next request.
        """

    async def aclose(self) -> None:
        """Close the connections of the running event loop; a later exchange opens new ones."""
