"""A WebSocket viewer: `python -m tests.clients.ws ws://HOST:PORT/ws --token TOKEN --until final=10`."""

import argparse
import asyncio
import json

from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from tests.clients.until import close_line, options, show


async def watch(arguments: argparse.Namespace) -> None:
    """Print frames until enough were seen or the server closes."""
    url = arguments.url
    if arguments.cursor:
        url += f"{'&' if '?' in url else '?'}cursor={arguments.cursor}"
    headers = {} if arguments.as_message or not arguments.token else {"authorization": f"Bearer {arguments.token}"}
    async with connect(url, additional_headers=headers, max_size=None, proxy=None) as socket:
        if arguments.as_message:
            await socket.send(json.dumps({"token": arguments.token}))
        try:
            async for message in socket:
                text = message if isinstance(message, str) else message.decode()
                await show(text)
                if arguments.until.is_reached(json.loads(text)["events"]):
                    return
        except ConnectionClosed:
            pass
        await show(close_line(socket.close_code or 1006))


async def main() -> None:
    """Read the command line and watch."""
    parser = options("A WebSocket viewer")
    parser.add_argument("--as-message", action="store_true", help="send the token as the first message")
    arguments = parser.parse_args()
    async with asyncio.timeout(arguments.timeout):
        await watch(arguments)


if __name__ == "__main__":
    asyncio.run(main())
