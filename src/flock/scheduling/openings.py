"""Artifacts that nobody may see yet: each is handed back when its time has come."""

import asyncio
import time
from collections.abc import Callable, Sequence
from heapq import heappop, heappush
from itertools import count
from typing import NamedTuple

from flock.artifacts import Artifact
from flock.errors import OverloadedError
from flock.visibility import opens_after_s


class Opening(NamedTuple):
    """An artifact that waits for its time: `depth` counts the runs that led to it, `sets_off` whether it starts any."""

    artifact: Artifact
    depth: int
    sets_off: bool

    @property
    def wait_s(self) -> float:
        """Seconds until everything about it is open."""
        return opens_after_s(self.artifact.visibility) - self.artifact.age_s


class Openings:
    """Keeps at most `max_waiting` artifacts, and calls `on_open` with each when it opens.

    One timer runs, for the next of them. Waiting is no work: a program may end before.
    """

    def __init__(self, on_open: Callable[[Opening], None], *, max_waiting: int) -> None:
        self._on_open = on_open
        self._max_waiting = max_waiting
        self._waiting: list[tuple[float, int, Opening]] = []
        self._numbers = count()
        self._timer: asyncio.TimerHandle | None = None

    def __len__(self) -> int:
        return len(self._waiting)

    def check_room(self, artifacts: Sequence[Artifact]) -> None:
        """Raise `OverloadedError` where these would be more than may wait."""
        new = sum(Opening(artifact, 0, False).wait_s > 0 for artifact in artifacts)
        if new and len(self._waiting) + new > self._max_waiting:
            raise OverloadedError(
                f"{len(self._waiting):,} artifacts wait to become visible, and no more than {self._max_waiting:,} may.",
                hint="Try again when some have; if so many are meant to wait, raise Limits.max_pending_openings.",
            )

    def add(self, opening: Opening) -> None:
        """Wait for this artifact's time, where it is not open already."""
        wait_s = opening.wait_s
        if wait_s > 0:
            heappush(self._waiting, (time.time() + wait_s, next(self._numbers), opening))
            self.resume()

    def pause(self) -> None:
        """Let those whose time comes wait on."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def resume(self) -> None:
        """Hand back what is open by now, and the others when they are."""
        self.pause()
        if self._waiting:
            delay_s = max(0.0, self._waiting[0][0] - time.time())
            self._timer = asyncio.get_running_loop().call_later(delay_s, self._ring)

    def _ring(self) -> None:
        try:
            while self._waiting and self._waiting[0][2].wait_s <= 0:
                self._on_open(heappop(self._waiting)[2])
        finally:
            self.resume()
