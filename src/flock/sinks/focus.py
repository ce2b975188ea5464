"""The focus view: one live stream at a time, everything else whole when it is done and the terminal is free."""

from flock.events import Outcome
from flock.sinks.ink import Ink
from flock.sinks.watched import Place, WatchedRun

MAX_HELD_CHARS = 16 * 2**20
"""How much text waits for the terminal, over all runs; a run that would pass it is not shown, and that is said."""


class FocusPage:
    """Shows the first run that streams as it grows.

    Others wait: finished ones are printed by priority, then in the order they ended, and after them the oldest one
    that still streams gets the terminal.
    """

    def __init__(self, ink: Ink) -> None:
        self._ink = ink
        self._prose: Prose | None = None
        self._held: dict[str, Held] = {}
        self._held_chars = 0
        self._done: list[Held] = []

    def decided(self, run: WatchedRun) -> str:
        if run.decision != "stream":
            return ""
        if self._prose is not None:
            self._hold(run)
            return ""
        self._prose = Prose(run, self._ink)
        return self._prose.head()

    def text(self, run: WatchedRun, place: Place, text: str) -> str:
        if self._prose is not None and self._prose.run is run:
            return self._prose.add(place, text)
        held = self._hold(run)
        if not held.is_too_long and self._held_chars + len(text) <= MAX_HELD_CHARS:
            held.add(place, text)
            self._held_chars += len(text)
        else:
            self._empty(held)
            held.is_too_long = True
        return ""

    def restarted(self, run: WatchedRun, note: str) -> str:
        if self._prose is not None and self._prose.run is run:
            return self._prose.restart(note)
        self._empty(self._hold(run))
        return ""

    def ended(self, run: WatchedRun, outcome: Outcome) -> str:
        if self._prose is not None and self._prose.run is run:
            written = self._prose.close(outcome)
            self._prose = None
            return written + self._release()
        held = self._hold(run)
        del self._held[run.run_id]
        held.outcome = outcome
        self._done.append(held)
        return self._release() if self._prose is None else ""

    def forget(self, run: WatchedRun) -> str:
        held = self._held.pop(run.run_id, None)
        if held is not None:
            self._empty(held)
        if self._prose is None or self._prose.run is not run:
            return ""
        written = self._prose.end()
        self._prose = None
        return written

    def gap(self, note: str) -> str:
        return self._break() + self._ink.paint("dim", note) + "\n"

    def resumed(self) -> str:
        return self._release() if self._prose is None else ""

    def end(self) -> str:
        waiting = [held for held in self._held.values() if held.pieces]
        return self._break() + "".join([self._unended(held) for held in waiting])

    def _break(self) -> str:
        return self._prose.end() if self._prose is not None else ""

    def _release(self) -> str:
        """Print what is done, then let the oldest run that streams have the terminal."""
        done, self._done = sorted(self._done, key=lambda held: held.run.rank), []
        written = [self._whole(held) for held in done]
        following = next((held for held in self._held.values() if held.run.decision == "stream"), None)
        if following is not None:
            del self._held[following.run.run_id]
            self._prose = Prose(following.run, self._ink)
            written.append(self._tell(self._prose, following))
        return "".join(written)

    def _whole(self, held: "Held") -> str:
        prose = Prose(held.run, self._ink)
        outcome = held.outcome
        assert outcome is not None
        if outcome.status != "completed":
            self._empty(held)
            return prose.close(outcome)
        return self._tell(prose, held) + prose.close(outcome)

    def _unended(self, held: "Held") -> str:
        prose = Prose(held.run, self._ink)
        return self._tell(prose, held) + prose.end()

    def _tell(self, prose: "Prose", held: "Held") -> str:
        written = [prose.head()]
        written += [prose.add(place, "".join(texts)) for place, texts in held.pieces]
        if held.is_too_long:
            note = f"(its text is left out: more than {MAX_HELD_CHARS:,} characters waited for the terminal)"
            written.append(f"{self._ink.paint('dim', note)}\n")
        self._empty(held)
        return "".join(written)

    def _hold(self, run: WatchedRun) -> "Held":
        held = self._held.get(run.run_id)
        if held is None:
            held = self._held[run.run_id] = Held(run)
        return held

    def _empty(self, held: "Held") -> None:
        self._held_chars -= held.chars
        held.clear()


class Held:
    """A run that waits for the terminal, with its text."""

    __slots__ = ("chars", "is_too_long", "outcome", "pieces", "run")

    def __init__(self, run: WatchedRun) -> None:
        self.run = run
        self.outcome: Outcome | None = None
        self.is_too_long = False
        self.pieces: list[tuple[Place, list[str]]] = []
        self.chars = 0

    def add(self, place: Place, text: str) -> None:
        """Keep text, joined with what came before it at the same place."""
        if self.pieces and self.pieces[-1][0] == place:
            self.pieces[-1][1].append(text)
        else:
            self.pieces.append((place, [text]))
        self.chars += len(text)

    def clear(self) -> None:
        """Drop the text."""
        self.pieces = []
        self.chars = 0


class Prose:
    """One run as it is printed: a head, its texts each behind the label of its field, how it ended."""

    __slots__ = ("_ink", "_is_line_open", "_place", "run")

    def __init__(self, run: WatchedRun, ink: Ink) -> None:
        self.run = run
        self._ink = ink
        self._place: Place | None = None
        self._is_line_open = False

    def head(self) -> str:
        """Give the line a run begins with."""
        name = self._ink.agent(self.run.agent_name, self.run.name)
        return f"▶ {name} → {self.run.title}\n" if self.run.title else f"▶ {name}\n"

    def add(self, place: Place, text: str) -> str:
        """Give more text of the run."""
        if not text:
            return ""
        head = ""
        if place != self._place:
            label = self.run.label(place)
            head = self.end() + (self._ink.paint("bold", f"{label}:") + " " if label else "")
            self._place = place
        self._is_line_open = not text.endswith("\n")
        return head + (text if place.output_type == "llm_token" else self._ink.paint("dim", text))

    def restart(self, note: str) -> str:
        """Give the line that says that the text so far is void."""
        written = self.end() + self._ink.paint("bold", f"↻ {note}") + "\n"
        self._place = None
        return written

    def close(self, outcome: Outcome) -> str:
        """Give the last line, and an empty one."""
        is_good = outcome.status == "completed"
        line = self.run.ending(outcome)
        return f"{self.end()}{self._ink.paint('good' if is_good else 'bad', line)} · {self.run.name}\n\n"

    def end(self) -> str:
        """End the line that is under way."""
        is_open, self._is_line_open = self._is_line_open, False
        return "\n" if is_open else ""
