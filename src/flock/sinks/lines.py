"""The lines view: all streams at once, in whole lines that say whose they are."""

from collections.abc import Callable

from flock.events import Outcome
from flock.sinks.ink import Ink
from flock.sinks.watched import Place, WatchedRun
from flock.sinks.wrap import LineWrap

MIN_NAME_CELLS = 10
MAX_NAME_CELLS = 24
MIN_TEXT_CELLS = 20

Columns = Callable[[], int | None]
"""How wide the terminal is now; None where lines are not to be wrapped."""


class LinesPage:
    """Shows `agent │ field │ text`, each line when it is complete or its field ends."""

    def __init__(self, ink: Ink, columns: Columns) -> None:
        self._ink = ink
        self._columns = columns
        self._name_cells = MIN_NAME_CELLS
        self._open: dict[str, tuple[WatchedRun, Place, LineWrap]] = {}

    def decided(self, run: WatchedRun) -> str:
        self._name_cells = max(self._name_cells, min(len(run.name), MAX_NAME_CELLS))
        return self._line(run, f"▶ {run.title}".rstrip())

    def text(self, run: WatchedRun, place: Place, text: str) -> str:
        head = ""
        at = self._open.get(run.run_id)
        if at is None or at[1] != place:
            head = self._flush(run)
            at = self._open[run.run_id] = (run, place, LineWrap())
        return head + self._lines(run, place, at[2].feed(text, self._text_cells(run, place)))

    def restarted(self, run: WatchedRun, note: str) -> str:
        return self._flush(run) + self._line(run, self._ink.paint("bold", f"↻ {note}"))

    def ended(self, run: WatchedRun, outcome: Outcome) -> str:
        line = self._ink.paint("good" if outcome.status == "completed" else "bad", run.ending(outcome))
        return self._flush(run) + self._line(run, line)

    def forget(self, run: WatchedRun) -> str:
        return self._flush(run)

    def gap(self, note: str) -> str:
        return self._ink.paint("dim", note) + "\n"

    def resumed(self) -> str:
        return ""

    def end(self) -> str:
        return "".join([self._flush(run) for run, _, _ in list(self._open.values())])

    def _flush(self, run: WatchedRun) -> str:
        at = self._open.pop(run.run_id, None)
        return self._lines(run, at[1], at[2].end()) if at is not None else ""

    def _lines(self, run: WatchedRun, place: Place, lines: list[str]) -> str:
        label = run.label(place)
        head = f"{self._ink.paint('dim', f'{label} │')} " if label else ""
        is_model_text = place.output_type == "llm_token"
        return "".join(
            self._line(run, head + (line if is_model_text else self._ink.paint("dim", line))) for line in lines
        )

    def _line(self, run: WatchedRun, text: str) -> str:
        name = run.name.ljust(self._name_cells)
        return f"{self._ink.agent(run.agent_name, f'{name} │')} {text}\n"

    def _text_cells(self, run: WatchedRun, place: Place) -> int | None:
        columns = self._columns()
        if columns is None:
            return None
        label = run.label(place)
        head = max(len(run.name), self._name_cells) + 3 + (len(label) + 3 if label else 0)
        return max(columns - head, MIN_TEXT_CELLS)
