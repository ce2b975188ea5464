"""Viewers in a process of their own: they count the tokens that reach them.

`python -m benchmarks.viewers PORT VIEWERS FINALS` connects, prints `ready`, and when every viewer has seen FINALS
final events prints how many tokens and bytes each got.
"""

import asyncio
import json
import sys

from websockets.asyncio.client import connect


async def _watch(port: int, finals: int, ready: asyncio.Semaphore) -> dict[str, int]:
    tokens = size = seen = 0
    async with connect(f"ws://127.0.0.1:{port}/ws?format=compact", max_size=None, compression=None) as socket:
        async for message in socket:
            size += len(message)
            for event in json.loads(message)["events"]:
                if isinstance(event, list):
                    tokens += event[3]
                elif event["type"] == "hello":
                    ready.release()
                elif event.get("is_final"):
                    seen += 1
            if seen >= finals:
                break
    return {"tokens": tokens, "bytes": size}


async def _main(port: int, viewers: int, finals: int) -> None:
    ready = asyncio.Semaphore(0)
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(_watch(port, finals, ready)) for _ in range(viewers)]
        for _ in range(viewers):
            await ready.acquire()
        print("ready", flush=True)
    print(json.dumps([task.result() for task in tasks]), flush=True)


if __name__ == "__main__":
    asyncio.run(_main(int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])))
