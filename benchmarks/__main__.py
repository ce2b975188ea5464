"""`make bench`: what the streaming path costs, beside the least that is possible, on real sockets and processes.

Runs the rows one after the other and writes the figures into `docs/performance.md`. With `--cells` or `--check`
nothing is written.
"""

import argparse
import asyncio
import sys
import time
from pathlib import Path

from benchmarks.cells import CELLS, Cell
from benchmarks.children import BenchmarkError, child
from benchmarks.contest import Row, contest
from benchmarks.goals import GOALS, Finding, findings
from benchmarks.report import between_marks, findings_table, machine, rows_table

ROUNDS = 5
DOCS = Path(__file__).parents[1] / "docs"
PAGE = DOCS / "performance.md"


class Progress:
    """Says on the standard error where it is, and how long it will take."""

    def __init__(self, cells: list[Cell], rounds: int) -> None:
        self._left_s = sum(cell.seconds(rounds) for cell in cells)
        self._rounds = rounds
        self._count = len(cells)
        self._number = 0
        self._began_s = time.monotonic()

    def begin(self, cell: Cell) -> None:
        """Say which row comes now."""
        self._number += 1
        print(
            f"[{self._number}/{self._count}] {cell.name}; all will take about {self._left_s / 60:.0f} min more",
            file=sys.stderr,
            flush=True,
        )
        self._left_s -= cell.seconds(self._rounds)

    def note(self, text: str) -> None:
        """Say what was just measured."""
        print(f"{time.monotonic() - self._began_s:7.0f} s  {text}", file=sys.stderr, flush=True)


async def measure(cells: list[Cell], rounds: int) -> list[Row]:
    """Measure these rows."""
    progress = Progress(cells, rounds)
    rows: list[Row] = []
    async with child("model_server") as model:
        port = (await model.hear())["port"]
        for cell in cells:
            progress.begin(cell)
            rows.append(await contest(cell, rounds, port, progress.note))
    return rows


def verdict(found: list[Finding]) -> str | None:
    """Say what is wrong, None where every bound is kept."""
    passed = sum(not finding.is_kept for finding in found)
    return f"{passed} of {len(found)} bounds passed" if passed else None


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="interleaved rounds per row; medians count")
    parser.add_argument("--cells", metavar="PATTERN", help="only rows with this in their names; print, write nothing")
    parser.add_argument("--check", action="store_true", help="only what has a bound; fail where one is passed")
    return parser.parse_args()


def main() -> str | None:
    """Measure; gives what is wrong."""
    options = arguments()
    cells = [cell for cell in CELLS if (options.cells or "") in cell.name and (cell in GOALS or not options.check)]
    if not cells:
        return f"No row has {options.cells!r} in its name. There are:\n" + "\n".join(cell.name for cell in CELLS)
    try:
        rows = asyncio.run(measure(cells, options.rounds))
    except BenchmarkError as error:
        return str(error)
    found = [finding for row in rows for finding in findings(row)]
    tables = [machine(options.rounds, "make bench"), "", *findings_table(found), "", *rows_table(rows)]
    if options.check:
        print("\n".join(finding.line() for finding in found))
        return verdict(found)
    if options.cells:
        print("\n".join(tables))
    else:
        PAGE.write_text(between_marks(PAGE.read_text(), "\n".join(tables)))
    return None


if __name__ == "__main__":
    sys.exit(main())
