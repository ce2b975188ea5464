"""The harness that cancels everywhere finds planted bugs, and strikes where it says."""

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any

import pytest

from tests.kth_await import MOMENTS, Cut, Moment, cuts
from tests.leaks import Held

both_moments = pytest.mark.parametrize("moment", MOMENTS)


async def complaints(moment: Moment, work: Callable[[], Coroutine[Any, Any, object]]) -> list[int]:
    """Cut some work everywhere, and give the awaits at which something was found."""
    found: list[int] = []
    for cut in cuts(moment):
        before = Held.now()
        try:
            await cut.run(work())
            await asyncio.sleep(0)
            assert not Held.now().beyond(before)
        except AssertionError:
            found.append(cut.k)
    return found


def given_soon(value: int) -> asyncio.Future[int]:
    loop = asyncio.get_running_loop()
    future: asyncio.Future[int] = loop.create_future()
    loop.call_soon(lambda: None if future.done() else future.set_result(value))
    return future


async def answer() -> int:
    await asyncio.sleep(0)
    return await inner(given_soon(3))


async def inner(future: asyncio.Future[int]) -> int:
    async with asyncio.timeout(30):
        got = await future
    await asyncio.sleep(0)
    return got


@both_moments
async def test_every_await_is_cut_once_and_the_last_life_is_whole(moment: Moment) -> None:
    ends = [(await cut.run(answer()), cut.k, cut.awaits) for cut in cuts(moment)]
    assert ends == [(None, 1, 1), (None, 2, 2), (None, 3, 3), (3, 4, 3)]


@both_moments
async def test_a_clean_coroutine_gives_no_complaint(moment: Moment) -> None:
    assert await complaints(moment, answer) == []


@both_moments
async def test_a_task_that_leaks_at_one_await_is_found_there(moment: Moment) -> None:
    released = asyncio.Event()
    helpers: list[asyncio.Task[object]] = []

    async def leaking() -> None:
        await asyncio.sleep(0)
        helper = asyncio.create_task(released.wait())
        helpers.append(helper)
        await asyncio.sleep(0)
        helper.cancel()
        await asyncio.wait([helper])

    assert await complaints(moment, leaking) == [2]
    for helper in helpers:
        helper.cancel()
    await asyncio.wait(helpers)


@both_moments
async def test_a_swallowed_cancellation_is_found(moment: Moment) -> None:
    async def swallowing() -> None:
        await asyncio.sleep(0)
        with suppress(asyncio.CancelledError):
            await asyncio.sleep(0)

    assert await complaints(moment, swallowing) == [2]


@both_moments
async def test_another_error_in_the_place_of_the_cancellation_is_found(moment: Moment) -> None:
    async def failing() -> None:
        try:
            await asyncio.sleep(0)
        except asyncio.CancelledError:
            raise ValueError("lost") from None

    with pytest.raises(ValueError, match="lost"):
        await complaints(moment, failing)


@both_moments
async def test_a_count_that_stays_up_shows_at_its_await(moment: Moment) -> None:
    inside = 0

    async def counting() -> None:
        nonlocal inside
        inside += 1
        await asyncio.sleep(0)
        inside -= 1
        await asyncio.sleep(0)

    after: list[int] = []
    for cut in cuts(moment):
        inside = 0
        await cut.run(counting())
        after.append(inside)
    assert after == [1, 0, 0]


@both_moments
async def test_the_woken_are_struck_when_what_they_waited_for_has_come(moment: Moment) -> None:
    """What a coroutine is given in the moment it is cancelled is where locks and turns get lost."""
    futures: list[asyncio.Future[int]] = []

    async def waiting() -> int:
        futures.append(given_soon(1))
        return await futures[0]

    assert await Cut(1, moment).run(waiting()) is None
    assert futures[0].cancelled() == (moment == "asleep")


@both_moments
async def test_a_task_made_by_others_is_cut_by_its_coroutines_name(moment: Moment) -> None:
    async def spawning() -> str:
        async with asyncio.TaskGroup() as group:
            group.create_task(asyncio.sleep(0))
            group.create_task(answer(), name="an answer")
        return "done"

    for cut in cuts(moment):
        with cut.tasks_of("answer"):
            assert await spawning() == "done"
        assert cut.task is not None
        assert cut.task.cancelled() == cut.is_reached
        assert cut.task.get_name() == "an answer"


async def test_what_strikes_may_be_something_else() -> None:
    struck: list[int] = []
    for cut in cuts():
        assert await cut.run(answer(), lambda: struck.append(1)) == 3
    assert struck == [1, 1, 1]
