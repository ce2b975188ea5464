"""Viewers that come and go, in a process of their own: what reaches them is counted, not looked at.

`python -m benchmarks.visitors URL SECONDS` prints how many visits were paid and what they read, as JSON.
"""

import asyncio
import json
import random
import sys
from collections import Counter

import aiohttp

VISITORS = 8
MAX_STAY_S = 4.0
STALL_RATE = 0.1
"""How many visits take nothing: they sit before a full buffer and leave."""


class Visitor:
    """Pays one visit after the other, on any surface, sometimes from where the last one ended."""

    def __init__(self, session: aiohttp.ClientSession, dice: random.Random, counts: Counter[str]) -> None:
        self._session = session
        self._dice = dice
        self._counts = counts
        self._cursor: str | None = None

    async def visit(self) -> None:
        """Come, stay for a while, leave."""
        dice = self._dice
        query = {"format": dice.choice(["full", "compact"])}
        if self._cursor is not None and dice.random() < 0.5:
            query["cursor"] = self._cursor
        watch = dice.choice([self._watch_socket, self._watch_events])
        self._counts["visits"] += 1
        try:
            async with asyncio.timeout(dice.uniform(0.05, MAX_STAY_S)):
                await watch(query, is_stalled=dice.random() < STALL_RATE)
        except TimeoutError:
            pass
        except aiohttp.ClientError:
            self._counts["broken off"] += 1

    async def _watch_socket(self, query: dict[str, str], *, is_stalled: bool) -> None:
        async with self._session.ws_connect("/ws", params=query, max_msg_size=0) as socket:
            if is_stalled:
                await asyncio.Event().wait()
            async for message in socket:
                self._take(message.data)

    async def _watch_events(self, query: dict[str, str], *, is_stalled: bool) -> None:
        async with self._session.get("/api/v1/events", params=query) as response:
            if is_stalled:
                await asyncio.Event().wait()
            async for line in response.content:
                if line.startswith(b"data: {"):
                    self._take(line[6:])

    def _take(self, frame: str | bytes) -> None:
        self._counts["frames"] += 1
        self._counts["bytes"] += len(frame)
        cursor = json.loads(frame)["cursor"]
        if cursor is not None:
            self._cursor = cursor


async def _main(url: str, seconds: float) -> None:
    counts: Counter[str] = Counter()
    until = asyncio.get_running_loop().time() + seconds

    async def come_and_go(visitor: Visitor) -> None:
        while asyncio.get_running_loop().time() < until:
            await visitor.visit()

    async with aiohttp.ClientSession(url, read_bufsize=2**22) as session, asyncio.TaskGroup() as group:
        for seed in range(VISITORS):
            group.create_task(come_and_go(Visitor(session, random.Random(seed), counts)))
    print(json.dumps(counts), flush=True)


if __name__ == "__main__":
    asyncio.run(_main(sys.argv[1], float(sys.argv[2])))
