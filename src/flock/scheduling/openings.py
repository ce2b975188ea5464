"""Artifacts that nobody may see yet: each is handed back when its time has come."""

import asyncio
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
            due_s = asyncio.get_running_loop().time() + wait_s
            heappush(self._waiting, (due_s, next(self._numbers), opening))
            self._arm()

    def close(self) -> None:
        """Forget all that wait."""
        self._waiting.clear()
        self._disarm()

    def _arm(self) -> None:
        self._disarm()
        if self._waiting:
            self._timer = asyncio.get_running_loop().call_at(self._waiting[0][0], self._ring)

    def _disarm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _ring(self) -> None:
        self._timer = None
        now_s = asyncio.get_running_loop().time()
        due: list[Opening] = []
        while self._waiting and self._waiting[0][0] <= now_s:
            due.append(heappop(self._waiting)[2])
        try:
            for opening in due:
                if opening.wait_s > 0:  # the two clocks disagree by a little
                    self.add(opening)
                else:
                    self._on_open(opening)
        finally:
            self._arm()
