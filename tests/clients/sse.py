"""An SSE viewer: `python -m tests.clients.sse http://HOST:PORT/api/v1/events --token TOKEN --until final=10`."""

import argparse
import asyncio
import json

import httpx
from httpx_sse import aconnect_sse

from tests.clients.until import close_line, options, show


async def watch(arguments: argparse.Namespace) -> None:
    """Print frames until enough were seen or the server says why it closes."""
    headers = {"authorization": f"Bearer {arguments.token}"} if arguments.token else {}
    if arguments.cursor:
        headers["last-event-id"] = arguments.cursor
    async with httpx.AsyncClient(timeout=None, headers=headers, trust_env=False) as http:
        async with aconnect_sse(http, "GET", arguments.url) as source:
            async for event in source.aiter_sse():
                if event.event == "close":
                    await show(close_line(int(event.data)))
                    return
                if not event.data:  # httpx-sse makes an event of every comment
                    continue
                await show(event.data)
                if arguments.until.is_reached(json.loads(event.data)["events"]):
                    return


async def main() -> None:
    """Read the command line and watch."""
    arguments = options("An SSE viewer").parse_args()
    async with asyncio.timeout(arguments.timeout):
        await watch(arguments)


if __name__ == "__main__":
    asyncio.run(main())
