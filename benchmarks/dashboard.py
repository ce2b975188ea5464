"""`make bench-dashboard`: what watching costs a browser, and whether it shows what the server has.

It measures the dashboard in a headless chromium next to its server, takes the pictures of the documentation, and
writes both. With --only nothing is written, and only what has this in its name is measured.
"""

import argparse
import asyncio
import sys
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from playwright.async_api import Browser

from benchmarks.children import BenchmarkError
from benchmarks.dashboard_crowd import ten_thousand_runs
from benchmarks.dashboard_demo import first_paint, flaws_of_views, pictures
from benchmarks.dashboard_streams import cut_off, four_times_as_many, hundred_streams, reloaded
from benchmarks.findings import Finding
from benchmarks.report import between_marks, machine
from benchmarks.watched_page import browser

BEGIN, END = "<!-- dashboard: begin -->", "<!-- dashboard: end -->"
DOCS = Path(__file__).parents[1] / "docs"
PAGE = DOCS / "performance.md"
SECONDS = 60.0

Measure = Callable[[Browser, float], Awaitable[list[Finding]]]
"""Takes the browser, and how long to watch at the most."""


@dataclass(frozen=True, slots=True)
class Case:
    """One thing that is measured."""

    name: str
    measure: Measure


CASES = (
    Case("100 streams", hundred_streams),
    Case("20,000 tokens/s", four_times_as_many),
    Case("reload in mid-stream", reloaded),
    Case("socket cut", cut_off),
    Case("first paint", first_paint),
    Case("10,000 runs", ten_thousand_runs),
    Case("accessibility", flaws_of_views),
)


def table(findings: Sequence[Finding]) -> str:
    """Give the figures as Markdown."""
    head = ["| what | figure | goal | |", "| --- | ---: | ---: | --- |"]
    rows = [
        f"| {one.what} | {one.shown()} | {'' if one.goal is None else f'{one.goal:g}'} | {one.verdict} |"
        for one in findings
    ]
    return "\n".join([*head, *rows])


async def measure(cases: Sequence[Case], seconds: float, *, has_pictures: bool) -> list[Finding]:
    """Measure one after the other, and take the pictures."""
    findings: list[Finding] = []
    async with browser() as one:
        for case in cases:
            print(f"measuring: {case.name}", file=sys.stderr, flush=True)
            found = await case.measure(one, seconds)
            for finding in found:
                print(f"  {finding.line()}", file=sys.stderr, flush=True)
            findings += found
        if has_pictures:
            await pictures(one, DOCS / "assets")
    return findings


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.dashboard", description=__doc__)
    parser.add_argument("--seconds", type=float, default=SECONDS, help="how long a hundred streams are watched")
    parser.add_argument("--only", metavar="PATTERN", help="only what has this in its name, printed and not written")
    parser.add_argument("--pictures", action="store_true", help="only take the pictures")
    return parser.parse_args()


def main() -> str | None:
    """Measure; gives what is wrong."""
    options = arguments()
    cases = [] if options.pictures else [case for case in CASES if (options.only or "") in case.name]
    if not cases and not options.pictures:
        return f"Nothing has {options.only!r} in its name. There are: {', '.join(case.name for case in CASES)}"
    writes = options.only is None
    try:
        findings = asyncio.run(measure(cases, options.seconds, has_pictures=writes))
    except BenchmarkError as error:
        return str(error)
    if not findings:
        return None
    print(table(findings))
    if writes:
        text = f"{machine('make bench-dashboard')}\n\n{table(findings)}"
        PAGE.write_text(between_marks(PAGE.read_text(), text, begin=BEGIN, end=END))
    broken = sum(not finding.is_kept for finding in findings)
    return f"{broken} of {len(findings)} goals are not reached." if broken else None


if __name__ == "__main__":
    sys.exit(main())
