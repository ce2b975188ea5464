"""What has begun goes to its end; who is cancelled meanwhile is so afterwards."""

import asyncio

import pytest

from flock.unbroken import unbroken


async def test_it_gives_what_the_work_gives_and_raises_what_it_raises() -> None:
    async def failing() -> None:
        raise ValueError("no")

    assert await unbroken(asyncio.sleep(0, "done")) == "done"
    with pytest.raises(ValueError, match="no"):
        await unbroken(failing())


async def test_what_has_begun_ends_though_its_caller_is_cancelled_again_and_again() -> None:
    steps: list[int] = []

    async def working() -> None:
        for step in range(3):
            steps.append(step)
            task.cancel()
            await asyncio.sleep(0)

    task = asyncio.create_task(unbroken(working()))
    await asyncio.wait([task])
    assert task.cancelled()
    assert steps == [0, 1, 2]


async def test_what_fails_meanwhile_is_told_as_the_cause() -> None:
    async def failing() -> None:
        task.cancel()
        await asyncio.sleep(0)
        raise ValueError("no")

    task = asyncio.create_task(unbroken(failing()))
    with pytest.raises(asyncio.CancelledError) as caught:
        await task
    assert caught.value.__context__ is not None or caught.value.__cause__ is not None


async def test_what_has_not_begun_is_never_begun() -> None:
    begun: list[str] = []

    async def working() -> None:
        begun.append("work")

    task = asyncio.create_task(unbroken(working()))
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait([task])
    assert task.cancelled()
    assert begun == []


async def test_what_must_begin_does() -> None:
    begun: list[str] = []

    async def working() -> None:
        begun.append("work")

    task = asyncio.create_task(unbroken(working(), must_begin=True))
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait([task])
    assert task.cancelled()
    assert begun == ["work"]


async def test_an_earlier_cancellation_does_not_keep_it_from_beginning() -> None:
    async def cleaning_up() -> str:
        try:
            await asyncio.Event().wait()
        finally:
            found.append(await unbroken(asyncio.sleep(0, "clean")))
        raise AssertionError("not cancelled")

    found: list[str] = []
    task = asyncio.create_task(cleaning_up())
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait([task])
    assert task.cancelled()
    assert found == ["clean"]


def test_the_end_of_the_event_loop_ends_the_work() -> None:
    async def leaving() -> None:
        tasks.append(asyncio.create_task(unbroken(asyncio.Event().wait())))
        await asyncio.sleep(0)

    tasks: list[asyncio.Task[bool]] = []
    asyncio.run(leaving())
    assert tasks[0].cancelled()
