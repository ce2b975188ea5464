"""A viewer in a process of its own that keeps up: `python -m tests.long.healthy_viewer PORT RUNS`.

It answers `true` when it is greeted, and each `phase` with how long deltas took to come, in milliseconds, once that
many runs have ended.
"""

import asyncio
import json
import re
import sys
import time

from websockets.asyncio.client import ClientConnection, connect

from tests.backend import TOKEN
from tests.children import answer, commands

WRITTEN = re.compile(r"@(\d+\.\d{6}) ")


async def phase(socket: ClientConnection, runs: int) -> dict[str, float]:
    """Read until so many runs have ended."""
    latencies: list[float] = []
    size = 0
    while runs:
        message = await socket.recv()
        now = time.time()
        latencies += [now - float(written) for written in WRITTEN.findall(str(message))]
        size += len(message)
        events = json.loads(message)["events"]
        runs -= sum(isinstance(event, dict) and event.get("is_final", False) for event in events)
    latencies.sort()
    return {
        "deltas": len(latencies),
        "bytes": size,
        "p50_ms": latencies[len(latencies) // 2] * 1000,
        "p99_ms": latencies[len(latencies) * 99 // 100] * 1000,
    }


async def main(port: int, runs: int) -> None:
    """Watch until there are no more commands."""
    url = f"ws://127.0.0.1:{port}/ws?format=compact"
    headers = {"authorization": f"Bearer {TOKEN}"}
    async with connect(url, additional_headers=headers, compression=None, proxy=None, max_size=None) as socket:
        assert "hello" in str(await socket.recv())
        answer(True)
        async for _ in commands():
            answer(await phase(socket, runs))


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), int(sys.argv[2])))
