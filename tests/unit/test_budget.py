"""Budgets end loops and bound costs, one correlation at a time, and are forgotten when nothing goes on."""

import asyncio
from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flock.errors import TimeBudgetError, TokenBudgetError
from flock.scheduling.budget import FORGET_AFTER_S, MAX_REMEMBERED, Budget, Refusal
from tests.unit.virtual_time import run_in_virtual_time

ONE, TWO = UUID(int=1), UUID(int=2)


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


def refused(budget: Budget, correlation_id: UUID, agent: str = "writer", depth: int = 0) -> Refusal:
    refusal = budget.refusal(correlation_id, agent, depth=depth)
    assert refusal is not None
    return refusal


def test_a_correlation_may_have_its_runs_and_no_more() -> None:
    budget = Budget(max_runs=3, max_depth=9)
    for agent in ("ping", "pong", "ping"):
        assert budget.refusal(ONE, agent, depth=0) is None
        budget.spend(ONE, agent)
    text = str(refused(budget, ONE, "pong").error)
    for word in ("'pong'", "3", str(ONE), "'ping' 2, 'pong' 1", "max_runs_per_correlation", "where="):
        assert word in text
    assert budget.refusal(TWO, "pong", depth=0) is None


def test_runs_that_have_ended_count_for_the_budget() -> None:
    budget = Budget(max_runs=1, max_depth=9)
    budget.spend(ONE, "writer")
    budget.settle(ONE)
    assert refused(budget, ONE).is_first


def test_a_chain_may_be_as_long_as_the_depth_says() -> None:
    budget = Budget(max_runs=9, max_depth=2)
    assert budget.refusal(ONE, "writer", depth=2) is None
    text = str(refused(budget, ONE, depth=3).error)
    for word in ("3 runs", "'writer'", "max_depth", "none"):
        assert word in text


def test_an_agent_is_told_once_per_correlation() -> None:
    budget = Budget(max_runs=0, max_depth=9)
    told = [refused(budget, ONE, agent).is_first for agent in ("ping", "pong", "ping", "pong")]
    assert told == [True, True, False, False]
    assert refused(budget, TWO, "ping").is_first


def test_a_correlation_without_runs_is_forgotten_after_a_while() -> None:
    clock = Clock()
    budget = Budget(max_runs=1, max_depth=9, clock=clock)
    for correlation_id in (ONE, TWO):
        budget.spend(correlation_id, "writer")
    budget.settle(ONE)
    clock.now_s += FORGET_AFTER_S - 1
    assert refused(budget, ONE).is_first
    clock.now_s += 1
    assert budget.refusal(ONE, "writer", depth=0) is None
    assert refused(budget, TWO).is_first
    assert len(budget) == 1


def test_a_correlation_that_works_again_is_remembered_anew() -> None:
    clock = Clock()
    budget = Budget(max_runs=9, max_depth=9, clock=clock)
    for correlation_id in (ONE, TWO, ONE):
        budget.spend(correlation_id, "writer")
        budget.settle(correlation_id)
        clock.now_s += FORGET_AFTER_S / 2
    assert budget.refusal(TWO, "writer", depth=0) is None
    assert len(budget) == 1


def test_only_so_many_correlations_without_runs_are_remembered() -> None:
    budget = Budget(max_runs=1, max_depth=9, clock=Clock())
    budget.spend(ONE, "writer")
    for number in range(MAX_REMEMBERED + 5):
        budget.spend(UUID(int=10 + number), "writer")
        budget.settle(UUID(int=10 + number))
    assert len(budget) == MAX_REMEMBERED + 1
    assert budget.refusal(UUID(int=14), "writer", depth=0) is None
    assert refused(budget, UUID(int=15)).is_first
    assert refused(budget, ONE).is_first


@given(st.lists(st.tuples(st.integers(0, 3), st.booleans())))
def test_never_more_runs_are_granted_than_the_budget_has(steps: list[tuple[int, bool]]) -> None:
    budget = Budget(max_runs=4, max_depth=9, clock=Clock())
    granted, open_runs = [0] * 4, [0] * 4
    for number, is_start in steps:
        correlation_id = UUID(int=number)
        if not is_start:
            if open_runs[number]:
                budget.settle(correlation_id)
                open_runs[number] -= 1
        elif budget.refusal(correlation_id, "writer", depth=0) is None:
            budget.spend(correlation_id, "writer")
            granted[number] += 1
            open_runs[number] += 1
        else:
            assert granted[number] == 4
    assert max(granted) <= 4


async def test_what_runs_wrote_counts_until_their_correlation_is_forgotten() -> None:
    clock = Clock()
    budget = Budget(max_runs=9, max_depth=9, max_tokens=5, clock=clock)
    for _ in range(2):
        budget.spend(ONE, "writer")
        async with budget.working(ONE) as allowance:
            allowance.tokens += 3
        budget.settle(ONE)
    assert isinstance(refused(budget, ONE).error, TokenBudgetError)
    assert budget.refusal(TWO, "writer", depth=0) is None
    clock.now_s += FORGET_AFTER_S
    assert budget.refusal(ONE, "writer", depth=0) is None


async def test_a_run_that_waited_until_the_budget_was_passed_does_not_begin() -> None:
    budget = Budget(max_runs=9, max_depth=9, max_tokens=5)
    budget.spend(ONE, "writer")
    budget.spend(ONE, "writer")
    with pytest.raises(TokenBudgetError):
        async with budget.working(ONE) as allowance:
            allowance.spend(6)
    with pytest.raises(TokenBudgetError):
        async with budget.working(ONE):
            pytest.fail("it began")


async def test_a_run_that_goes_on_though_its_time_is_over_holds_no_door_open() -> None:
    budget = Budget(max_runs=9, max_depth=9, max_seconds=0.01)
    is_over = asyncio.Event()

    async def work(*, is_stubborn: bool) -> None:
        budget.spend(ONE, "writer")
        async with budget.working(ONE):
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                if not is_stubborn:
                    raise
                await is_over.wait()

    stubborn = asyncio.ensure_future(work(is_stubborn=True))
    with pytest.raises(TimeBudgetError):
        await work(is_stubborn=False)
    assert isinstance(refused(budget, ONE).error, TimeBudgetError)
    is_over.set()
    await stubborn


class Planned(NamedTuple):
    """A run of a plan, in seconds: when it is made, how long it waits for its turn, how long it works then."""

    correlation: int
    made_at: int
    waiting: int
    working: int
    is_cancelled_waiting: bool
    is_cancelled_working: bool

    @property
    def begins_at(self) -> int:
        return self.made_at + self.waiting

    @property
    def ends_at(self) -> int:
        return self.begins_at + self.working


plans = st.lists(
    st.builds(
        Planned,
        correlation=st.integers(0, 1),
        made_at=st.integers(0, 40),
        waiting=st.integers(0, 3),
        working=st.integers(1, 4),
        is_cancelled_waiting=st.sampled_from([False, False, False, True]),
        is_cancelled_working=st.booleans(),
    ),
    min_size=2,
    max_size=12,
)


@given(plans, st.integers(0, 12))
def test_time_counts_while_any_run_works_whatever_the_order_of_beginnings_and_ends(
    plan: list[Planned], seconds: int
) -> None:
    """Everything happens at whole seconds and time is up at half ones, so that nothing happens at once with it."""
    budget = Budget(max_runs=99, max_depth=9, max_seconds=seconds + 0.5, clock=Clock())
    assert run_in_virtual_time(follow(budget, plan)) == [expected(plan, run, seconds) for run in plan]
    for number in {run.correlation for run in plan}:
        is_over = over_at(plan, number, seconds) is not None
        refusal = budget.refusal(UUID(int=number), "writer", depth=0)
        assert (refusal is not None and isinstance(refusal.error, TimeBudgetError)) == is_over


async def follow(budget: Budget, plan: Sequence[Planned]) -> list[str]:
    """Let runs do as planned; gives how each ended."""

    async def work(run: Planned) -> str:
        correlation_id = UUID(int=run.correlation)
        await asyncio.sleep(run.made_at)
        if budget.refusal(correlation_id, "writer", depth=0) is not None:
            return "refused"
        budget.spend(correlation_id, "writer")
        try:
            await asyncio.sleep(run.waiting)
            if run.is_cancelled_waiting:
                return "cancelled"
            async with budget.working(correlation_id):
                await asyncio.sleep(run.working)
                if run.is_cancelled_working:
                    raise asyncio.CancelledError
        except TimeBudgetError:
            return "out of time"
        except asyncio.CancelledError:
            return "cancelled"
        finally:
            budget.settle(correlation_id)
        return "completed"

    return list(await asyncio.gather(*(work(run) for run in plan)))


def over_at(plan: Sequence[Planned], correlation: int, seconds: int) -> float | None:
    """Give when a correlation has used up so many seconds and a half, None if it never has."""
    runs = [run for run in plan if run.correlation == correlation and not run.is_cancelled_waiting]
    worked = 0
    for now in range(max((run.ends_at for run in runs), default=0)):
        if any(run.begins_at <= now < run.ends_at for run in runs):
            if worked == seconds:
                return now + 0.5
            worked += 1
    return None


def expected(plan: Sequence[Planned], run: Planned, seconds: int) -> str:
    over = over_at(plan, run.correlation, seconds)
    if over is not None and run.made_at > over:
        return "refused"
    if run.is_cancelled_waiting:
        return "cancelled"
    if over is not None and run.ends_at > over:
        return "out of time"
    return "cancelled" if run.is_cancelled_working else "completed"
