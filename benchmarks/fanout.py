"""`python -m benchmarks.fanout`: what a WebSocket frame costs per viewer on the server paths there are.

Every cell is a server in a process of its own that sends frames of one size at one pace to viewers in another one.
The figure is the CPU of the server per frame and viewer. `flock` is the product: its journal, its frames, its server;
the others send text that is ready, `shared` through flock's kind of server, `raw` on a bare protocol: the floor.
"""

import argparse
import asyncio
import base64
import hashlib
import statistics
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, ExitStack, asynccontextmanager
from importlib.util import find_spec
from subprocess import PIPE
from uuid import uuid4

import uvicorn
import uvloop
from aiohttp import web
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.asyncio.server import ServerConnection, broadcast, serve
from websockets.frames import Frame, Opcode

INTERVAL_S = 0.033
"""The pace of the frames: that of the product under load."""

GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"

Receive = Callable[[], Awaitable[object]]
Reply = Callable[[object], Awaitable[None]]
Send = Callable[[str], Awaitable[None]]
Path = Callable[[], AbstractAsyncContextManager[tuple[int, Send]]]


@asynccontextmanager
async def _uvicorn(app: object, ws: type[asyncio.Protocol]) -> AsyncIterator[int]:
    config = uvicorn.Config(app, port=0, ws=ws, ws_per_message_deflate=False, lifespan="off", log_level="critical")  # type: ignore[arg-type] # an application in short
    config.load()
    server = uvicorn.Server(config)
    server.lifespan = config.lifespan_class(config)
    await server.startup()
    yield server.servers[0].sockets[0].getsockname()[1]
    await server.shutdown()


@asynccontextmanager
async def uvicorn_tasks() -> AsyncIterator[tuple[int, Send]]:
    """The ASGI way: a task for each viewer, woken for each frame, which awaits `send`."""
    waiting: set[asyncio.Future[str]] = set()

    async def app(scope: object, receive: Receive, send: Reply) -> None:
        await receive()
        await send({"type": "websocket.accept"})
        while True:
            future: asyncio.Future[str] = asyncio.get_running_loop().create_future()
            waiting.add(future)
            await send({"type": "websocket.send", "text": await future})

    async def send(text: str) -> None:
        for future in waiting:
            future.set_result(text)
        waiting.clear()

    async with _uvicorn(app, WebSocketsSansIOProtocol) as port:
        yield port, send


@asynccontextmanager
async def uvicorn_shared() -> AsyncIterator[tuple[int, Send]]:
    """The same server; one loop writes the same bytes, the frame's header among them, to each transport."""
    viewers: set[asyncio.Transport] = set()

    class Protocol(WebSocketsSansIOProtocol):
        async def run_asgi(self) -> None:
            viewers.add(self.transport)
            await super().run_asgi()

    async def app(scope: object, receive: Receive, send: Reply) -> None:
        await receive()
        await send({"type": "websocket.accept"})
        await receive()

    async def send(text: str) -> None:
        frame = _frame(text)
        for transport in viewers:
            transport.write(frame)

    async with _uvicorn(app, Protocol) as port:
        yield port, send


@asynccontextmanager
async def aiohttp_server() -> AsyncIterator[tuple[int, Send]]:
    """aiohttp's own server, one loop that awaits `send_str`."""
    viewers: set[web.WebSocketResponse] = set()

    async def watch(request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse(compress=False)
        await socket.prepare(request)
        viewers.add(socket)
        await socket.receive()
        return socket

    async def send(text: str) -> None:
        for socket in viewers:
            await socket.send_str(text)

    app = web.Application()
    app.router.add_get("/ws", watch)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    yield runner.addresses[0][1], send
    await runner.cleanup()


@asynccontextmanager
async def websockets_server() -> AsyncIterator[tuple[int, Send]]:
    """The `websockets` package's own server and its `broadcast`."""
    viewers: set[ServerConnection] = set()

    async def watch(connection: ServerConnection) -> None:
        viewers.add(connection)
        await connection.wait_closed()

    async def send(text: str) -> None:
        broadcast(viewers, text)

    async with serve(watch, "127.0.0.1", 0, compression=None) as server:
        yield next(iter(server.sockets)).getsockname()[1], send


@asynccontextmanager
async def picows_server() -> AsyncIterator[tuple[int, Send]]:
    """picows, where it is installed."""
    from picows import (  # type: ignore[import-not-found, unused-ignore] # no dependency
        WSListener,
        WSMsgType,
        WSTransport,
        WSUpgradeRequest,
        ws_create_server,
    )

    viewers: set[WSTransport] = set()

    class Viewer(WSListener):  # type: ignore[misc] # untyped where it is not installed
        def on_ws_connected(self, transport: WSTransport) -> None:
            viewers.add(transport)

    def listener(request: WSUpgradeRequest) -> Viewer:
        return Viewer()

    async def send(text: str) -> None:
        data = text.encode()
        for transport in viewers:
            transport.send(WSMsgType.TEXT, data)

    server = await ws_create_server(listener, "127.0.0.1", 0)
    yield server.sockets[0].getsockname()[1], send
    server.close()


class Bare(asyncio.Protocol):
    """A WebSocket server that knows the handshake and nothing else."""

    def __init__(self, viewers: set[asyncio.Transport]) -> None:
        self._viewers = viewers

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # always one of these
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        head = {line.partition(b": ")[0].lower(): line.partition(b": ")[2] for line in data.split(b"\r\n")}
        accept = base64.b64encode(hashlib.sha1(head[b"sec-websocket-key"] + GUID, usedforsecurity=False).digest())
        lines = [b"HTTP/1.1 101 Switching Protocols", b"upgrade: websocket", b"connection: upgrade"]
        self._transport.write(b"\r\n".join([*lines, b"sec-websocket-accept: " + accept, b"", b""]))
        self._viewers.add(self._transport)


@asynccontextmanager
async def raw() -> AsyncIterator[tuple[int, Send]]:
    """The floor: one loop writes the same bytes to each transport."""
    viewers: set[asyncio.Transport] = set()

    async def send(text: str) -> None:
        frame = _frame(text)
        for transport in viewers:
            transport.write(frame)

    server = await asyncio.get_running_loop().create_server(lambda: Bare(viewers), "127.0.0.1", 0)
    yield server.sockets[0].getsockname()[1], send
    server.close()


@asynccontextmanager
async def flock_server() -> AsyncIterator[tuple[int, Send]]:
    """The product: text of one stream into the journal, and everything from there on."""
    from flock import Flock
    from flock.admission import StreamSettings
    from flock.server.serving import Server
    from flock.server.settings import ServerSettings

    flock = Flock(view=None)
    opened = flock.streams.open(
        run_id=str(uuid4()),
        agent_name="writer",
        correlation_id=str(uuid4()),
        artifacts=[],
        inputs=[],
        engine="none",
        model=None,
        is_simulated=True,
        priority="normal",
    )
    with opened, opened.running("dashboard", StreamSettings()) as (writer, _):
        settings = ServerSettings(port=0, insecure_no_auth=True, max_viewers=2000)
        async with flock, Server(flock, settings) as server:

            async def send(text: str) -> None:
                writer.append(text, field="body")

            yield server.port, send


def _frame(text: str) -> bytes:
    return Frame(Opcode.TEXT, text.encode()).serialize(mask=False)


PATHS: dict[str, Path] = {
    "flock": flock_server,
    "uvicorn": uvicorn_tasks,
    "shared": uvicorn_shared,
    "aiohttp": aiohttp_server,
    "websockets": websockets_server,
    "picows": picows_server,
    "raw": raw,
}


async def _serve(name: str, frames: int, size: int) -> None:
    """Print the port; on the first line of the input send the frames, on the second print the CPU seconds spent."""
    loop = asyncio.get_running_loop()
    async with PATHS[name]() as (port, send):
        print(port, flush=True)
        await loop.run_in_executor(None, sys.stdin.readline)
        text = "x" * size
        cpu_s, due_s = time.process_time(), loop.time()
        for _ in range(frames):
            await send(text)
            due_s += INTERVAL_S
            await asyncio.sleep(due_s - loop.time())
        await loop.run_in_executor(None, sys.stdin.readline)
        print(time.process_time() - cpu_s, flush=True)


class Taker(asyncio.Protocol):
    """A viewer that counts bytes, and nothing else."""

    def __init__(self, ready: asyncio.Event, done: asyncio.Event, size: int) -> None:
        self._ready = ready
        self._done = done
        self._left = size

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # always one of these
        head = "GET /ws HTTP/1.1\r\nhost: 127.0.0.1\r\nupgrade: websocket\r\nconnection: upgrade\r\n"
        key = "sec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\nsec-websocket-version: 13\r\n\r\n"
        transport.write(f"{head}{key}".encode())

    def data_received(self, data: bytes) -> None:
        self._ready.set()
        self._left -= len(data)
        if self._left <= 0:
            self._done.set()


async def _view(port: int, viewers: int, size: int) -> None:
    """Watch; print a line when all are connected, and one when all have so many bytes."""
    loop = asyncio.get_running_loop()
    waits = []
    for _ in range(viewers):
        ready, done = asyncio.Event(), asyncio.Event()
        waits.append(done)
        await loop.create_connection(lambda ready=ready, done=done: Taker(ready, done, size), "127.0.0.1", port)  # type: ignore[misc] # mypy infers no lambda with defaults
        await ready.wait()
    await asyncio.sleep(0.2)
    print("ready", flush=True)
    for done in waits:
        await done.wait()
    print("done", flush=True)
    await asyncio.sleep(60)


class Child:
    """One of the two processes of a cell."""

    def __init__(self, stack: ExitStack, *arguments: object) -> None:
        command = [sys.executable, "-m", "benchmarks.fanout", *map(str, arguments)]
        process = stack.enter_context(subprocess.Popen(command, stdin=PIPE, stdout=PIPE, text=True))
        stack.callback(process.kill)
        assert process.stdin is not None
        assert process.stdout is not None
        self._input, self._output = process.stdin, process.stdout

    def say(self) -> None:
        """Send a line."""
        self._input.write("\n")
        self._input.flush()

    def hear(self) -> str:
        """Read a line; fails where the process ended without one."""
        line = self._output.readline().strip()
        assert line, "the process ended early"
        return line


def measure(path: str, viewers: int, frames: int, size: int) -> float:
    """Give the microseconds of CPU per frame and viewer."""
    with ExitStack() as stack:
        server = Child(stack, "--serve", path, "--frames", frames, "--bytes", size)
        taker = Child(stack, "--view", server.hear(), viewers, frames * size)
        taker.hear()
        server.say()
        taker.hear()
        server.say()
        return float(server.hear()) / frames / viewers * 1e6


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.fanout", description=__doc__)
    parser.add_argument("--viewers", type=int, nargs="+", default=[10, 100, 1000])
    parser.add_argument("--bytes", type=int, default=6000, help="of one frame")
    parser.add_argument("--frames", type=int, default=45, help="per cell")
    parser.add_argument("--rounds", type=int, default=3, help="interleaved; medians count")
    parser.add_argument("--paths", nargs="+", choices=PATHS, default=[*PATHS])
    parser.add_argument("--serve", help=argparse.SUPPRESS)
    parser.add_argument("--view", type=int, nargs=3, help=argparse.SUPPRESS)
    return parser.parse_args()


def main() -> None:
    """Measure, and print a table."""
    asked = _arguments()
    if asked.serve:
        uvloop.run(_serve(asked.serve, asked.frames, asked.bytes))
        return
    if asked.view:
        uvloop.run(_view(*asked.view))
        return
    paths = [path for path in asked.paths if path != "picows" or find_spec("picows")]
    cells: dict[tuple[str, int], list[float]] = {(path, count): [] for path in paths for count in asked.viewers}
    for _ in range(asked.rounds):
        for (path, count), spent in cells.items():
            spent.append(measure(path, count, asked.frames, asked.bytes))
    print(f"CPU µs per frame of {asked.bytes} bytes and viewer, at so many viewers")
    print(f"{'':12}" + "".join(f"{count:8}" for count in asked.viewers))
    for path in paths:
        medians = [statistics.median(cells[path, count]) for count in asked.viewers]
        print(f"{path:12}" + "".join(f"{median:8.1f}" for median in medians))


if __name__ == "__main__":
    main()
