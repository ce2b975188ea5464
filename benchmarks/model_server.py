"""A model server in a process of its own: answers every request with numbered tokens at a steady pace.

`python -m benchmarks.model_server TOKENS TOKENS_PER_S` prints its port.
"""

import asyncio
import json
import sys

FIELD = "body"


def _chunk(content: str, finish_reason: str | None = None) -> bytes:
    delta = {"content": content} if content else {}
    body = {"id": "bench", "model": "bench", "choices": [{"index": 0, "delta": delta, "finish_reason": finish_reason}]}
    data = b"data: " + json.dumps(body).encode() + b"\n\n"
    return b"%x\r\n%b\r\n" % (len(data), data)


async def _answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, tokens: int, rate: float) -> None:
    head = await reader.readuntil(b"\r\n\r\n")
    length = next(
        int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length")
    )
    await reader.readexactly(length)
    writer.write(
        b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\n"
    )
    writer.write(_chunk(f"[[ ## {FIELD} ## ]]\n"))
    loop = asyncio.get_running_loop()
    start = loop.time()
    for number in range(tokens):
        if rate:
            await asyncio.sleep(start + number / rate - loop.time())
        writer.write(_chunk(f"t{number} "))
        await writer.drain()
    writer.write(_chunk("\n\n[[ ## completed ## ]]") + _chunk("", "stop"))
    done = b"data: [DONE]\n\n"
    writer.write(b"%x\r\n%b\r\n0\r\n\r\n" % (len(done), done))
    await writer.drain()
    writer.close()
    await writer.wait_closed()


async def _serve(tokens: int, rate: float) -> None:
    server = await asyncio.start_server(lambda r, w: _answer(r, w, tokens, rate), "127.0.0.1", 0, backlog=2048)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_serve(int(sys.argv[1]), float(sys.argv[2])))
