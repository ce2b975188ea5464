"""`flk replay`: a recording in the terminal."""

import sys
from pathlib import Path

from flock.sinks.rendering import ViewName
from flock.sinks.replay import replay


async def play(file: Path, *, view: ViewName, speed: float) -> None:
    """Show the recording in `file`, `-` for the standard input."""
    if file == Path("-"):
        await replay(sys.stdin.buffer, sys.stdout, view=view, speed=speed)
        return
    with file.open("rb") as recording:
        await replay(recording, sys.stdout, view=view, speed=speed)
