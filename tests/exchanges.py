"""What HTTP clients are tried with: a receiver that remembers, and servers that send what they are told."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from yarl import URL

from flock.engines.http_exchange import Head, Request

Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@dataclass
class Received:
    """Remembers what is pushed into it; `came` is set by each piece of a body, `over` when nothing more will come."""

    heads: list[Head] = field(default_factory=list)
    pieces: list[bytes] = field(default_factory=list)
    ends: int = 0
    errors: list[Exception] = field(default_factory=list)
    came: asyncio.Event = field(default_factory=asyncio.Event, compare=False)
    over: asyncio.Event = field(default_factory=asyncio.Event, compare=False)

    def head(self, head: Head) -> None:
        assert not self.heads
        assert not self.over.is_set()
        self.heads.append(head)

    def body(self, data: bytes) -> None:
        assert self.heads
        assert data
        assert not self.over.is_set()
        self.pieces.append(data)
        self.came.set()

    def end(self) -> None:
        assert not self.over.is_set()
        self.ends += 1
        self.over.set()

    def fail(self, error: Exception) -> None:
        assert not self.over.is_set()
        self.errors.append(error)
        self.over.set()

    @property
    def said(self) -> bytes:
        return b"".join(self.pieces)

    @property
    def error(self) -> Exception:
        (error,) = self.errors
        return error


@asynccontextmanager
async def talking(talk: Talk, host: str = "127.0.0.1", tls: ssl.SSLContext | None = None) -> AsyncIterator[URL]:
    """Serve connections with `talk`; gives the address. A connection is closed when its talk ends, or the block."""
    talks = set[asyncio.Task[None]]()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        talks.add(task)
        try:
            await talk(reader, writer)
        except asyncio.CancelledError:
            writer.transport.abort()
        finally:
            writer.close()
            talks.discard(task)

    async with await asyncio.start_server(serve, host, 0, ssl=tls) as server:
        address, port = server.sockets[0].getsockname()[:2]
        yield URL.build(scheme="https" if tls else "http", host=address, port=port, path="/v1/chat/completions")
        for task in talks:
            task.cancel()
        await asyncio.gather(*talks)


def answering(answer: bytes) -> Talk:
    """Read one request, send these bytes and leave."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        writer.write(answer)

    return talk


async def read_request(reader: asyncio.StreamReader) -> bytes:
    """Read a request with a body, and give its head."""
    head = await reader.readuntil(b"\r\n\r\n")
    length = next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
    await reader.readexactly(int(length.partition(b":")[2]))
    return head


def request(url: URL, body: bytes = b"{}") -> Request:
    return Request(url, {"Accept": "*/*"}, body)
