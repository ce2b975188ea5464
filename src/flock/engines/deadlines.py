"""Deadlines of a model call: first token, progress, total; one timer per call, none per token."""

import asyncio
from types import TracebackType
from typing import Any, Literal

from flock.errors import DeadlineError

DeadlineKind = Literal["first_token", "progress", "total"]

_WORDING: dict[DeadlineKind, str] = {
    "first_token": "sent no token within",
    "progress": "made no progress for",
    "total": "did not finish within",
}


class Watchdog:
    """Cancel the body of an `async with` when a deadline passes, and raise `DeadlineError` saying which.

    `progress()` only notes the time: the timer, when it fires, sees how far the deadline has moved and sleeps on.
    Like `asyncio.timeout`, it never takes a cancellation from outside for its own.  All times are in seconds: the
    first token and the total count from entering, progress from the last progress; `None` is no deadline.
    `subject` begins the error's sentence.  One object watches one call.
    """

    __slots__ = (
        "_cancelling_before",
        "_first_token_s",
        "_loop",
        "_passed",
        "_progress_at",
        "_progress_s",
        "_started_at",
        "_subject",
        "_task",
        "_timer",
        "_total_s",
    )

    def __init__(
        self,
        *,
        first_token_s: float | None = None,
        progress_s: float | None = None,
        total_s: float | None = None,
        subject: str = "The model",
    ) -> None:
        self._first_token_s = first_token_s
        self._progress_s = progress_s
        self._total_s = total_s
        self._subject = subject
        self._loop: asyncio.AbstractEventLoop | None = None
        self._task: asyncio.Task[Any] | None = None
        self._cancelling_before = 0
        self._started_at = 0.0
        self._progress_at: float | None = None
        self._timer: asyncio.Handle | None = None
        self._passed: DeadlineKind | None = None

    async def __aenter__(self) -> "Watchdog":
        self._loop = asyncio.get_running_loop()
        self._task = asyncio.current_task()
        if self._task is None:
            raise RuntimeError("A Watchdog must be entered inside a task.")
        self._cancelling_before = self._task.cancelling()
        self._started_at = self._loop.time()
        self._arm()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()
        task, self._task = self._task, None
        if self._passed is None or task is None:
            return
        is_only_cancellation = task.uncancel() <= self._cancelling_before
        if is_only_cancellation and isinstance(error, asyncio.CancelledError):
            raise self._error(self._passed) from error

    def progress(self) -> None:
        """Note that the model said something. Costs a look at the clock."""
        if self._loop is not None:
            if self._progress_at is None:
                self._progress_at = self._loop.time()
                self._arm()
            self._progress_at = self._loop.time()

    def stop(self) -> None:
        """Watch no longer: the answer is whole. A deadline that has passed stays passed."""
        self._loop = None
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _next_deadline(self) -> tuple[float, DeadlineKind] | None:
        """Give the nearest deadline: when, by the loop's clock, and which."""
        deadlines: list[tuple[float, DeadlineKind]] = []
        if self._progress_at is None:
            if self._first_token_s is not None:
                deadlines.append((self._started_at + self._first_token_s, "first_token"))
        elif self._progress_s is not None:
            deadlines.append((self._progress_at + self._progress_s, "progress"))
        if self._total_s is not None:
            deadlines.append((self._started_at + self._total_s, "total"))
        return min(deadlines, default=None)

    def _arm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        deadline = self._next_deadline()
        if deadline is not None and self._loop is not None:
            self._timer = self._loop.call_at(deadline[0], self._on_timer)

    def _on_timer(self) -> None:
        # After a blocked loop, late timers run before the tasks that read what arrived meanwhile: let those go first.
        if self._loop is not None:
            self._timer = self._loop.call_soon(self._check)

    def _check(self) -> None:
        deadline = self._next_deadline()
        if self._loop is None or self._task is None or deadline is None:
            return
        if self._loop.time() < deadline[0]:
            self._arm()
            return
        self.stop()
        self._passed = deadline[1]
        self._task.cancel()

    def _error(self, kind: DeadlineKind) -> DeadlineError:
        allowed_s = {"first_token": self._first_token_s, "progress": self._progress_s, "total": self._total_s}[kind]
        return DeadlineError(f"{self._subject} {_WORDING[kind]} {allowed_s:g} s.", retryable=kind != "total")
