"""Turns keep to their limits, go by rank, and never get lost."""

import asyncio
import random
from collections import Counter
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager

import pytest

from flock.scheduling.turns import Claim, Turns


class Crowd:
    """Runs that want a turn, and what came of it."""

    def __init__(self, turns: Turns) -> None:
        self.turns = turns
        self.started: list[str] = []
        self.reasons: list[str] = []
        self.at_work: Counter[str] = Counter()
        self.waiting = 0
        self._gates: dict[str, asyncio.Event] = {}

    async def run(self, name: str, claim: Claim) -> None:
        self._gates[name] = asyncio.Event()
        async with self.turns.turn(claim, self.wait):
            self.started.append(name)
            self.at_work[claim.agent_name] += 1
            try:
                await self._gates[name].wait()
            finally:
                self.at_work[claim.agent_name] -= 1

    def release(self, name: str) -> None:
        self._gates[name].set()

    @contextmanager
    def wait(self, reason: str) -> Iterator[None]:
        self.reasons.append(reason)
        self.waiting += 1
        try:
            yield
        finally:
            self.waiting -= 1


def claim(agent: str = "writer", limit: int = 9, rank: tuple[int, int] = (1, 0)) -> Claim:
    return Claim(agent, limit, rank)


async def settle() -> None:
    """Let everything that can go on go on."""
    for _ in range(5):
        await asyncio.sleep(0)


async def test_who_comes_later_waits_and_is_told_why() -> None:
    crowd = Crowd(Turns(2))
    async with asyncio.TaskGroup() as group:
        for name, wanted in (
            ("a", claim(limit=1)),
            ("b", claim(limit=1)),
            ("c", claim("other")),
            ("d", claim("third")),
        ):
            group.create_task(crowd.run(name, wanted))
        await settle()
        assert crowd.started == ["a", "c"]
        assert crowd.reasons[0] == "agent 'writer' does 1 run at a time (max_concurrency)"
        assert crowd.reasons[1] == "the flock does 2 runs at a time (max_parallel_runs)"
        for name in "abcd":
            if name not in crowd.started:
                await settle()
            crowd.release(name)
            await settle()
    assert crowd.started == ["a", "c", "b", "d"]


async def test_who_waits_goes_by_rank_and_then_in_the_order_of_arrival() -> None:
    crowd = Crowd(Turns(1))
    ranks = [(1, 0), (2, -5), (1, 0), (1, -1), (0, 3), (1, 0)]
    async with asyncio.TaskGroup() as group:
        for number, rank in enumerate(ranks):
            group.create_task(crowd.run(str(number), claim(f"agent {number}", rank=rank)))
        for _ in ranks:
            await settle()
            crowd.release(crowd.started[-1])
    assert crowd.started == ["0", "4", "3", "2", "5", "1"]


async def test_a_full_agent_holds_up_no_other() -> None:
    crowd = Crowd(Turns(9))
    async with asyncio.TaskGroup() as group:
        for name in "ab":
            group.create_task(crowd.run(name, claim(limit=1, rank=(0, 0))))
        group.create_task(crowd.run("c", claim("other", rank=(2, 0))))
        await settle()
        assert crowd.started == ["a", "c"]
        for name in "acb":
            crowd.release(name)
            await settle()


@pytest.mark.parametrize("is_granted_first", [True, False])
async def test_who_is_cancelled_in_the_moment_of_its_turn_passes_it_on(*, is_granted_first: bool) -> None:
    crowd = Crowd(Turns(1))
    async with crowd.turns.turn(claim(), crowd.wait):
        leaving, staying = (asyncio.ensure_future(crowd.run(name, claim())) for name in ("leaving", "staying"))
        await settle()
        if not is_granted_first:
            leaving.cancel()
    if is_granted_first:
        leaving.cancel()
    await settle()
    assert leaving.cancelled()
    assert crowd.started == ["staying"]
    crowd.release("staying")
    await staying


async def test_a_lent_turn_can_be_had_by_another_one() -> None:
    turns = Turns(1)
    crowd = Crowd(turns)
    async with turns.turn(claim(), crowd.wait) as turn:
        with turn.lent(), turn.lent():
            task = asyncio.ensure_future(crowd.run("a", claim("other")))
            await settle()
            assert crowd.started == ["a"]
            waiting = asyncio.ensure_future(crowd.run("b", claim("other")))
            await settle()
        crowd.release("a")
        await task
        assert crowd.started == ["a"]
    await settle()
    crowd.release("b")
    await waiting
    assert crowd.started == ["a", "b"]


@pytest.mark.parametrize("is_left_first", [True, False])
async def test_a_turn_that_ends_while_it_is_lent_is_given_back_once(*, is_left_first: bool) -> None:
    turns = Turns(1)
    crowd = Crowd(turns)
    async with AsyncExitStack() as block:
        turn = await block.enter_async_context(turns.turn(claim(), crowd.wait))
        with turn.lent():
            if not is_left_first:
                await block.aclose()
    with turn.lent():
        pass
    tasks = [asyncio.ensure_future(crowd.run(name, claim())) for name in "ab"]
    await settle()
    assert crowd.started == ["a"]
    for name, task in zip("ab", tasks, strict=True):
        crowd.release(name)
        await task
    assert crowd.started == ["a", "b"]


@pytest.mark.parametrize("seed", range(40))
async def test_whatever_happens_limits_hold_and_no_turn_is_lost(seed: int) -> None:
    dice = random.Random(seed)
    limits = {"a": 1, "b": 2, "c": 5}
    crowd = Crowd(Turns(3))
    tasks: dict[str, asyncio.Task[None]] = {}
    for number in range(60):
        agent = dice.choice("abc")
        match dice.randrange(5):
            case 0 | 1 | 2:
                work = crowd.run(str(number), claim(agent, limits[agent], (dice.randrange(3), 0)))
                tasks[str(number)] = asyncio.ensure_future(work)
            case 3 if crowd.started:
                crowd.release(dice.choice(crowd.started))
            case 4 if tasks:
                dice.choice(list(tasks.values())).cancel()
        if dice.random() < 0.7:
            await settle()
            assert_full(crowd, limits)
    while not all(task.done() for task in tasks.values()):
        await settle()
        for name in crowd.started:
            crowd.release(name)
    assert crowd.at_work.total() == crowd.waiting == 0
    async with asyncio.timeout(1), crowd.turns.turn(claim("a", 1), crowd.wait):
        pass


def assert_full(crowd: Crowd, limits: dict[str, int]) -> None:
    """No limit is passed, and nobody waits while there is a turn for them."""
    assert crowd.at_work.total() <= 3
    assert all(crowd.at_work[agent] <= limit for agent, limit in limits.items())
    is_blocked = crowd.at_work.total() == 3 or any(crowd.at_work[agent] == limits[agent] for agent in limits)
    assert not crowd.waiting or is_blocked
