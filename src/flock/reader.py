"""A viewer's way through the journal: hello, then gap and snapshots where needed, then what happens."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterator

from flock.cursor import NOWHERE, Cursor
from flock.events import Format, Gap, Hello, JournalItem
from flock.frames import FRAME_BYTES, Frame, FrameSource
from flock.selection import EVERYTHING, Selection
from flock.transcript import Mark

IDLE_FRAME_S = 5.0
"""How often a viewer whose selection has nothing gets an empty frame, so that its cursor does not age."""


Take = Callable[[Frame], bool]
"""Takes a frame, and says whether it can take another one at once. It must not raise what may be expected."""


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
        idle_frame_s: float = IDLE_FRAME_S,
        ends: bool = False,
    ) -> None:
        self.journal = source.journal
        self.selection = selection
        self.format: Format = format
        self._frames = source.of(selection)
        self._idle_frame_s = idle_frame_s
        self._ends = ends
        self._offset = self.journal.head
        self._sent = self._offset
        self._opening = self._open(cursor)
        self._is_opening = True
        self._idle_due_s: float | None = None

    @property
    def lag(self) -> int:
        """How many events the viewer is behind the head."""
        return self.journal.head - self._offset

    async def frames(self) -> AsyncGenerator[Frame, None]:
        """Yield frames for as long as the viewer wants them; one that `ends` stops where the journal has ended."""
        while (frame := await self.next()) is not None:
            yield frame

    async def follow(self, take: Take) -> bool:
        """Hand frame after frame to `take`, until it can take no more now; False where a viewer that `ends` has all.

        At the head of the journal a frame is handed over in the very beat that brings it, and no task is woken for it.
        Cancelled, `take` was given everything up to here once.
        """
        while True:
            if not self._is_opening and not self._is_behind and not await self._keep_up(take):
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
                self._sent = self._offset
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
        due_s = asyncio.get_running_loop().time() + self._idle_frame_s
        while True:
            if self._offset == self._sent:
                await self._more()
            else:
                try:
                    async with asyncio.timeout_at(due_s):
                        await self._more()
                except TimeoutError:
                    return Frame(self.journal.cursor(self._offset), ())
            if self._offset < self.journal.tail or self._is_done:
                return None
            frame = self._frames.read(self._offset)
            self._offset = frame.cursor.offset
            if frame.items:
                return frame

    async def _keep_up(self, take: Take) -> bool:
        """Hand over what each beat brings; return when that is more than one frame, False when `take` has enough."""
        outcome: asyncio.Future[bool] = asyncio.get_running_loop().create_future()

        def on_beat() -> None:
            if outcome.done():
                return
            try:
                wants_more = self._hand_over(take)
            except Exception as error:  # noqa: BLE001 - raised where this viewer is served: others share the beat
                outcome.set_exception(error)
            else:
                if not wants_more or self._is_behind or self._is_done:
                    outcome.set_result(wants_more)

        with self.journal.pulse.listening(on_beat, self._offset):
            return await outcome

    def _hand_over(self, take: Take) -> bool:
        """Read a frame, and pass it on where it holds something or the time of an empty one has come."""
        if not self.journal.tail <= self._offset < self.journal.pulse.published:
            return True
        frame = self._frames.read(self._offset)
        self._offset = frame.cursor.offset
        if not frame.items and not self._is_idle_frame_due():
            return True
        self._idle_due_s = None
        self._sent = self._offset
        return take(frame)

    def _is_idle_frame_due(self) -> bool:
        """Whether the viewer got nothing for long; the time runs from the first range that had nothing for it."""
        now_s = asyncio.get_running_loop().time()
        if self._idle_due_s is None:
            self._idle_due_s = now_s + self._idle_frame_s
        return now_s >= self._idle_due_s

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
