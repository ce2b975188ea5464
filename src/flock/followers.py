"""Viewers that keep up: those with one selection are a group, and what a beat brings is read once for all of them."""

import asyncio
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

from flock.frame import Frame
from flock.journal import Journal
from flock.selection import Selection

Take = Callable[[Frame], bool]
"""Takes a frame, and says whether it can take another one at once. It must not raise what may be expected."""

Parting = bool | Exception
"""How a follower is let go: whether it wants more, or what it failed with."""


class Follower:
    """One viewer of a group. When it is let go, `outcome` gives whether it wants more, or raises what went wrong."""

    def __init__(self, group: "Followers", take: Take) -> None:
        self.take = take
        self.outcome: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._group = group
        self._left_at: int | None = None

    @property
    def offset(self) -> int:
        """How far the viewer has read: as far as the group, until it is let go."""
        return self._group.offset if self._left_at is None else self._left_at

    def let_go(self, parting: Parting) -> None:
        """Leave the viewer behind at this place; one that is cancelled already hears no more of it."""
        self._left_at = self._group.offset
        if self.outcome.done():
            return
        if isinstance(parting, Exception):
            self.outcome.set_exception(parting)
        else:
            self.outcome.set_result(parting)


class Followers:
    """The viewers that have read up to `offset`, and want this selection.

    A follower takes each frame in the beat that brings it, and is let go where it takes no more, or where following
    does not do: behind the first of several frames, before a gap, at the end. What one of them raises is its own.
    """

    def __init__(
        self, journal: Journal, selection: Selection, *, read: Callable[[int], Frame], idle_frame_s: float
    ) -> None:
        self.selection = selection
        self.offset = 0
        self._journal = journal
        self._read = read
        self._idle_frame_s = idle_frame_s
        self._idle_due_s: float | None = None
        self._members: dict[Follower, None] = {}

    def are_at(self, offset: int) -> bool:
        """Whether a viewer that has read up to `offset` can join, for it has exactly what the others have."""
        pulse = self._journal.pulse
        return not pulse.has_ended and offset == (self.offset if self._members else pulse.published)

    @contextmanager
    def joined(self, take: Take) -> Iterator[Follower]:
        """Hand every frame to `take` for as long as the block runs, or until the follower is let go."""
        pulse = self._journal.pulse
        if not self._members:
            self.offset, self._idle_due_s = pulse.published, None
        follower = Follower(self, take)
        self._members[follower] = None
        try:
            with pulse.listening(self._on_beat, self.offset):
                yield follower
        finally:
            self._members.pop(follower, None)

    def _on_beat(self) -> None:
        followers = tuple(self._members)
        try:
            frame = self._next_frame() if followers else None
        except Exception as error:  # noqa: BLE001 - raised where these viewers are served: others share the beat
            self._let_go(followers, error)
            return
        if frame is not None:
            self._hand(frame, followers)
        if self._journal.pulse.published > self.offset or self._journal.pulse.has_ended:
            self._let_go(tuple(self._members), True)

    def _hand(self, frame: Frame, followers: tuple[Follower, ...]) -> None:
        for follower in followers:
            try:
                if follower.take(frame):
                    continue
            except Exception as error:  # noqa: BLE001 - raised where this viewer is served: others share the beat
                self._let_go((follower,), error)
            else:
                self._let_go((follower,), False)

    def _let_go(self, followers: Iterable[Follower], parting: Parting) -> None:
        for follower in followers:
            self._members.pop(follower, None)
            follower.let_go(parting)

    def _next_frame(self) -> Frame | None:
        """Read on, and give the frame where it holds something or the time of an empty one has come."""
        if not self._journal.tail <= self.offset < self._journal.pulse.published:
            return None
        frame = self._read(self.offset)
        self.offset = frame.cursor.offset
        if not frame.items and not self._is_idle_frame_due():
            return None
        self._idle_due_s = None
        return frame

    def _is_idle_frame_due(self) -> bool:
        """Whether the group got nothing for long; the time runs from the first range that had nothing for it."""
        now_s = asyncio.get_running_loop().time()
        if self._idle_due_s is None:
            self._idle_due_s = now_s + self._idle_frame_s
        return now_s >= self._idle_due_s
