"""What was measured, as Markdown: tables for `docs/performance.md`, where they stand between two marks."""

import os
import platform
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path, PurePath

from benchmarks.cells import Contestant
from benchmarks.contest import Row
from benchmarks.findings import Finding

BEGIN, END = "<!-- figures: begin -->", "<!-- figures: end -->"

PLOTS = {
    "performance-streams": "CPU per token by the number of streams",
    "performance-viewers": "CPU per token by the number of viewers",
    "performance-latency": "Latency at the median and at the 99th percentile, by the number of streams",
}

NAMES: dict[Contestant, str] = {
    "relay": "limit relay",
    "full": "flock, `full`",
    "compact": "flock, `compact`",
    "sse": "flock, `full` over SSE",
    "streamify": "`dspy.streamify`, alone",
    "litellm": "LiteLLM, alone",
}


def figures_page(
    rows: Sequence[Row], findings: Sequence[Finding], plots: Sequence[PurePath], *, rounds: int
) -> Iterator[str]:
    """Give all of it: on what it was measured, single figures, plots, and the rows."""
    medians = "one round" if rounds == 1 else f"medians of {rounds} interleaved rounds"
    yield machine("make bench", medians)
    if findings:
        yield from ["", *_findings_table(findings)]
    for plot in plots:
        yield f"\n![{PLOTS.get(plot.stem, plot.stem)}]({plot.as_posix()})"
    if rows:
        yield from ["", *_rows_table(rows)]


def machine(command: str, how: str = "") -> str:
    """Say when, by which command and on what it was measured."""
    versions = ", ".join(f"{name} {version(name)}" for name in ("uvloop", "msgspec", "dspy", "litellm"))
    cores = f"{os.cpu_count()} cores{_processor()}, {platform.system()} on {platform.machine()}"
    python = f"{platform.python_implementation()} {platform.python_version()}"
    told = f"{how}; " if how else ""
    return f"Measured by `{command}` on {datetime.now(UTC):%-d %B %Y}: {told}{cores}, {python}, {versions}."


def _processor() -> str:
    """Name the processor where Linux does."""
    with suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return f" ({line.partition(':')[2].strip()})"
    return ""


def _findings_table(findings: Sequence[Finding]) -> Iterator[str]:
    """Give the table of single figures, with what is asked of them."""
    yield "| what | figure | goal | never above | |"
    yield "| --- | ---: | ---: | ---: | --- |"
    for finding in findings:
        goal, bound = (f"{asked:g}" if asked is not None else "" for asked in (finding.goal, finding.bound))
        yield f"| {finding.what} | {finding.shown()} | {goal} | {bound} | {finding.verdict} |"


def _rows_table(rows: Sequence[Row]) -> Iterator[str]:
    """Give the table of all rows."""
    yield (
        "| streams, pace, adapter, viewers | | CPU µs per token | / relay | tokens/s | latency ms, p50 / p99 "
        "| wire bytes per token and viewer | loop lag ms, p50 / p99 |"
    )
    yield "| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: |"
    for row in rows:
        for place, contestant in enumerate(row.rounds):
            yield _row(row, contestant, is_first=place == 0)


def _row(row: Row, contestant: Contestant, *, is_first: bool) -> str:
    figures = row.median(contestant)
    ratio = f"{row.ratio(contestant):.2f}" if contestant != "relay" else ""
    latency = "" if figures.latency_p99_ms is None else f"{figures.latency_p50_ms:.1f} / {figures.latency_p99_ms:.1f}"
    lag = "" if figures.lag_p99_ms is None else f"{figures.lag_p50_ms:.1f} / {figures.lag_p99_ms:.1f}"
    wire = "" if figures.wire_bytes is None else f"{figures.wire_bytes:.0f}"
    cells = (
        row.cell.name if is_first else "",
        NAMES[contestant],
        f"{figures.cpu_us:.1f}",
        ratio,
        f"{figures.tokens_per_s:,.0f}",
        latency,
        wire,
        lag,
    )
    return f"| {' | '.join(cells)} |"


def between_marks(page: str, figures: str, *, begin: str = BEGIN, end: str = END) -> str:
    """Give the page with these figures in place of the old ones; raises `ValueError` for a page without the marks."""
    before, found_begin, rest = page.partition(begin)
    _, found_end, after = rest.partition(end)
    if not (found_begin and found_end):
        raise ValueError(f"The page has no {begin} … {end}.")
    return f"{before}{begin}\n\n{figures.strip()}\n\n{end}{after}"
