"""The benchmark's verdicts: a figure beyond its bound is told, whichever it is, and nothing else is."""

import argparse
from collections.abc import Mapping
from dataclasses import replace

import pytest

from benchmarks.__main__ import chosen, complaint, positive
from benchmarks.cells import CELLS, CROWD, MAIN, THOUSAND, Cell, Contestant
from benchmarks.contest import Figures, Row
from benchmarks.figures import quantile
from benchmarks.findings import Finding
from benchmarks.goals import GOALS, findings_of
from benchmarks.report import BEGIN, END, between_marks, figures_page

RELAY = Figures(
    cpu_us=20, tokens_per_s=5000, lag_p50_ms=0, lag_p99_ms=2, latency_p50_ms=17, latency_p99_ms=34, wire_bytes=160
)
FLOCK = replace(RELAY, cpu_us=30, wire_bytes=240)
ROUND: dict[Contestant, Figures] = {
    "relay": RELAY,
    "full": FLOCK,
    "compact": replace(FLOCK, wire_bytes=39),
    "sse": FLOCK,
    "streamify": replace(RELAY, cpu_us=200),
    "litellm": replace(RELAY, cpu_us=900),
}


def row(cell: Cell, planted: Mapping[Contestant, Figures] | None = None) -> Row:
    """Five equal rounds of all that is well, but for what is planted."""
    figures = {**ROUND, **(planted or {})}
    return Row(cell, {contestant: [figures[contestant]] * 5 for contestant in cell.contestants})


@pytest.mark.parametrize("cell", GOALS, ids=lambda cell: cell.name)
def test_all_goals_can_be_reached(cell: Cell) -> None:
    findings = list(findings_of(row(cell)))
    assert findings
    assert {finding.verdict for finding in findings} == {"reached"}
    assert complaint(findings) is None


@pytest.mark.parametrize(
    ("cell", "planted", "what"),
    [
        (MAIN, {"full": replace(FLOCK, cpu_us=41)}, "product (`full`) / limit relay"),
        (MAIN, {"litellm": replace(RELAY, cpu_us=290)}, "LiteLLM"),
        (MAIN, {"full": replace(FLOCK, latency_p99_ms=85)}, "latency p99"),
        (MAIN, {"full": replace(FLOCK, lag_p99_ms=23)}, "event-loop lag p99"),
        (MAIN, {"full": replace(FLOCK, wire_bytes=301)}, "wire bytes per token and viewer, `full`"),
        (MAIN, {"compact": replace(FLOCK, wire_bytes=61)}, "wire bytes per token and viewer, `compact`"),
        (CROWD, {"compact": replace(FLOCK, cpu_us=41)}, "product (`compact`) / limit relay"),
        (THOUSAND, {"full": replace(FLOCK, cpu_us=45)}, "product (`full`) / limit relay"),
    ],
)
def test_a_planted_figure_beyond_its_bound_is_told(cell: Cell, planted: dict[Contestant, Figures], what: str) -> None:
    findings = list(findings_of(row(cell, planted)))
    (passed,) = [finding for finding in findings if not finding.is_kept]
    assert what in passed.what
    assert passed.verdict == "beyond the bound"
    assert complaint(findings) == f"1 of {len(findings)} bounds are not kept."


def test_ratios_are_medians_of_the_pairs_that_stood_side_by_side() -> None:
    slow_machine, ratios = [10.0, 20.0, 40.0, 10.0, 10.0], [1.5, 9.0, 1.4, 1.6, 1.0]
    rounds: dict[Contestant, list[Figures]] = {
        "relay": [replace(RELAY, cpu_us=cost) for cost in slow_machine],
        "full": [replace(RELAY, cpu_us=cost * ratio) for cost, ratio in zip(slow_machine, ratios, strict=True)],
    }
    measured = Row(CROWD, rounds)
    assert measured.ratio("full") == 1.5
    assert measured.median("relay").cpu_us == 10
    assert measured.median("full").cpu_us == 16


def test_between_goal_and_bound_is_within_and_without_a_bound_is_only_told() -> None:
    assert Finding("it", 1.8, 1.6, 2.0).verdict == "within the bound"
    assert Finding("it", 2.0, 1.6, 2.0).is_kept
    assert not Finding("it", 2.01, 1.6, 2.0).is_kept
    told = Finding("it", 1e6)
    assert (told.is_kept, told.verdict, complaint([told])) == (True, "", None)
    assert Finding("it", 1.8, 1.6, 2.0, "s").line() == "it: 1.80 s (goal 1.6, never above 2: within the bound)"


@pytest.mark.parametrize(("share", "expected"), [(0, 1), (0.01, 1), (0.5, 50), (0.501, 51), (0.99, 99), (1, 100)])
def test_a_quantile_is_one_of_the_values(share: float, expected: float) -> None:
    assert quantile(range(1, 101), share) == expected
    assert quantile([7], share) == 7


def test_there_is_no_quantile_of_nothing() -> None:
    with pytest.raises(ValueError, match="no quantile"):
        quantile([], 0.5)


def test_rows_have_names_of_their_own_and_every_goal_has_its_row() -> None:
    names = [one.name for one in chosen("", only_bound=False)]
    assert len(set(names)) == len(names)
    assert set(GOALS) <= set(CELLS)
    assert {one.name for one in chosen("", only_bound=True)} < set(names)
    assert chosen("no such row", only_bound=False) == []


def test_figures_replace_what_stood_between_the_marks() -> None:
    page = f"# Title\n\n{BEGIN}\nold\n{END}\n\nMore.\n"
    written = between_marks(page, "new\n")
    assert written == f"# Title\n\n{BEGIN}\n\nnew\n\n{END}\n\nMore.\n"
    assert between_marks(written, "new") == written
    with pytest.raises(ValueError, match="has no"):
        between_marks("# Title", "new")


def test_every_contestant_has_its_line_in_the_table() -> None:
    measured = row(MAIN)
    lines = "\n".join(figures_page([measured], list(findings_of(measured)), [], rounds=5)).splitlines()
    assert f"| {MAIN.name} | limit relay | 20.0 |  | 5,000 | 17.0 / 34.0 | 160 | 0.0 / 2.0 |" in lines
    assert "|  | flock, `full` | 30.0 | 1.50 | 5,000 | 17.0 / 34.0 | 240 | 0.0 / 2.0 |" in lines
    assert len([line for line in lines if line.startswith("|  |")]) == len(MAIN.contestants) - 1


@pytest.mark.parametrize("text", ["0", "-1", "1.5", "many"])
def test_what_is_no_number_of_rounds_is_refused(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError, match="not a number of rounds"):
        positive(text)
    assert positive("5") == 5
