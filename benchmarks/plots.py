"""The rows as plots, in SVG: the same figures give the same bytes."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullLocator, StrMethodFormatter

from benchmarks.cells import Cell, Contestant
from benchmarks.contest import Figures, Row

STYLE = {
    "svg.hashsalt": "flock",
    "font.size": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.color": "#dddddd",
    "legend.frameon": False,
}


class Look(NamedTuple):
    """How a contestant is drawn: told apart by colour and by marker."""

    label: str
    color: str
    marker: str


LOOKS: dict[Contestant, Look] = {
    "litellm": Look("LiteLLM, alone", "#d55e00", "v"),
    "streamify": Look("dspy.streamify, alone", "#e69f00", "^"),
    "full": Look("flock, full", "#0072b2", "o"),
    "compact": Look("flock, compact", "#009e73", "s"),
    "relay": Look("limit relay", "#555555", "D"),
}

WATCHED: tuple[Contestant, ...] = ("full", "compact", "relay")

Measure = Callable[[Figures], float | None]


def draw(rows: Sequence[Row], folder: Path) -> list[Path]:
    """Write the plots into a folder; gives their files."""
    usual = [row for row in rows if _is_usual(row.cell)]
    by_streams = sorted(
        (row for row in usual if row.cell.viewers == 10 or row.cell.streams > 500), key=lambda row: row.cell.streams
    )
    by_viewers = sorted((row for row in usual if row.cell.streams == 100), key=lambda row: row.cell.viewers)
    folder.mkdir(exist_ok=True)
    with mpl.rc_context(STYLE):
        return [
            _save(_cost_by_streams(by_streams), folder / "performance-streams.svg"),
            _save(_cost_by_viewers(by_viewers), folder / "performance-viewers.svg"),
            _save(_latency(by_streams), folder / "performance-latency.svg"),
        ]


def _is_usual(cell: Cell) -> bool:
    return bool(cell.tokens_per_s) and cell.adapter == "chat" and cell.fields == 1 and not cell.stalled


def _pace(cell: Cell) -> str:
    viewers = "" if cell.viewers == 10 else f"\n{cell.viewers} viewers"
    return f"{cell.streams}\n{cell.tokens_per_s:g} tokens/s{viewers}"


def _cost_by_streams(rows: Sequence[Row]) -> Figure:
    """Draw the CPU per token; the axis is logarithmic, for others cost many times as much."""
    figure, axes = _axes("streams", [_pace(row.cell) for row in rows], "CPU per token, µs")
    axes.set_yscale("log")
    axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.yaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
    axes.yaxis.set_minor_locator(NullLocator())
    for contestant, look in LOOKS.items():
        _line(axes, rows, contestant, lambda figures: figures.cpu_us, look.label)
    figure.legend(loc="outside right upper")
    return figure


def _cost_by_viewers(rows: Sequence[Row]) -> Figure:
    """Draw the CPU per token of those who have viewers."""
    names = [str(row.cell.viewers) for row in rows]
    figure, axes = _axes("viewers of 100 streams at 50 tokens/s", names, "CPU per token, µs")
    for contestant in WATCHED:
        _line(axes, rows, contestant, lambda figures: figures.cpu_us, LOOKS[contestant].label)
    axes.set_ylim(bottom=0)
    figure.legend(loc="outside right upper")
    return figure


def _latency(rows: Sequence[Row]) -> Figure:
    """Draw how late tokens reach the viewers, at the median and at the 99th percentile."""
    figure, axes = _axes("streams", [_pace(row.cell) for row in rows], "from model server to viewer, ms")
    for contestant in WATCHED:
        label = LOOKS[contestant].label
        _line(axes, rows, contestant, lambda figures: figures.latency_p99_ms, f"{label}, p99", "--")
        _line(axes, rows, contestant, lambda figures: figures.latency_p50_ms, f"{label}, p50")
    axes.set_ylim(bottom=0)
    figure.legend(loc="outside right upper")
    return figure


def _axes(what: str, names: Sequence[str], measured: str) -> tuple[Figure, Axes]:
    figure = Figure(figsize=(8, 4), layout="constrained")
    axes = figure.add_subplot()
    axes.set_xticks(range(len(names)), names)
    axes.set_xlabel(what)
    axes.set_ylabel(measured)
    return figure, axes


def _line(
    axes: Axes, rows: Sequence[Row], contestant: Contestant, measure: Measure, label: str, style: str = "-"
) -> None:
    points = [
        (place, figure)
        for place, row in enumerate(rows)
        if contestant in row.rounds and (figure := measure(row.median(contestant))) is not None
    ]
    if points:
        look = LOOKS[contestant]
        axes.plot(*zip(*points, strict=True), style, color=look.color, marker=look.marker, label=label)


def _save(figure: Figure, file: Path) -> Path:
    figure.savefig(file, metadata={"Date": None, "Creator": None})
    return file
