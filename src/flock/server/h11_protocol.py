"""uvicorn's pure Python HTTP protocol with the connection in each request's state: for where httptools is missing."""

import asyncio

from uvicorn.protocols.http.h11_impl import H11Protocol

from flock.server.connection import CONNECTION, Connection
from flock.server.raw_answer import raw_answer
from flock.server.refusals import MalformedError


class PureHttpProtocol(H11Protocol):
    """HTTP/1.1 on one connection; h11 itself bounds the headers."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as uvicorn has it
        super().connection_made(transport)
        self.connection = Connection(transport, self.resume_writing)
        self.app_state = {**self.app_state, CONNECTION: self.connection}

    def connection_lost(self, exc: Exception | None) -> None:
        self.connection.lose()
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        self.connection.pause()
        super().pause_writing()

    def resume_writing(self) -> None:
        self.connection.resume()
        super().resume_writing()

    def send_400_response(self, msg: str) -> None:
        """Answer what is no proper request, and close."""
        self.transport.write(raw_answer(MalformedError("This is not a valid HTTP request.")))
        self.transport.close()
