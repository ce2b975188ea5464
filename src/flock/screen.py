"""The terminal of a program in cli mode: there while there is work, gone when it is done."""

import asyncio
from typing import TYPE_CHECKING, Literal

from flock.admission import MODES
from flock.audience import Audience
from flock.events import RuntimeMode
from flock.frames import FrameSource
from flock.streams import Streams

if TYPE_CHECKING:
    from flock.sinks.terminal import Terminal

View = Literal["focus", "lines"]


class Screen:
    """Starts the terminal sink when work begins, and stops it when all of it was shown.

    `failure` is why the terminal that was stopped last could not be written, None if it could.
    """

    def __init__(self, frames: FrameSource, audience: Audience, streams: Streams, view: View | None) -> None:
        self._frames = frames
        self._audience = audience
        self._streams = streams
        self.view = view
        self._terminal: Terminal | None = None
        self.failure: OSError | None = None
        self._task: asyncio.Task[None] | None = None

    def show(self, mode: RuntimeMode) -> None:
        """Open the terminal in cli mode, where a view is wanted and none is open.

        The sink attends before any run that starts later in this turn of the loop decides whether it streams.
        """
        if self.view is None or not MODES[mode].has_terminal or (self._task is not None and not self._task.done()):
            return
        from flock.sinks.terminal import Terminal

        journal = self._frames.journal
        self._streams.parallel_view = self.view == "lines"
        self._terminal = Terminal(self._frames, self._audience, view=self.view, cursor=journal.cursor(journal.head))
        self._task = asyncio.get_running_loop().create_task(self._terminal.run(), name="flock terminal")

    async def drained(self) -> None:
        """Return when the terminal has shown everything up to now."""
        if self._terminal is not None and self._task is not None and not self._task.done():
            await self._terminal.drained()

    async def stop(self) -> None:
        """Close the terminal."""
        task, terminal, self._task, self._terminal = self._task, self._terminal, None, None
        self._streams.parallel_view = False
        if task is not None and terminal is not None:
            task.cancel()
            try:
                await asyncio.wait([task])
            finally:
                self.failure = terminal.failure
