"""A scripted OpenAI-compatible server: real HTTP/1.1 with keep-alive and chunked server-sent events.

Run as `python -m tests.servers.openai_server`; prints its port, ends when its standard input does.  Tests steer it at
`/control/…`: `POST script` (a list of scripts), `POST release` (a gate), `POST door` (see `doors.py`), `POST reset`,
`GET requests` and `GET gate` (both wait until enough requests are in the asked state).  See `script.py` for what a
script can say.
"""

import argparse
import asyncio
import json
import random
import re
import ssl
import sys
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

from tests.servers.answers import answer_for
from tests.servers.connection import Connection, Request, response_head
from tests.servers.doors import Doors
from tests.servers.script import Script, Step, StepKind

MAX_PIECE_BYTES = 7
"""How large the pieces of a randomly split answer are at the most."""

_FILL_BYTES = 64 * 2**10
_GZIP = 31


class Answer:
    """One response on its way: a chunked body of server-sent events, made step by step."""

    def __init__(self, server: "ModelServer", connection: Connection, request: Request, script: Script) -> None:
        self._server = server
        self._connection = connection
        self._script = script
        self._body = request.body()
        self._has_headers = False
        self._has_token = False
        self._completion_tokens = 0
        self._splits = None if script.split_seed is None else random.Random(script.split_seed)

    async def run(self) -> None:
        """Take all steps; end the body unless a step ended it."""
        for step in self._script.all_steps():
            if not await self._take(step):
                return
        await self._end()

    async def _take(self, step: Step) -> bool:
        """Take one step; tell whether others may follow."""
        kind, value = step
        match kind:
            case "headers":
                await self._headers()
            case "gate":
                await self._server.wait_at_gate(value)
            case "end":
                await self._end()
                return False
            case "close" | "drop":
                self._connection.leave(reset=kind == "drop")
                return False
            case "finish" | "usage" | "done" | "comment" | "data" | "bytes":
                await self._protocol(kind, value)
            case "fill" | "gzip" | "raw" | "drip" | "pings":
                await self._bytes(kind, value)
            case _:
                await self._say(kind, value)
        return True

    async def _protocol(self, kind: StepKind, value: Any) -> None:
        """Write what is not said by the model, but about its answer."""
        match kind:
            case "finish":
                await self._chunk(choices=[{"index": 0, "delta": {}, "finish_reason": value}])
            case "usage":
                await self._chunk(choices=[], usage=value or self._usage())
            case "done":
                await self._event("[DONE]")
            case "comment":
                await self._write(f": {value}{self._script.newline * 2}".encode())
            case "data":
                await self._event(value)
            case "bytes":
                await self._write(value.encode("latin-1"))
            case _:
                raise ValueError(f"{kind!r} is no step.")

    async def _bytes(self, kind: StepKind, value: Any) -> None:
        """Write what is no matter of the protocol: how much, how slowly, or outside of it."""
        match kind:
            case "fill":
                for piece in pieces(*value):
                    await self._write(piece)
            case "gzip":
                packer = zlib.compressobj(level=1, wbits=_GZIP)
                for piece in pieces(*value):
                    await self._write(packer.compress(piece))
                await self._write(packer.flush())
            case "raw":
                self._has_headers = True
                await self._connection.write(value.encode("latin-1"))
            case "drip":
                text, pause_s = value
                for byte in text.encode("latin-1"):
                    await self._write(bytes([byte]))
                    await asyncio.sleep(pause_s)
            case "pings":
                while True:
                    await self._write(b": ping\n\n")
                    await asyncio.sleep(value)
            case _:
                raise ValueError(f"{kind!r} is no step.")

    async def _say(self, kind: StepKind, value: Any) -> None:
        """Write what the model says."""
        match kind:
            case "answer":
                await self._words(answer_for(self._body["messages"], self._script.tokens))
            case "words":
                await self._words(value)
            case "text":
                await self._token({"content": value})
            case "reasoning" | "reasoning_content":
                await self._token({kind: value})
            case "tool_call":
                await self._token({"tool_calls": [value]})
            case "delta":
                await self._token(value)
            case _:
                raise ValueError(f"{kind!r} is no step.")

    async def _words(self, text: str) -> None:
        for word in re.findall(r"\S+\s*|\s+", text):
            await self._token({"content": word})

    async def _token(self, delta: dict[str, Any]) -> None:
        pace_s = 1 / self._script.tokens_per_s if self._script.tokens_per_s else 0.0
        delay_s = pace_s if self._has_token else self._script.first_token_s
        if delay_s:
            await asyncio.sleep(delay_s)
        self._has_token = True
        self._completion_tokens += 1
        await self._chunk(choices=[{"index": 0, "delta": {"role": "assistant", **delta}, "finish_reason": None}])

    async def _chunk(self, **members: Any) -> None:
        chunk = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "model": self._body["model"], **members}
        await self._event(json.dumps(chunk, ensure_ascii=False))

    async def _event(self, data: str) -> None:
        newline = self._script.newline
        await self._write(f"data: {data}{newline}{newline}".encode())

    async def _write(self, data: bytes) -> None:
        await self._headers()
        while data:
            size = self._piece_size(len(data))
            piece, data = data[:size], data[size:]
            await self._connection.write(b"%x\r\n%s\r\n" % (len(piece), piece))

    def _piece_size(self, rest: int) -> int:
        if self._splits is not None:
            return self._splits.randint(1, MAX_PIECE_BYTES)
        return self._script.split_bytes or rest

    async def _headers(self) -> None:
        if not self._has_headers:
            self._has_headers = True
            headers = {"Content-Type": "text/event-stream", "Transfer-Encoding": "chunked", **self._script.headers}
            await self._connection.write(response_head(self._script.status, headers))

    async def _end(self) -> None:
        await self._headers()
        await self._connection.write(b"0\r\n\r\n")

    def _usage(self) -> dict[str, int]:
        prompt = sum(len(str(message.get("content")).split()) for message in self._body["messages"])
        completion = self._completion_tokens
        return {"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion}


class ModelServer:
    """The scripts to follow, the gates, and the record of what was asked."""

    def __init__(self) -> None:
        self._scripts: list[Script] = []
        self._requests: list[Request] = []
        self._gates: dict[str, asyncio.Event] = {}
        self._waiting: Counter[str] = Counter()
        self._news = asyncio.Event()
        self._connections = 0
        self._doors = Doors()

    def connect(self) -> Connection:
        """Make the protocol of a new connection."""
        self._connections += 1
        return Connection(self, self._connections)

    def changed(self) -> None:
        """Wake whoever waits for a state of requests or gates."""
        news, self._news = self._news, asyncio.Event()
        news.set()

    async def answer(self, request: Request, connection: Connection) -> bool:
        """Answer one request; tell whether the connection is kept."""
        if request.path.startswith("/control/"):
            await self._send(connection, 200, json.dumps(await self._control(request)))
            return True
        if request.method != "POST" or not request.path.endswith("/chat/completions"):
            await self._send(connection, 404, json.dumps({"error": {"message": f"No {request.target} here."}}))
            return True
        self._requests.append(request)
        self.changed()
        script = self._script_for(request.body()["model"])
        if script.body is not None:
            await self._send(connection, script.status, script.body, script.headers)
        elif request.body().get("stream") or script.finish_reason is None:
            await Answer(self, connection, request, script).run()
        else:
            await self._send(connection, script.status, json.dumps(whole_answer(request.body(), script)))
        return script.keep_alive

    async def wait_at_gate(self, name: str) -> None:
        """Wait until the gate is released, and count as waiting there meanwhile."""
        self._waiting[name] += 1
        self.changed()
        try:
            await self._gate(name).wait()
        finally:
            self._waiting[name] -= 1

    async def _control(self, request: Request) -> Any:
        query = request.query
        count = int(query.get("count", "1"))
        match request.method, request.path.removeprefix("/control/"):
            case "POST", "script":
                self._scripts += [Script(**script) for script in request.body()]
            case "POST", "release":
                self._gate(request.body()["gate"]).set()
            case "POST", "door":
                return {"port": await self._doors.open(request.body()["kind"])}
            case "POST", "reset":
                self._reset()
            case "GET", "gate":
                name = query["name"]
                await self._until(lambda: self._waiting[name] >= count)
            case "GET", "requests":
                state = query.get("wait")
                if state is not None:
                    await self._until(lambda: sum(seen.state == state for seen in self._requests) >= count)
                return [seen.record() for seen in self._requests]
            case other:
                raise ValueError(f"{other!r} is no control.")
        return {}

    def _script_for(self, model: str) -> Script:
        for script in self._scripts:
            if script.model in (None, model):
                if not script.repeat:
                    self._scripts.remove(script)
                return script
        return Script()

    def _gate(self, name: str) -> asyncio.Event:
        return self._gates.setdefault(name, asyncio.Event())

    def _reset(self) -> None:
        self._scripts.clear()
        self._requests.clear()
        self._gates.clear()

    async def _until(self, is_true: Callable[[], bool]) -> None:
        while not is_true():
            await self._news.wait()

    async def _send(
        self, connection: Connection, status: int, body: str, headers: dict[str, str] | None = None
    ) -> None:
        content_type = {"{": "application/json", "[": "application/json", "<": "text/html"}.get(body[:1], "text/plain")
        data = body.encode()
        all_headers = {"Content-Type": content_type, "Content-Length": str(len(data)), **(headers or {})}
        await connection.write(response_head(status, all_headers) + data)


def pieces(unit: str, count: int) -> Iterator[bytes]:
    """Give `count` times the same bytes, in pieces of some size."""
    data = unit.encode("latin-1")
    at_once = max(1, _FILL_BYTES // len(data))
    for done in range(0, count, at_once):
        yield data * min(at_once, count - done)


def whole_answer(body: dict[str, Any], script: Script) -> dict[str, Any]:
    """Give the answer to a request that does not stream."""
    text = ""
    for kind, value in script.steps:
        if kind == "answer":
            text += answer_for(body["messages"], script.tokens)
        elif kind in ("text", "words"):
            text += value
    message = {"role": "assistant", "content": text}
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "model": body["model"],
        "choices": [{"index": 0, "message": message, "finish_reason": script.finish_reason}],
        "usage": {"prompt_tokens": 1, "completion_tokens": len(text.split()), "total_tokens": 1 + len(text.split())},
    }


async def serve(tls: ssl.SSLContext | None) -> None:
    """Serve on a free port of 127.0.0.1, print it, and go on until standard input ends."""
    loop = asyncio.get_running_loop()
    model_server = ModelServer()
    server = await loop.create_server(model_server.connect, "127.0.0.1", 0, ssl=tls)
    print(server.sockets[0].getsockname()[1], flush=True)
    ended = asyncio.Event()
    loop.add_reader(sys.stdin.fileno(), ended.set)
    await ended.wait()


def main() -> None:
    """Run the server from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tls", metavar="PEM", help="a file with a certificate and its key")
    arguments = parser.parse_args()
    tls = None
    if arguments.tls:
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(arguments.tls)
    asyncio.run(serve(tls))


if __name__ == "__main__":
    main()
