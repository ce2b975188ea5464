"""When a client has seen enough."""

import argparse
import asyncio
import json
from collections.abc import Sequence
from typing import Any


class Until:
    """Counts what was seen: `final=10` ends with the tenth run that has ended, `frames=3` with the third frame."""

    def __init__(self, text: str) -> None:
        kind, _, count = text.partition("=")
        if kind not in ("final", "frames", "close") or (kind != "close" and not count.isdecimal()):
            raise argparse.ArgumentTypeError(f"{text!r} is not final=N, frames=N or close")
        self._kind = kind
        self._count = int(count or 0)
        self._frames = 0
        self._ended: set[str] = set()

    def is_reached(self, events: Sequence[dict[str, Any]]) -> bool:
        """Take note of a frame's events, and say whether that was the last one wanted."""
        self._frames += 1
        for event in events:
            is_final = event["type"] == "streaming_output" and event["is_final"]
            if is_final or (event["type"] == "snapshot" and event["outcome"] is not None):
                self._ended.add(event["run_id"])
        match self._kind:
            case "final":
                return len(self._ended) >= self._count
            case "frames":
                return self._frames >= self._count
            case _:
                return False


def options(description: str) -> argparse.ArgumentParser:
    """Make the command line all clients share."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("url")
    parser.add_argument("--token")
    parser.add_argument("--cursor")
    parser.add_argument("--until", type=Until, default=Until("close"))
    parser.add_argument("--timeout", type=float, default=60.0)
    return parser


async def show(message: str) -> None:
    """Print one line at once."""
    await asyncio.to_thread(print, message, flush=True)


def close_line(code: int) -> str:
    """Give the line that says how the server ended it."""
    return json.dumps({"close": code})
