"""`make bench`: what the streaming path costs, beside the least that is possible, on real sockets and processes.

It measures row by row and writes the figures into docs/performance.md. With --cells or --check nothing is written.
"""

import argparse
import asyncio
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks.cells import CELLS, Cell
from benchmarks.children import BenchmarkError, child
from benchmarks.contest import Row, contest
from benchmarks.findings import Finding
from benchmarks.goals import GOALS, findings_of
from benchmarks.report import between_marks, figures_page
from benchmarks.trials import TRIALS, Trial

ROUNDS = 5
DOCS = Path(__file__).parents[1] / "docs"
PAGE = DOCS / "performance.md"


class Progress:
    """Says on the standard error where it is, and how long it will take."""

    def __init__(self, what: Sequence[Cell | Trial], rounds: int) -> None:
        self._durations_s = [one.duration_s(rounds) for one in what]
        self._number = 0
        self._began_s = time.monotonic()

    def begin(self, what: Cell | Trial) -> None:
        """Say what comes now."""
        left_s = sum(self._durations_s[self._number :])
        self._number += 1
        self._say(f"[{self._number}/{len(self._durations_s)}] {what.name}; {left_s / 60:.0f} min left")

    def note(self, text: str) -> None:
        """Say what was just measured."""
        self._say(f"{time.monotonic() - self._began_s:7.0f} s  {text}")

    def _say(self, text: str) -> None:
        print(text, file=sys.stderr, flush=True)


async def measure(what: Sequence[Cell | Trial], rounds: int, rows: list[Row], findings: list[Finding]) -> None:
    """Measure one after the other; fills the rows, and the figures that are held to something."""
    progress = Progress(what, rounds)
    async with child("benchmarks.model_server") as model:
        port = (await model.hear())["port"]
        for one in what:
            progress.begin(one)
            if isinstance(one, Trial):
                findings += await one.run(rounds, port, progress.note)
            else:
                rows.append(await contest(one, rounds, port, progress.note))
                findings += findings_of(rows[-1])


def chosen(pattern: str, *, only_bound: bool) -> list[Cell | Trial]:
    """Give what has the pattern in its name, and where asked only what has a bound."""
    cells = [cell for cell in CELLS if cell in GOALS or not only_bound]
    everything: list[Cell | Trial] = [*cells, *TRIALS]
    return [one for one in everything if pattern in one.name]


def complaint(findings: Sequence[Finding]) -> str | None:
    """Say what is wrong, None where every bound is kept."""
    bound = [finding for finding in findings if finding.bound is not None]
    broken = sum(not finding.is_kept for finding in bound)
    return f"{broken} of {len(bound)} bounds are not kept." if broken else None


def positive(text: str) -> int:
    """Read how many rounds; raises `ArgumentTypeError` for what is no number of them."""
    if not text.isdecimal() or not int(text):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of rounds above 0")
    return int(text)


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--rounds", type=positive, default=ROUNDS, help="interleaved rounds, whose medians count")
    parser.add_argument("--cells", metavar="PATTERN", default="", help="only what has this in its name, printed")
    parser.add_argument("--check", action="store_true", help="only what has a bound; fail where one is not kept")
    return parser.parse_args()


def main() -> str | None:
    """Measure; gives what is wrong."""
    options = arguments()
    what = chosen(options.cells, only_bound=options.check)
    if not what:
        names = "\n".join(one.name for one in chosen("", only_bound=options.check))
        return f"Nothing has {options.cells!r} in its name. There are:\n{names}"
    writes = not (options.cells or options.check)
    if writes:
        import matplotlib  # noqa: F401 - where it is missing, this is to fail now, and not after all is measured

        between_marks(PAGE.read_text(), "")  # the same for a page without its marks
    rows: list[Row] = []
    findings: list[Finding] = []
    try:
        asyncio.run(measure(what, options.rounds, rows, findings))
    except BenchmarkError as error:
        print("\n".join(figures_page(rows, findings, [], rounds=options.rounds)))
        return f"After that: {error}"
    if options.check:
        print("\n".join(finding.line() for finding in findings))
        return complaint(findings)
    if writes:
        write(rows, findings, options.rounds)
    else:
        print("\n".join(figures_page(rows, findings, [], rounds=options.rounds)))
    return None


def write(rows: Sequence[Row], findings: Sequence[Finding], rounds: int) -> None:
    """Put tables and plots into the documentation."""
    from benchmarks.plots import draw

    plots = [file.relative_to(DOCS) for file in draw(rows, DOCS / "assets")]
    figures = "\n".join(figures_page(rows, findings, plots, rounds=rounds))
    PAGE.write_text(between_marks(PAGE.read_text(), figures))


if __name__ == "__main__":
    sys.exit(main())
