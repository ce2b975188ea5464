"""Event feeds: they end when they are closed, dropped or done, and always know a place one can come back to."""

import asyncio
import gc

import pytest

from flock.events import Event, Hello, Snapshot, StreamStarted
from flock.frames import FRAME_BYTES
from flock.orchestrator import Flock
from tests.backend import writing


async def test_a_feed_that_is_dropped_watches_no_more() -> None:
    flock = Flock(view=None)
    async for event in flock.events():
        assert isinstance(event, Hello)
        assert len(flock.audience) == 1
        break
    gc.collect()
    assert len(flock.audience) == 0


async def test_a_closed_feed_gives_nothing_more_not_even_what_it_had_read() -> None:
    flock = Flock(view=None)
    feed = flock.events()
    await anext(feed)
    with writing(flock) as work:
        work.write("a", "b")
    await anext(feed)
    await feed.aclose()
    assert len(flock.audience) == 0
    with pytest.raises(StopAsyncIteration):
        await anext(feed)
    never_used = flock.events()
    await never_used.aclose()
    with pytest.raises(StopAsyncIteration):
        await anext(never_used)


async def test_a_feed_that_has_ended_stays_ended() -> None:
    flock = Flock(view=None)
    feed = flock.events()
    await flock.shutdown()
    assert [type(event) for event in [event async for event in feed]] == [Hello]
    with pytest.raises(StopAsyncIteration):
        await anext(feed)


async def test_who_leaves_among_the_first_snapshots_begins_again() -> None:
    flock = Flock(view=None)
    for _ in range(3):
        with writing(flock) as work:
            work.write("x" * (FRAME_BYTES * 2 // 3))
    feed = flock.events()
    first = [await anext(feed), await anext(feed)]
    assert [type(event) for event in first] == [Hello, Snapshot]
    assert feed.cursor is None
    await feed.aclose()
    again: list[Event] = []
    feed = flock.events(feed.cursor)
    while feed.cursor is None:
        again.append(await anext(feed))
    assert [type(event) for event in again] == [Hello, *[Snapshot] * 3]


async def test_a_wait_that_takes_too_long_may_be_tried_again() -> None:
    flock = Flock(view=None)
    feed = flock.events()
    await anext(feed)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0):
            await anext(feed)
    with writing(flock) as work:
        work.write("a")
    started = await anext(feed)
    assert isinstance(started, StreamStarted)
    assert started.run_id == work.run_id
