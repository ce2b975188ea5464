"""The WebSocket: one text message per frame out; in, at most the token as the first message."""

import asyncio

import msgspec
from starlette.websockets import WebSocket, WebSocketDisconnect

from flock.audience import ViewerKind
from flock.errors import ServingError
from flock.events import Format
from flock.frame import Frame
from flock.server.auth import Auth
from flock.server.closes import MALFORMED, NOT_AUTHORISED, OUT_OF_SCOPE, TOO_LARGE, Closing, Gone
from flock.server.connection import connection_of
from flock.server.guards import close_reason
from flock.server.holder import Holder, holder_of
from flock.server.refusals import ScopeError
from flock.server.scopes import READING, check_scopes
from flock.server.settings import ServerSettings
from flock.server.text_message import text_message
from flock.server.websocket_protocol import SocketConnection


class Greeting(msgspec.Struct, forbid_unknown_fields=True):
    """The one message a client may send."""

    token: str


class SocketLine:
    """One accepted WebSocket."""

    kind: ViewerKind = "websocket"

    def __init__(self, socket: WebSocket, auth: Auth, settings: ServerSettings) -> None:
        connection = connection_of(socket.scope)
        if not isinstance(connection, SocketConnection):
            raise ServingError("A WebSocket needs flock's own protocol.", hint="Use flock.server.serving.Server.")
        self._socket = socket
        self._connection = connection
        self._auth = auth
        self._settings = settings
        self._has_spoken = False

    @property
    def holder(self) -> Holder | None:
        """Who showed a token or session in the handshake."""
        return holder_of(self._socket.scope)

    async def greet(self) -> Holder:
        """Hear the token that the handshake did not show, and give its holder; raises `Closing` or `Gone`."""
        timeout_s = self._settings.token_timeout_s
        try:
            async with asyncio.timeout(timeout_s):
                holder = await self._hear()
        except TimeoutError:
            reason = f"no token within {timeout_s:g} s: set the header, or send it as the first message"
            raise Closing(NOT_AUTHORISED, reason) from None
        try:
            check_scopes(holder.grant, READING)
        except ScopeError as error:
            raise Closing(OUT_OF_SCOPE, error.message) from error
        return holder

    def put(self, frame: Frame, format: Format) -> bool:
        """Take a frame as one text message, in fragments where it is long."""
        return self._connection.put(frame.packed(text_message, format))

    async def flush(self) -> None:
        """Return when all that was put is written and the peer takes more; raises `Closing` or `Gone`."""
        await self._connection.flush(self._settings.stall_timeout_s)

    async def listen(self) -> None:
        """Hear whatever comes, which ends the viewer unless it is a valid first message."""
        while True:
            await self._hear()

    async def close(self, closing: Closing) -> None:
        """Close with the code and the reason."""
        self._connection.finish()
        try:
            await self._socket.close(closing.close.code, close_reason(closing.reason))
        except WebSocketDisconnect:
            return

    def narrow(self) -> None:
        """Keep little of the viewer's data in the kernel."""
        self._connection.narrow()

    async def _hear(self) -> Holder:
        message = await self._socket.receive()
        if message["type"] == "websocket.disconnect":
            raise Gone
        text = message.get("text")
        if self._has_spoken or text is None:
            raise Closing(MALFORMED, 'the only message is {"token": "..."}, as the first one')
        self._has_spoken = True
        if len(text.encode()) > self._settings.max_message_bytes:
            raise Closing(TOO_LARGE)
        try:
            greeting = msgspec.json.decode(text, type=Greeting)
        except (msgspec.DecodeError, UnicodeError, RecursionError):
            raise Closing(MALFORMED, 'the first message is {"token": "..."} or none') from None
        holder = self._auth.holder_of(greeting.token)
        if holder is None:
            raise Closing(NOT_AUTHORISED, "this token is not valid")
        return holder
