"""One viewer's life: frames out at its pace, its words in, and one reason why it ends."""

import asyncio
from collections.abc import Iterator
from typing import Protocol

from flock.audience import Audience, ViewerKind
from flock.events import Format, JournalItem, Snapshot, StreamingOutputEvent
from flock.frame import Frame
from flock.frames import FRAME_BYTES
from flock.reader import Reader
from flock.server.closes import GOING_AWAY, NORMAL, Close, Closing, Gone

FAREWELL_S = 0.3
"""How long a viewer that has to leave may still take what is in the journal."""


class Line(Protocol):
    """The way to a viewer and back."""

    @property
    def kind(self) -> ViewerKind:
        """What the viewer counts as."""

    def put(self, frame: Frame, format: Format) -> bool:
        """Take a frame, write what the peer takes of it now, and say whether another one can follow at once."""

    async def flush(self) -> None:
        """Return when all that was put is written and the peer takes more.

        Raises `Closing` for a peer that makes no progress, `Gone` for one that left. Cancelled, it can be called again.
        """

    async def listen(self) -> None:
        """Hear the peer for as long as it may go on; raises `Closing` or `Gone`."""

    async def close(self, closing: Closing) -> None:
        """Say why it ends, and end it, without waiting for the peer."""


class Viewer:
    """Reads the journal for one connection. With `until_final` it ends after the final event of its run."""

    def __init__(self, reader: Reader, line: Line, *, departure: asyncio.Event, until_final: bool = False) -> None:
        self._reader = reader
        self._format = reader.format
        self._line = line
        self._departure = departure
        self._until_final = until_final
        self._has_final = False

    async def attend(self, audience: Audience) -> Close:
        """Serve the viewer, one of the audience, until this side ends it, and say why it did.

        Raises `Gone` where the viewer left by itself.
        """
        with audience.attend(self._reader, self._line.kind):
            closing = await self._until_closing()
            if closing.close is GOING_AWAY:
                await self._say_farewell()
        await self._line.close(closing)
        return closing.close

    async def _until_closing(self) -> Closing:
        ends: list[Exception] = []
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._pump())
                group.create_task(self._line.listen())
                group.create_task(self._leave())
        except* (Closing, Gone) as errors:
            ends += _leaves(errors)
        for end in ends:
            if isinstance(end, Closing) and not any(isinstance(other, Gone) for other in ends):
                return end
        raise Gone

    async def _pump(self) -> None:
        take = self._take_until_final if self._until_final else self._take
        while await self._reader.follow(take):
            await self._line.flush()
            if self._has_final:
                raise Closing(NORMAL)

    def _take(self, frame: Frame) -> bool:
        return self._line.put(frame, self._format)

    def _take_until_final(self, frame: Frame) -> bool:
        self._has_final = any(map(_is_end, frame.items))
        return self._take(frame) and not self._has_final

    async def _leave(self) -> None:
        await self._departure.wait()
        raise Closing(GOING_AWAY, "the server stops: reconnect with the last cursor")

    async def _say_farewell(self) -> None:
        """Send what the journal holds by now, the final events of runs that were ended among it."""
        journal, selection, place = self._reader.journal, self._reader.selection, self._reader.place
        try:
            async with asyncio.timeout(FAREWELL_S):
                await self._line.flush()
                while journal.locate(place) is None and place.offset < journal.head:
                    batch = journal.read(place.offset, selection, max_bytes=FRAME_BYTES)
                    place = journal.cursor(batch.end)
                    if batch.items:
                        self._take(Frame(place, batch.items))
                        await self._line.flush()
                    await asyncio.sleep(0)
        except (TimeoutError, Closing):
            return


def _is_end(item: JournalItem) -> bool:
    match item:
        case StreamingOutputEvent():
            return item.is_final
        case Snapshot():
            return item.outcome is not None
        case _:
            return False


def _leaves(group: BaseExceptionGroup[Exception]) -> Iterator[Exception]:
    for error in group.exceptions:
        if isinstance(error, BaseExceptionGroup):
            yield from _leaves(error)
        else:
            yield error
