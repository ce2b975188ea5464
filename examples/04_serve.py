"""Serve a flock, and watch it over a WebSocket as any client would.

`flk serve examples/04_serve.py:flock` serves it until you stop it.
"""

import asyncio
import json

from pydantic import BaseModel
from websockets.asyncio.client import connect

from flock import Flock, flock_type


@flock_type
class Idea(BaseModel):
    """What to write about."""

    topic: str


@flock_type
class Headline(BaseModel):
    """One line."""

    headline: str


flock = Flock("demo/writer?tokens_per_s=150&words=40")

for name in ("ann", "bob", "cleo"):
    flock.agent(name).description("Writes a headline").consumes(Idea).publishes(Headline)


async def watch(url: str, token: str) -> None:
    """Print what each agent says, until all three have ended."""
    texts: dict[str, str] = {}
    running = 3
    async with connect(
        f"{url.replace('http', 'ws', 1)}/ws", additional_headers={"Authorization": f"Bearer {token}"}
    ) as ws:
        await flock.publish(Idea(topic="city gardens"))
        while running:
            frame = json.loads(await ws.recv())
            for event in frame["events"]:
                if event["type"] == "streaming_output":
                    agent = event["agent_name"]
                    texts[agent] = texts.get(agent, "") + event["content"]
                    if event["is_final"]:
                        running -= 1
                        print(f"{agent}: {texts[agent]} ({event['outcome']['status']})")


async def main() -> None:
    async with flock, flock.serving(port=0) as server:
        await watch(server.url, server.token or "")


if __name__ == "__main__":
    asyncio.run(main())
