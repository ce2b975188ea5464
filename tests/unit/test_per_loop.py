"""Each event loop has a thing of its own, which is closed when the loop ends."""

import asyncio

from flock.engines.per_loop import PerLoop


class Thing:
    def __init__(self) -> None:
        self.is_closed = False

    async def close(self) -> None:
        self.is_closed = True


def test_a_thing_is_closed_when_its_loop_ends() -> None:
    things = PerLoop(Thing)

    async def get() -> Thing:
        assert await things.get() is await things.get()
        return await things.get()

    first, second = asyncio.run(get()), asyncio.run(get())

    assert first is not second
    assert first.is_closed
    assert second.is_closed


async def test_two_loops_have_one_each_at_the_same_time() -> None:
    things = PerLoop(Thing)

    async def get() -> Thing:
        return await things.get()

    mine = await get()
    theirs = await asyncio.to_thread(asyncio.run, get())

    assert mine is not theirs
    assert theirs.is_closed
    assert not mine.is_closed
    assert await get() is mine
    await things.aclose()


async def test_after_closing_there_is_a_new_thing() -> None:
    things = PerLoop(Thing)
    first = await things.get()
    await things.aclose()
    await things.aclose()
    second = await things.get()

    assert first.is_closed
    assert not second.is_closed
    await things.aclose()
