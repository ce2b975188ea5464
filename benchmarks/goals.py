"""What is aimed at, and what must never be passed. Bounds are ratios and differences, for machines differ."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from benchmarks.cells import CROWD, JSON, MAIN, ONE_VIEWER, THOUSAND, THREE_FIELDS, Cell, Contestant
from benchmarks.contest import Figures, Row
from benchmarks.findings import Finding


@dataclass(frozen=True, slots=True)
class Goal:
    """What is asked of a figure of a row."""

    what: str
    figure: Callable[[Row], float]
    goal: float
    bound: float
    unit: str = ""


def _cpu(contestant: Contestant, goal: float, bound: float) -> Goal:
    what = f"CPU per token, product (`{contestant}`) / limit relay"
    return Goal(what, lambda row: row.ratio(contestant), goal, bound)


def _above_relay(what: str, measure: Callable[[Figures], float | None], goal: float, bound: float) -> Goal:
    def figure(row: Row) -> float:
        product, relay = measure(row.median("full")), measure(row.median("relay"))
        assert product is not None
        assert relay is not None
        return product - relay

    return Goal(f"{what}, product (`full`) beyond limit relay", figure, goal, bound, "ms")


def _wire_bytes(contestant: Contestant, goal: float, bound: float) -> Goal:
    def figure(row: Row) -> float:
        wire_bytes = row.median(contestant).wire_bytes
        assert wire_bytes is not None
        return wire_bytes

    return Goal(f"wire bytes per token and viewer, `{contestant}`", figure, goal, bound, "B")


GOALS: dict[Cell, tuple[Goal, ...]] = {
    MAIN: (
        _cpu("full", 1.6, 2.0),
        Goal(
            "CPU per token, product (`full`) / LiteLLM consuming alone",
            lambda row: row.ratio("full", "litellm"),
            0.06,
            0.1,
        ),
        _above_relay("latency p99", lambda figures: figures.latency_p99_ms, 5, 50),
        _above_relay("event-loop lag p99", lambda figures: figures.lag_p99_ms, 5, 20),
        _wire_bytes("compact", 40, 60),
        _wire_bytes("full", 250, 300),
    ),
    THREE_FIELDS: (_cpu("full", 1.7, 2.2),),
    JSON: (_cpu("full", 1.7, 2.2),),
    CROWD: (_cpu("compact", 1.7, 2.0),),
    ONE_VIEWER: (_cpu("full", 1.6, 2.0),),
    THOUSAND: (_cpu("full", 1.8, 2.2),),
}


def findings_of(row: Row) -> Iterator[Finding]:
    """Hold a row to what is asked of it."""
    for goal in GOALS.get(row.cell, ()):
        yield Finding(f"{row.cell.name}: {goal.what}", goal.figure(row), goal.goal, goal.bound, goal.unit)
