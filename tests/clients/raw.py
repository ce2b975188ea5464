"""A WebSocket client without manners: it reads when it is told to, and sends what it is told to."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from websockets.client import ClientProtocol
from websockets.frames import Frame, Opcode
from websockets.protocol import Event
from websockets.uri import parse_uri


class RawSocket:
    """One connection after its handshake. Nothing is read but when asked; `pings` counts those nobody answers."""

    def __init__(self, raw: socket.socket, protocol: ClientProtocol) -> None:
        self._raw = raw
        self._protocol = protocol
        self._loop = asyncio.get_running_loop()
        self._begun = b""
        self._whole: list[bytes] = []
        self.pings = 0

    async def send_frame(self, opcode: Opcode, data: bytes, *, fin: bool = True) -> None:
        """Send one frame, masked as a client's are."""
        await self.send(Frame(opcode, data, fin).serialize(mask=True))

    async def send(self, data: bytes) -> None:
        """Send bytes as they are."""
        await self._loop.sock_sendall(self._raw, data)

    async def read_some(self, size: int) -> int:
        """Take that many bytes and throw them away; 0 at the end."""
        data = await self._loop.sock_recv(self._raw, size)
        if data:
            self._protocol.receive_data(data)
            self._take(self._protocol.events_received())
        return len(data)

    async def read_rest(self) -> None:
        """Read until the server says that it closes, or closes or resets the connection."""
        with suppress(ConnectionResetError):
            while self.close_code is None and await self.read_some(2**16):
                pass

    @property
    def close_code(self) -> int | None:
        """The code the server closed with, None while it has not."""
        received = self._protocol.close_rcvd
        return None if received is None else int(received.code)

    def messages(self) -> list[bytes]:
        """Give the whole text messages received since the last call."""
        whole, self._whole = self._whole, []
        return whole

    def _take(self, events: list[Event]) -> None:
        for event in events:
            if isinstance(event, Frame) and event.opcode is Opcode.PING:
                self.pings += 1
            elif isinstance(event, Frame) and event.opcode in (Opcode.TEXT, Opcode.CONT):
                self._begun += bytes(event.data)
                if event.fin:
                    self._whole.append(self._begun)
                    self._begun = b""


@asynccontextmanager
async def raw_socket(url: str, headers: dict[str, str], *, receive_buffer: int = 4096) -> AsyncIterator[RawSocket]:
    """Connect, with a small buffer to receive into."""
    uri = parse_uri(url)
    loop = asyncio.get_running_loop()
    with socket.socket() as raw:
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        raw.setblocking(False)
        await loop.sock_connect(raw, (uri.host, uri.port))
        protocol = ClientProtocol(uri, max_size=None)
        request = protocol.connect()
        request.headers.update(headers)
        protocol.send_request(request)
        await loop.sock_sendall(raw, b"".join(protocol.data_to_send()))
        while protocol.handshake_exc is None and protocol.state.name == "CONNECTING":
            protocol.receive_data(await loop.sock_recv(raw, 1))
        if protocol.handshake_exc is not None:
            raise protocol.handshake_exc
        yield RawSocket(raw, protocol)
