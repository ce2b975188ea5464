"""`make bench`: CPU per token of the whole path, model server to viewers, over real sockets and processes."""

import argparse
import json
import statistics
import subprocess
import sys
from contextlib import ExitStack
from dataclasses import dataclass


@dataclass(frozen=True)
class Cell:
    """One row of the table: streams side by side, tokens of each, their pace (0: flat out), viewers."""

    streams: int
    tokens: int
    tokens_per_s: float
    viewers: int


CELLS = [Cell(1, 250, 0, 1), Cell(10, 250, 50, 1), Cell(100, 250, 50, 0), Cell(100, 250, 50, 10)]


class Child:
    """A process of the benchmark that speaks in lines."""

    def __init__(self, stack: ExitStack, module: str, *arguments: object) -> None:
        command = [sys.executable, "-m", f"benchmarks.{module}", *map(str, arguments)]
        self._process = stack.enter_context(
            subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        )
        stack.callback(self._process.terminate)

    def line(self) -> str:
        """Read the next line; fails where the process ended without one."""
        assert self._process.stdout is not None
        text = self._process.stdout.readline()
        if not text:
            raise RuntimeError(f"{self._process.args} ended early")
        return text.strip()

    def go(self) -> None:
        """Start a round."""
        assert self._process.stdin is not None
        self._process.stdin.write("go\n")
        self._process.stdin.flush()


def measure(cell: Cell, rounds: int) -> dict[str, float]:
    """Run a cell; gives medians over the rounds, a warm-up aside."""
    spent: list[dict[str, float]] = []
    seen: list[dict[str, int]] = []
    total = cell.streams * cell.tokens
    for _ in range(rounds):
        with ExitStack() as stack:
            model = Child(stack, "model_server", cell.tokens, cell.tokens_per_s)
            product = Child(stack, "product", model.line(), cell.streams)
            port = product.line()
            product.go()
            product.line()
            if cell.viewers:
                viewers = Child(stack, "viewers", port, cell.viewers, cell.streams)
                assert viewers.line() == "ready"
            product.go()
            spent.append(json.loads(product.line()))
            if cell.viewers:
                seen += json.loads(viewers.line())
    lost = [viewer["tokens"] for viewer in seen if viewer["tokens"] < total]
    assert not lost, f"viewers got {lost} of {total} tokens"
    return {
        "cpu_us": statistics.median(row["cpu_s"] for row in spent) / total * 1e6,
        "tokens_s": total / statistics.median(row["wall_s"] for row in spent),
        "bytes": statistics.median(viewer["bytes"] for viewer in seen) / total if seen else 0.0,
    }


def main() -> None:
    """Measure the cells and print a table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--rounds", type=int, default=3, help="rounds per cell; the median counts")
    rounds = parser.parse_args().rounds
    print("streams  tokens/s each  viewers  CPU µs/token  tokens/s  wire bytes/token and viewer")
    for cell in CELLS:
        row = measure(cell, rounds)
        pace = f"{cell.tokens_per_s:g}" if cell.tokens_per_s else "flat out"
        print(
            f"{cell.streams:7}  {pace:>13}  {cell.viewers:7}  {row['cpu_us']:12.1f}  {row['tokens_s']:8.0f}"
            f"  {row['bytes']:27.1f}",
            flush=True,
        )


if __name__ == "__main__":
    main()
