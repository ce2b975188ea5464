"""Record the events of a flock, one JSON object of the `full` format per line."""

from collections.abc import Iterable
from typing import TextIO

from flock.audience import Audience
from flock.cursor import Cursor
from flock.events import Event, encode_event
from flock.frames import FrameSource
from flock.sinks.outlet import Outlet
from flock.sinks.pump import Pump


class Recorder:
    """Writes events to `out` while they happen. It is a viewer: a slow disk delays nobody."""

    def __init__(self, source: FrameSource, audience: Audience, out: TextIO, *, cursor: Cursor | None = None) -> None:
        self._outlet = Outlet(out)
        self._pump = Pump(source, audience, "program", cursor)

    async def run(self) -> None:
        """Record until cancelled; raises `OSError` where it cannot be written."""
        try:
            await self._pump.run(_lines, self._outlet)
        finally:
            self._outlet.close()

    async def drained(self) -> None:
        """Return when everything that is in the journal now was written."""
        await self._pump.drained()


def _lines(events: Iterable[Event]) -> str:
    return "".join([f"{encode_event(event).decode()}\n" for event in events])
