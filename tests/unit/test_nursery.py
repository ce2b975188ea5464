"""A nursery owns its tasks, has none without work, and tells the end of each."""

import asyncio
from contextvars import ContextVar

import pytest

from flock.scheduling.nursery import Nursery, Work


class Log:
    """Work that waits for its gate, and notes what becomes of it."""

    def __init__(self, nursery: Nursery) -> None:
        self.nursery = nursery
        self.gate = asyncio.Event()
        self.begun: list[str] = []
        self.ended: list[str] = []

    def start(self, name: str) -> Work:
        return self.nursery.start(name, lambda: self.work(name), lambda: self.ended.append(name))

    async def work(self, name: str) -> None:
        self.begun.append(name)
        await self.gate.wait()


@pytest.fixture
def log() -> Log:
    return Log(Nursery())


async def test_work_runs_side_by_side_and_leaves_no_task(log: Log) -> None:
    before = asyncio.all_tasks()
    await log.nursery.empty()
    for name in "abc":
        log.start(name)
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert log.begun == ["a", "b", "c"]
    log.start("d")
    log.gate.set()
    await log.nursery.empty()
    assert sorted(log.ended) == ["a", "b", "c", "d"]
    assert asyncio.all_tasks() == before


async def test_work_may_be_started_at_any_step_of_the_end_of_the_last_one(log: Log) -> None:
    log.gate.set()
    for steps in range(8):
        log.start("first")
        for _ in range(steps):
            await asyncio.sleep(0)
        log.start("second")
        await log.nursery.empty()
        assert log.begun == log.ended == ["first", "second"]
        log.begun.clear()
        log.ended.clear()


async def test_work_can_be_started_when_other_work_ends(log: Log) -> None:
    log.gate.set()
    log.nursery.start("first", lambda: log.work("first"), lambda: void(log.start("second")))
    await log.nursery.empty()
    assert log.ended == ["second"]


def void(value: object) -> None:
    """Take anything, give nothing."""


async def test_cancelled_work_ends_without_touching_the_rest(log: Log) -> None:
    work = [log.start(name) for name in "abc"]
    work[0].cancel()
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert log.begun == ["b", "c"]
    work[1].cancel()
    await asyncio.sleep(0)
    log.start("d").cancel()
    log.gate.set()
    await log.nursery.empty()
    assert sorted(log.ended) == ["a", "b", "c", "d"]


async def test_work_has_the_context_it_was_started_in(log: Log) -> None:
    variable: ContextVar[str] = ContextVar("variable")
    seen: list[str] = []

    async def look() -> None:
        seen.append(variable.get())

    for value in ("one", "two"):
        variable.set(value)
        log.nursery.start("look", look, lambda: None)
    await asyncio.sleep(0)
    variable.set("three")
    log.nursery.start("look", look, lambda: None)
    await log.nursery.empty()
    assert seen == ["one", "two", "three"]


async def test_work_ends_where_its_supervisor_was_cancelled_before_it_began(log: Log) -> None:
    before = asyncio.all_tasks()
    log.start("a")
    for task in asyncio.all_tasks() - before:
        task.cancel()
    assert log.nursery.is_ending
    await log.nursery.empty()
    assert (log.begun, log.ended) == ([], ["a"])
    assert not log.nursery.is_ending


@pytest.mark.parametrize("steps", range(4))
def test_all_work_ends_with_its_loop_and_the_next_loop_is_served(steps: int) -> None:
    nursery = Nursery()
    logs: list[Log] = []

    async def leave() -> None:
        logs.append(Log(nursery))
        for name in "ab":
            logs[-1].start(name)
        for _ in range(steps):
            await asyncio.sleep(0)

    for _ in range(2):
        asyncio.run(leave())
        assert sorted(logs[-1].ended) == ["a", "b"]
        assert not nursery.is_ending
