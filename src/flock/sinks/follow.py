"""Follow the events of all runs, and tell a page what to show: the same for every view.

Knows about attempts, hidden runs, gaps and snapshots; how things look is the page's business.
"""

from collections import Counter
from typing import Protocol

from msgspec import UNSET

from flock.admission import NO_OUTPUT_REASON
from flock.cursor import Cursor
from flock.errors import CursorError
from flock.events import (
    AttemptStarted,
    Event,
    Gap,
    Hello,
    Outcome,
    RunEvent,
    Snapshot,
    StreamDecision,
    StreamingOutputEvent,
    StreamStarted,
)
from flock.sinks.sanitize import visible_line
from flock.sinks.watched import Place, WatchedRun


class Page(Protocol):
    """How one view looks. Every method gives what to write, often nothing."""

    def decided(self, run: WatchedRun) -> str:
        """Show that a run starts; `run.decision` says whether it streams."""

    def text(self, run: WatchedRun, place: Place, text: str) -> str:
        """Show text of a run, which is safe already."""

    def restarted(self, run: WatchedRun, note: str) -> str:
        """Show that what the run showed is void and follows anew."""

    def ended(self, run: WatchedRun, outcome: Outcome) -> str:
        """Show how a run ended; nothing of it follows."""

    def forget(self, run: WatchedRun) -> str:
        """Drop a run whose end was missed, or which is shown again from its start."""

    def gap(self, note: str) -> str:
        """Show that something was missed."""

    def resumed(self) -> str:
        """Go on after a gap, when all that is known was told."""

    def end(self) -> str:
        """Show what is left of runs that have not ended, and leave the terminal at the beginning of a line."""


class Follower:
    """Turns events, in their order, into calls of a page."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self._runs: dict[str, WatchedRun] = {}
        self._names: Counter[str] = Counter()
        self._newest = 0
        self._unlisted: set[str] | None = None

    def take(self, event: Event) -> str:
        """Give what to write for this event."""
        match event:
            case Hello():
                return ""
            case Gap():
                self._unlisted = set(self._runs)
                return self._page.gap(f"… {_missed(event)} missed here; what is known follows.")
            case Snapshot():
                return self._rejoin(event)
            case RunEvent():
                return self._settle() + self._follow(event)
            case _:
                return self._settle()

    def end(self) -> str:
        """Give what to write last."""
        return self._settle() + self._page.end()

    def _follow(self, event: RunEvent) -> str:
        match event:
            case StreamingOutputEvent(is_final=True):
                run = self._known(event)
                outcome = event.outcome
                return self._finish(run, Outcome(status="completed") if outcome is UNSET else outcome)
            case StreamingOutputEvent():
                place = Place(event.output_type, event.field, event.artifact_id, event.step)
                return self._text(self._known(event), place, event.content)
            case StreamDecision():
                run = self._known(event)
                run.decision = event.decision
                run.is_hidden = event.decision == "off" and event.reason == NO_OUTPUT_REASON
                return "" if run.is_hidden else self._page.decided(run)
            case AttemptStarted():
                run = self._known(event)
                run.streamed.clear()
                note = visible_line(f"attempt {event.attempt}: {event.reason}")
                return self._flush(run) + ("" if run.is_hidden else self._page.restarted(run, note))
            case StreamStarted():
                self._open(event)
                return ""
            case _:
                return ""

    def _text(self, run: WatchedRun, place: Place, text: str) -> str:
        if run.is_hidden:
            return ""
        written = "" if place == run.place else self._flush(run)
        run.take(place)
        return written + self._page.text(run, place, run.visible.feed(text))

    def _flush(self, run: WatchedRun) -> str:
        rest = run.visible.end()
        return self._page.text(run, run.place, rest) if rest and run.place is not None else ""

    def _finish(self, run: WatchedRun, outcome: Outcome) -> str:
        written = ""
        for field in outcome.fields:
            if not field.matches and field.value is not UNSET:
                written += self._text(run, *run.published(field))
        written += self._flush(run)
        if not run.is_hidden or outcome.status != "completed":
            written += self._page.ended(run, outcome)
        self._close(run)
        return written

    def _rejoin(self, event: Snapshot) -> str:
        """Show a run from its snapshot, unless it had ended and was shown before."""
        before = self._runs.get(event.run_id)
        if before is None and event.stream <= self._newest:
            return ""
        written = ""
        if before is not None:
            written += self._page.forget(before)
            self._close(before)
        run = self._open(event)
        run.is_hidden = before is not None and before.is_hidden
        run.decision = event.decision
        if self._unlisted is not None:
            self._unlisted.discard(event.run_id)
        if run.decision is not None and not run.is_hidden:
            written += self._page.decided(run)
        for text in event.fields:
            written += self._text(run, Place(text.output_type, text.field, text.artifact_id, text.step), text.text)
        return written if event.outcome is None else written + self._finish(run, event.outcome)

    def _settle(self) -> str:
        """Once the snapshots after a gap are through, forget the runs they did not list."""
        if self._unlisted is None:
            return ""
        lost = [self._runs[run_id] for run_id in self._unlisted if run_id in self._runs]
        self._unlisted = None
        written = ""
        for run in lost:
            written += self._page.forget(run)
            self._close(run)
        return written + self._page.resumed()

    def _known(self, event: RunEvent) -> WatchedRun:
        return self._runs.get(event.run_id) or self._open(event)

    def _open(self, event: RunEvent) -> WatchedRun:
        if event.run_id in self._runs:
            self._close(self._runs[event.run_id])
        run = WatchedRun.of(event, is_only_one=not self._names[visible_line(event.agent_name)])
        self._runs[run.run_id] = run
        self._names[run.agent_name] += 1
        self._newest = max(self._newest, run.number)
        return run

    def _close(self, run: WatchedRun) -> None:
        del self._runs[run.run_id]
        self._names[run.agent_name] -= 1
        if self._names[run.agent_name] <= 0:
            del self._names[run.agent_name]


def _missed(gap: Gap) -> str:
    try:
        count = Cursor.parse(gap.cursor).offset - Cursor.parse(gap.requested).offset
    except CursorError:
        return "something was"
    return f"{count:,} events were" if gap.reason == "too_old" and count > 0 else "something was"
