"""A viewer's way through the journal: hello, then gap and snapshots where needed, then what happens."""

import asyncio
from collections.abc import AsyncGenerator, Iterator

from flock.cursor import NOWHERE, Cursor
from flock.events import Format, Gap, Hello, JournalItem
from flock.followers import Follower, Take
from flock.frame import Frame
from flock.frames import FRAME_BYTES, FrameSource
from flock.selection import EVERYTHING, Selection
from flock.transcript import Mark


class Reader:
    """Reads the journal for one viewer, which takes frame after frame at its own pace.

    It holds a number, and no text but that of snapshots under way: a viewer that lags gets larger frames later, and
    costs nobody anything. While it catches up it lets others have the event loop between two frames.
    """

    def __init__(
        self,
        source: FrameSource,
        *,
        selection: Selection = EVERYTHING,
        cursor: Cursor | None = None,
        format: Format = "full",
        ends: bool = False,
    ) -> None:
        self.journal = source.journal
        self.selection = selection
        self.format: Format = format
        self._source = source
        self._followers = source.followers(selection)
        self._follower: Follower | None = None
        self._ends = ends
        self._offset = self.journal.head
        self._place = NOWHERE
        self._opening = self._open(cursor)
        self._is_opening = True

    @property
    def lag(self) -> int:
        """How many events the viewer is behind the head."""
        return self.journal.head - (self._offset if self._follower is None else self._follower.offset)

    @property
    def place(self) -> Cursor:
        """Where the viewer stands after what it was given; `NOWHERE` before that, and in the middle of snapshots."""
        return self._place if self._follower is None else self.journal.cursor(self._follower.offset)

    async def frames(self) -> AsyncGenerator[Frame, None]:
        """Yield frames for as long as the viewer wants them; one that `ends` stops where the journal has ended."""
        while (frame := await self.next()) is not None:
            yield frame

    async def follow(self, take: Take) -> bool:
        """Hand frame after frame to `take`, until it can take no more now; False where a viewer that `ends` has all.

        Where all who keep up are, a frame is handed over in the very beat that brings it, and no task is woken for it.
        Cancelled, `take` was given everything up to here once.
        """
        while True:
            if not self._is_opening and self._followers.are_at(self._offset) and not await self._keep_up(take):
                return True
            frame = await self.next()
            if frame is None or not take(frame):
                return frame is not None

    async def next(self) -> Frame | None:
        """Give the next frame, None where a viewer that `ends` has everything. Cancelled, it has taken nothing."""
        if self._is_opening:
            await asyncio.sleep(0)
        while True:
            frame = next(self._opening, None)
            self._is_opening = frame is not None
            if frame is None:
                frame = await self._next()
            if frame is not None or self._is_done:
                self._place = self.journal.cursor(self._offset) if frame is None else frame.cursor
                return frame
            self._opening = self._restart(self.journal.cursor(self._offset))

    def _open(self, cursor: Cursor | None) -> Iterator[Frame]:
        journal = self.journal
        if cursor is not None and journal.locate(cursor) is None:
            self._offset = cursor.offset
            yield Frame(cursor, (self._hello(cursor),))
        elif cursor is not None:
            yield from self._restart(cursor, hello=True)
        else:
            head, marks = journal.marks(self.selection)
            self._offset = head
            yield from _snapshots((self._hello(journal.cursor(head)),), marks, journal.cursor(head))

    def _restart(self, cursor: Cursor, *, hello: bool = False) -> Iterator[Frame]:
        head, marks = self.journal.marks(self.selection)
        start = self.journal.cursor(head)
        self._offset = head
        reason = self.journal.locate(cursor)
        assert reason is not None
        gap = Gap(reason=reason, requested=str(cursor), cursor=str(start))
        yield from _snapshots((self._hello(start), gap) if hello else (gap,), marks, start)

    async def _next(self) -> Frame | None:
        """Wait for the next range with something in it, or the time of an empty frame; None where it cannot go on."""
        due_s = asyncio.get_running_loop().time() + self._source.idle_frame_s
        while True:
            if self._offset == self._place.offset:
                await self._more()
            else:
                try:
                    async with asyncio.timeout_at(due_s):
                        await self._more()
                except TimeoutError:
                    return Frame(self.journal.cursor(self._offset), ())
            if self._offset < self.journal.tail or self._is_done:
                return None
            frame = self._source.read(self._offset, self._followers.selection)
            self._offset = frame.cursor.offset
            if frame.items:
                return frame

    async def _keep_up(self, take: Take) -> bool:
        """Follow with the others; True where one has to read on alone, False when `take` has enough."""
        with self._followers.joined(take) as follower:
            self._follower = follower
            try:
                return await follower.outcome
            finally:
                self._offset, self._follower = follower.offset, None
                self._place = self.journal.cursor(self._offset)

    async def _more(self) -> None:
        """Return when there is something to read; lets others have their turn where there was all along."""
        if self._is_behind:
            await asyncio.sleep(0)
        else:
            await self.journal.pulse.wait(self._offset, or_end=self._ends)

    @property
    def _is_behind(self) -> bool:
        return self.journal.pulse.published > self._offset

    @property
    def _is_done(self) -> bool:
        return self._ends and self.journal.pulse.has_ended and self._offset >= self.journal.head

    def _hello(self, cursor: Cursor) -> Hello:
        interval_ms = self.journal.pulse.interval_s * 1000
        return Hello(epoch=self.journal.epoch, cursor=str(cursor), format=self.format, flush_interval_ms=interval_ms)


def _snapshots(first: tuple[JournalItem, ...], marks: list[Mark], end: Cursor) -> Iterator[Frame]:
    """Yield the opening events and all snapshots; only the last frame has a cursor to resume from.

    Marks and items are used up, so that a slow viewer holds on to no text it was sent.
    """
    items: list[JournalItem] = list(first)
    size = 0
    marks.reverse()
    while marks:
        mark = marks.pop()
        if items and size + mark.size > FRAME_BYTES:
            yield Frame(NOWHERE, _emptied(items))
            size = 0
        items.append(mark.snapshot())
        size += mark.size
    yield Frame(end, _emptied(items))


def _emptied(items: list[JournalItem]) -> tuple[JournalItem, ...]:
    taken = tuple(items)
    items.clear()
    return taken
