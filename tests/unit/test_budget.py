"""Budgets end loops, one correlation at a time, and are forgotten when nothing goes on."""

from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from flock.scheduling.budget import FORGET_AFTER_S, MAX_REMEMBERED, Budget, Refusal

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
