"""Responses of model servers made at random out of what servers send and of what breaks clients; seeded."""

import json
import random

from tests.servers.fault import KEY, broken, chunk
from tests.servers.script import Script, Step

_PROPER_HEADS = (
    "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n",
    "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n",
)
_ODD_HEADS = (
    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 400\r\n\r\n",
    "HTTP/1.1 200 OK\r\n\r\n",
    "HTTP/1.0 200 OK\r\nContent-Type: text/event-stream; charset=utf-16\r\n\r\n",
    "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n",
    "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
    "HTTP/1.1 204 No Content\r\n\r\n",
    "HTTP/1.1 206 Partial Content\r\nContent-Type: text/event-stream\r\n\r\n",
    "HTTP/1.1 304 Not Modified\r\n\r\n",
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
    "HTTP/1.1 307 Moved\r\nLocation: http://[::\r\nContent-Length: 0\r\n\r\n",
    f"HTTP/1.1 308 Moved\r\nLocation: //{KEY}@/\\..\r\nContent-Length: 3\r\n\r\n",
    "HTTP/1.1 429 Too Many Requests\r\nRetry-After: Thu, 99 Foo 2026 99:99:99 GMT\r\nContent-Length: 2\r\n\r\n{}",
    "HTTP/1.1 500 Oops\r\nContent-Encoding: br\r\nContent-Length: 9\r\n\r\n",
    "HTTP/1.1 503 \r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
    "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 7\r\n\r\n",
    "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
    "HTTP/1.1 999 Odd\r\n\r\n",
    "HTTP/9.9 200 OK\r\n\r\n",
    "HTTP/1.1 200 OK\r\nX: \x00\r\n\r\n",
    "HTTP/1.1 200 OK\r\nContent-Type: \xff\xfe/;;;=\r\n\r\n",
    "",
)
_WORDS = (
    chunk("Owls "),
    chunk("\ud83d"),
    chunk(None),
    chunk("hoot", usage={"completion_tokens": 1e400}),
    "[DONE]",
    " [DONE] ",
    "{}",
    "[]",
    "null",
    "NaN",
    '"text"',
    '{"choices": [null]}',
    '{"choices": [[]]}',
    '{"choices": [{"delta": 7}]}',
    '{"choices": [{"delta": {"content": 7}}]}',
    '{"choices": [{"delta": {"content": ["a", {"type": "text"}]}}]}',
    '{"choices": [{"delta": {"content": [{"type": "thinking", "thinking": [{"text": "hm"}]}]}}]}',
    '{"choices": [{"delta": {"reasoning": {"deep": [1]}}}]}',
    '{"choices": [{"delta": {"tool_calls": [{"index": -1, "function": {"arguments": {"a": 1e999}}}]}}]}',
    '{"choices": [{"delta": {"tool_calls": [{"function": {"name": "", "arguments": null}}]}}]}',
    '{"choices": [{"index": 0, "finish_reason": "stop"}]}',
    '{"choices": [{"index": 0, "finish_reason": 3}]}',
    '{"choices": [], "usage": {"\\ud800": {"a": [NaN, 18446744073709551616, 1e999]}}}',
    '{"choices": [], "model": {"a": 1}, "usage": []}',
    '{"error": null}',
    '{"error": 0}',
    '{"error": []}',
    '{"error": [[["x"]]]}',
    '{"error": {"message": {"a": 1}, "code": [429], "type": {"b": 2}}}',
    f'{{"error": {{"message": "{KEY}", "code": 1e999}}}}',
    '{"object": "error", "message": 5}',
    '{"detail": {"a": 1}}',
    '{"a": ' + "[" * 990 + "]" * 990 + "}",
    '{"error": ' + '{"a":' * 480 + "1" + "}" * 480 + "}",
    '{"usage": ' + '{"a":' * 300 + "1" + "}" * 300 + "}",
    '{"choices": [{"index": ' + "9" * 5000 + "}]}",
    '{"choices": [{"delta": {"content": "\xed\xa0\x80\xff\xc0\x80"}}]}',
    "\x00",
    "<html><title>&#xd800;&#1114112;</title>",
)
_LINES = (
    "data: {}",
    "data:{}",
    "data",
    "event: error\ndata: {}",
    "id: \x00\ndata: {}",
    ": {}",
    "retry: x\n{}",
    "\ufeffdata: {}",
)
_NEWLINES = ("\n", "\r", "\r\n")


def garbage(seed: int) -> Script:
    """Make a response; the same one for the same seed."""
    rng = random.Random(seed)
    head = rng.choice(_PROPER_HEADS if rng.random() < 0.7 else _ODD_HEADS)
    newline = rng.choice(_NEWLINES)
    events = [rng.choice(_LINES).replace("{}", rng.choice(_WORDS)) + "\n\n" for _ in range(rng.randint(0, 5))]
    body = "".join(events) if rng.random() < 0.8 else rng.choice(_WORDS)
    data = body.replace("\n", newline).encode("utf-8", "surrogatepass").decode("latin-1")
    if rng.random() < 0.3:
        data = data[: rng.randint(0, len(data))]
    if "chunked" in head and data:
        data = f"{len(data):x}\r\n{data}\r\n" + rng.choice(("0\r\n\r\n", "", "-1\r\n", "fffffffff\r\nx"))
    end: Step = (rng.choice(("close", "close", "close", "drop")), None)
    return broken(("raw", head + data), end)


def described(seed: int) -> str:
    """Say what a response is, for messages of tests."""
    return f"seed {seed}: {json.dumps(garbage(seed).steps)[:600]}"
