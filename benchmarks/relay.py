"""The limit: the least a Python process can do between model server and viewers. Every cell is compared with it.

A raw protocol per upstream finds the server-sent events in the bytes, msgspec decodes each chunk and encodes one JSON
event per token, and the events of some milliseconds go to every viewer as one frame of shared bytes. It knows no
journal, no fields, no runs, no failures and nobody who comes late.

`python -m benchmarks.relay MODEL_PORT PATH STREAMS FRAME_MS` prints its port.
"""

import asyncio
import base64
import gc
import hashlib
import sys
import time
from collections.abc import Callable, Sequence

import msgspec

from benchmarks.conversation import commands, run, tell
from benchmarks.transports import without_delay
from benchmarks.usage import Meter

MAX_BUFFER_BYTES = 64 * 2**20
"""What a viewer may leave unread before it is cut off: as much as flock's journal holds."""

EVENT_START, EVENT_END = b"data: ", b"\n\n"
HANDSHAKE_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
BODY = b'{"model":"limit","stream":true,"messages":[]}'


class Delta(msgspec.Struct):
    """The part of a chunk's choice that holds text."""

    content: str | None = None


class Choice(msgspec.Struct):
    """A choice of a chunk."""

    delta: Delta


class Chunk(msgspec.Struct):
    """What the relay reads of a chunk."""

    choices: list[Choice]


class Token(msgspec.Struct, gc=False):
    """The event of one token."""

    type: str
    run: str
    agent: str
    field: str
    sequence: int
    timestamp: int
    text: str


decode = msgspec.json.Decoder(Chunk).decode
encode = msgspec.json.Encoder().encode


def frame_head(length: int) -> bytes:
    """Give the head of a WebSocket text message."""
    if length < 126:
        return bytes((0x81, length))
    if length < 65536:
        return b"\x81\x7e" + length.to_bytes(2, "big")
    return b"\x81\x7f" + length.to_bytes(8, "big")


def request(path: str) -> bytes:
    """Give what the model server is asked."""
    head = f"POST {path}/v1/chat/completions HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: {len(BODY)}\r\n\r\n"
    return head.encode() + BODY


class FanOut:
    """Collects events and sends them to every viewer, some milliseconds of them in one frame."""

    def __init__(self, frame_s: float) -> None:
        self.viewers: set[asyncio.Transport] = set()
        self._frame_s = frame_s
        self._events: list[bytes] = []
        self._loop = asyncio.get_running_loop()

    def send(self, events: list[bytes]) -> None:
        """Send these events with the next frame."""
        if not self._events:
            self._loop.call_later(self._frame_s, self._flush)
        self._events += events

    def _flush(self) -> None:
        events, self._events = self._events, []
        payload = b"[" + b",".join(events) + b"]"
        frame = frame_head(len(payload)) + payload
        for viewer in list(self.viewers):
            if viewer.get_write_buffer_size() > MAX_BUFFER_BYTES:
                viewer.abort()
            else:
                viewer.write(frame)


class ViewerConnection(asyncio.Protocol):
    """A viewer: shakes hands, then only listens."""

    def __init__(self, fan_out: FanOut) -> None:
        self._fan_out = fan_out
        self._received = b""
        self._is_open = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Bound the buffer, and send frames at once."""
        self._transport = without_delay(transport)
        self._transport.set_write_buffer_limits(MAX_BUFFER_BYTES)

    def connection_lost(self, exc: Exception | None) -> None:
        """Send it no more."""
        self._fan_out.viewers.discard(self._transport)

    def data_received(self, data: bytes) -> None:
        """Answer the handshake; what else a viewer says is of no interest."""
        if self._is_open:
            return
        self._received += data
        if b"\r\n\r\n" not in self._received:
            return
        lines = (line.partition(b":") for line in self._received.split(b"\r\n"))
        key = next(value.strip() for name, _, value in lines if name.lower() == b"sec-websocket-key")
        self._transport.write(
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Accept: %b\r\n\r\n" % base64.b64encode(hashlib.sha1(key + HANDSHAKE_GUID).digest())
        )
        self._is_open = True
        self._fan_out.viewers.add(self._transport)


class Upstream(asyncio.Protocol):
    """One stream of the model server."""

    def __init__(self, number: int, request: bytes, fan_out: FanOut) -> None:
        self.ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._run = f"run-{number:06}"
        self._request = request
        self._send = fan_out.send
        self._rest = b""
        self._sequence = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask."""
        self._transport = without_delay(transport)
        self._transport.write(self._request)

    def connection_lost(self, exc: Exception | None) -> None:
        """Fail where the answer was not whole."""
        if not self.ended.done():
            self.ended.set_exception(exc or ConnectionError("The model server closed early."))

    def data_received(self, data: bytes) -> None:
        """Turn every token of these bytes into an event."""
        if self._rest:
            data = self._rest + data
        end, sequence, run, now, is_last = 0, self._sequence, self._run, time.monotonic_ns(), False
        events: list[bytes] = []
        while (start := data.find(EVENT_START, end)) >= 0 and (stop := data.find(EVENT_END, start)) >= 0:
            end = stop + 2
            if data.startswith(b"[DONE]", start + 6):
                is_last = True
                break
            choices = decode(data[start + 6 : stop]).choices
            if choices and (text := choices[0].delta.content):
                events.append(encode(Token("llm_token", run, "writer", "body", sequence, now, text)))
                sequence += 1
        self._rest, self._sequence = data[end:], sequence
        if events:
            self._send(events)
        if is_last:
            self.ended.set_result(None)
            self._transport.close()


class Relay:
    """Relays a round of streams at a time."""

    def __init__(self, port: int, path: str, streams: int, fan_out: FanOut) -> None:
        self._port = port
        self._streams = streams
        self._fan_out = fan_out
        self._request = request(path)

    async def round(self) -> None:
        """Relay all streams, and return when they have ended; the last frame is still to be sent."""
        await asyncio.gather(*map(self._relay, range(self._streams)))

    async def _relay(self, number: int) -> None:
        loop = asyncio.get_running_loop()
        _, upstream = await loop.create_connection(
            lambda: Upstream(number, self._request, self._fan_out), "127.0.0.1", self._port
        )
        await upstream.ended


async def main(
    port: int, path: str, streams: int, frame_s: float, *, make_fan_out: Callable[[float], FanOut] = FanOut
) -> None:
    """Relay a round at every `go`, and tell at `stop` what it cost."""
    fan_out = make_fan_out(frame_s)
    relay, meter = Relay(port, path, streams, fan_out), Meter()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: ViewerConnection(fan_out), "127.0.0.1", 0, backlog=4096)
    tell(port=server.sockets[0].getsockname()[1])
    async for command in commands():
        match command:
            case ["go", *more]:
                gc.collect()
                gc.freeze()
                began_ns = meter.start(has_lag="lag" in more)
                await relay.round()
                tell(began_ns=began_ns, completed=streams)
            case ["stop"]:
                tell(**meter.stop())


def read_arguments(words: Sequence[str]) -> tuple[int, str, int, float]:
    """Read MODEL_PORT PATH STREAMS FRAME_MS."""
    port, path, streams, frame_ms = words
    return int(port), path, int(streams), float(frame_ms) / 1e3


if __name__ == "__main__":
    run(main(*read_arguments(sys.argv[1:])))
