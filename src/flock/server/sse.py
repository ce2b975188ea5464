"""Server-sent events: one message per frame, a comment now and then, and a last word that says why it ends."""

import asyncio
from collections import deque
from collections.abc import Callable
from contextlib import AbstractContextManager

from fastapi import Response
from starlette.types import Receive, Scope, Send

from flock.audience import Audience, ViewerKind
from flock.cursor import NOWHERE
from flock.events import Format
from flock.frame import Frame
from flock.reader import Reader
from flock.server.closes import STALLED, Closing, Gone
from flock.server.connection import PIECE_BYTES, Connection, connection_of
from flock.server.idempotency import RUN_ID_HEADER
from flock.server.settings import ServerSettings
from flock.server.viewer import Viewer

COMMENT = b": still here\n"


class SseLine:
    """One response that goes on. Messages are never interleaved, whoever sends them."""

    kind: ViewerKind = "sse"

    def __init__(self, connection: Connection, receive: Receive, send: Send, settings: ServerSettings) -> None:
        self._connection = connection
        self._receive = receive
        self._send = send
        self._settings = settings
        self._writing = asyncio.Lock()
        self._rest: deque[bytes] = deque()
        self._is_mid_message = False

    def put(self, frame: Frame, format: Format) -> bool:
        """Take a frame as one message. Never True: the server's `send`, which is awaited, is in `flush`."""
        self._rest.extend(frame.packed(event_message, format))
        return False

    async def flush(self) -> None:
        """Return when all that was put is written and the peer takes more; raises `Closing` or `Gone`."""
        async with self._writing:
            while True:
                await self._connection.until_writable(self._settings.stall_timeout_s)
                if not self._rest:
                    return
                await self._send({"type": "http.response.body", "body": self._rest[0], "more_body": True})
                self._rest.popleft()
                self._is_mid_message = bool(self._rest)

    async def listen(self) -> None:
        """Wait for the peer to leave, and show it every now and then that the line is open."""
        while True:
            try:
                async with asyncio.timeout(self._settings.comment_interval_s):
                    message = await self._receive()
            except TimeoutError:
                if not self._rest:
                    self._rest.append(COMMENT)
                    await self.flush()
            else:
                if message["type"] == "http.disconnect":
                    raise Gone

    async def close(self, closing: Closing) -> None:
        """End the response with `event: close`, unless a message was broken off."""
        self._connection.finish()
        last = b"" if self._is_mid_message else b"event: close\ndata: %d\n\n" % closing.close.code
        await self._send({"type": "http.response.body", "body": last, "more_body": False})


def event_message(frame: Frame, format: Format) -> tuple[bytes, ...]:
    """Give a frame as one message in pieces, its cursor as the id where one can resume from it."""
    id_line = b"" if frame.cursor == NOWHERE else b"id: %b\n" % str(frame.cursor).encode("ascii")
    message = b"%bdata: %b\n\n" % (id_line, frame.encode(format))
    return tuple(message[start : start + PIECE_BYTES] for start in range(0, len(message), PIECE_BYTES))


class EventStream(Response):
    """A response that shows the journal to one viewer for as long as it stays.

    `place` is the viewer's, taken before anything was begun for it; it is given back at the end. `departure` is set
    when all viewers are to leave. `on_leave` is called when this one leaves or stalls before the end; `run_id` names
    the run that is shown, after whose final event the response ends.
    """

    media_type = "text/event-stream"

    def __init__(
        self,
        reader: Reader,
        *,
        audience: Audience,
        place: AbstractContextManager[object],
        departure: asyncio.Event,
        settings: ServerSettings,
        run_id: str | None = None,
        on_leave: Callable[[], object] | None = None,
    ) -> None:
        headers = {"connection": "close", "x-accel-buffering": "no"}
        if run_id is not None:
            headers[RUN_ID_HEADER] = run_id
        super().__init__(headers=headers)
        del self.headers["content-length"]
        self._reader = reader
        self._audience = audience
        self._place = place
        self._departure = departure
        self._settings = settings
        self._until_final = run_id is not None
        self._on_leave = on_leave

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        with self._place:
            has_left = await self._show(scope, receive, send)
        if has_left and self._on_leave is not None:
            self._on_leave()

    async def _show(self, scope: Scope, receive: Receive, send: Send) -> bool:
        """Serve the viewer, and say whether it left or stalled before the end."""
        connection = connection_of(scope)
        line = SseLine(connection, receive, send, self._settings)
        viewer = Viewer(self._reader, line, departure=self._departure, until_final=self._until_final)
        connection.narrow()
        try:
            await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
            return await viewer.attend(self._audience) is STALLED
        except Gone:
            return True
