"""The pulse, in virtual time."""

import asyncio

import pytest

from flock.pulse import Pulse
from tests.unit.virtual_time import in_virtual_time, now_s, timers, turns


class Log:
    """A log that only counts, and viewers that note when they were woken and what was published."""

    def __init__(self, *, interval_s: float) -> None:
        self.pulse = Pulse(interval_s=interval_s)
        self.head = 0

    def grow(self, count: int = 1) -> None:
        self.head += count
        self.pulse.advance(self.head)

    async def watch(self, wakes: int, *, start: int = 0) -> list[tuple[float, int]]:
        seen: list[tuple[float, int]] = []
        offset = start
        for _ in range(wakes):
            await self.pulse.wait(offset)
            offset = self.pulse.published
            seen.append((now_s(), offset))
        return seen


@in_virtual_time
async def test_the_first_event_after_a_quiet_moment_is_published_at_once() -> None:
    log = Log(interval_s=0.032)
    viewer = asyncio.create_task(log.watch(2))
    await asyncio.sleep(10)
    log.grow()
    await asyncio.sleep(5)
    log.grow()
    assert await viewer == [(10.0, 1), (15.0, 2)]


@in_virtual_time
async def test_after_a_quiet_moment_the_gaps_grow_until_wakes_follow_each_other_at_the_interval() -> None:
    log = Log(interval_s=0.032)
    viewer = asyncio.create_task(log.watch(6))
    await turns()
    for _ in range(100):
        log.grow()
        await asyncio.sleep(0.001)
    assert await viewer == [(0.0, 1), (0.004, 4), (0.012, 12), (0.028, 28), (0.06, 60), (0.092, 92)]


@in_virtual_time
async def test_only_an_interval_without_news_is_a_quiet_moment() -> None:
    log = Log(interval_s=0.032)
    viewer = asyncio.create_task(log.watch(8))
    await turns()
    for pause_s in (0.031, 0.031, 0.031, 0.031, 0.033, 0.001, 1):
        log.grow()
        await asyncio.sleep(pause_s)
    log.grow()
    times = [time_s for time_s, _ in await viewer]
    assert times == [0.0, 0.031, 0.062, 0.093, 0.125, 0.157, 0.161, 1.158]


@in_virtual_time
async def test_the_last_event_of_a_burst_does_not_wait_for_another_one() -> None:
    log = Log(interval_s=0.032)
    viewer = asyncio.create_task(log.watch(2))
    await turns()
    log.grow()
    await turns()
    log.grow()
    assert await viewer == [(0.0, 1), (0.004, 2)]


@in_virtual_time
async def test_without_an_interval_every_turn_of_the_loop_publishes() -> None:
    log = Log(interval_s=0)
    viewer = asyncio.create_task(log.watch(3))
    for _ in range(3):
        await turns()
        log.grow()
    assert await viewer == [(0.0, 1), (0.0, 2), (0.0, 3)]


@in_virtual_time
async def test_all_who_wait_are_woken_together_for_the_same_place() -> None:
    log = Log(interval_s=0.032)
    viewers = [asyncio.create_task(log.watch(2)) for _ in range(10)]
    await turns()
    log.grow(3)
    await asyncio.sleep(0.002)
    log.grow(4)
    assert await asyncio.gather(*viewers) == [[(0.0, 3), (0.004, 7)]] * 10


@in_virtual_time
async def test_who_comes_late_to_something_published_does_not_wait() -> None:
    log = Log(interval_s=10)
    first = asyncio.create_task(log.watch(1))
    await turns()
    log.grow(2)
    await first
    assert await log.watch(1) == [(0.0, 2)]


@in_virtual_time
async def test_who_finds_unpublished_events_when_nobody_waited_gets_them_at_once() -> None:
    log = Log(interval_s=0.032)
    log.grow(5)
    assert await log.watch(1) == [(0.0, 5)]


@in_virtual_time
async def test_a_viewer_ahead_of_what_is_published_waits_for_what_is_behind_its_place() -> None:
    log = Log(interval_s=0.032)
    log.grow(5)
    resumed = asyncio.create_task(log.watch(1, start=5))
    await turns()
    assert log.pulse.published == 0
    behind = asyncio.create_task(log.watch(1, start=3))
    assert await behind == [(0.0, 5)]
    assert not resumed.done()
    await asyncio.sleep(1)
    log.grow()
    assert await resumed == [(1.0, 6)]


@in_virtual_time
async def test_a_log_nobody_watches_sets_no_timer() -> None:
    log = Log(interval_s=0.032)
    log.grow()
    await turns()
    assert timers() == 0
    assert log.pulse.published == 0


@in_virtual_time
async def test_the_last_viewer_to_leave_takes_the_timer_along() -> None:
    log = Log(interval_s=10)
    leaving, staying = asyncio.create_task(log.watch(2)), asyncio.create_task(log.watch(2))
    await turns()
    log.grow()
    await turns()
    log.grow()
    await turns()
    assert timers() == 1
    leaving.cancel()
    await turns()
    assert timers() == 1
    staying.cancel()
    await turns()
    assert timers() == 0


@in_virtual_time
async def test_who_comes_after_the_last_viewer_took_the_timer_along_is_woken_all_the_same() -> None:
    log = Log(interval_s=10)
    leaving = asyncio.create_task(log.watch(2))
    await turns()
    log.grow()
    await turns()
    log.grow()
    leaving.cancel()
    await asyncio.wait([leaving])
    assert await log.watch(1, start=1) == [(1.25, 2)]


@in_virtual_time
async def test_the_end_publishes_the_rest_at_once_and_leaves_no_timer() -> None:
    log = Log(interval_s=10)
    viewer = asyncio.create_task(log.watch(2))
    await turns()
    log.grow()
    await turns()
    log.grow(2)
    assert timers() == 1
    log.pulse.end()
    assert timers() == 0
    assert await viewer == [(0.0, 1), (0.0, 3)]


@in_virtual_time
async def test_only_who_asked_is_told_that_nothing_more_will_come() -> None:
    log = Log(interval_s=10)
    asking = asyncio.create_task(log.pulse.wait(0, or_end=True))
    waiting = asyncio.create_task(log.pulse.wait(0))
    await turns()
    assert not asking.done()
    log.pulse.end()
    await asking
    await log.pulse.wait(0, or_end=True)
    await turns()
    assert log.pulse.has_ended is True
    assert not waiting.done()
    waiting.cancel()


@in_virtual_time
async def test_who_asks_for_the_end_gets_what_comes_before_it() -> None:
    log = Log(interval_s=0)
    asking = asyncio.create_task(log.pulse.wait(0, or_end=True))
    await turns()
    log.grow()
    await asking
    assert (log.pulse.published, log.pulse.has_ended) == (1, False)


@in_virtual_time
async def test_who_listens_is_called_in_every_beat_before_anybody_wakes() -> None:
    log = Log(interval_s=0.032)
    seen: list[tuple[str, float, int]] = []

    async def wait() -> None:
        await log.pulse.wait(0)
        seen.append(("woken", now_s(), log.pulse.published))

    waiting = asyncio.create_task(wait())
    await turns()
    with log.pulse.listening(lambda: seen.append(("called", now_s(), log.pulse.published)), 0):
        for _ in range(40):
            log.grow()
            await asyncio.sleep(0.001)
    await waiting
    assert seen[:2] == [("called", 0.0, 1), ("woken", 0.0, 1)]
    assert seen[2:] == [("called", 0.004, 4), ("called", 0.012, 12), ("called", 0.028, 28)]


@in_virtual_time
async def test_who_begins_to_listen_where_there_is_more_is_called_soon() -> None:
    log = Log(interval_s=0.032)
    log.grow(5)
    called = asyncio.Event()
    with log.pulse.listening(called.set, 5):
        await turns()
        assert not called.is_set()
        with log.pulse.listening(called.set, 4):
            await called.wait()
    assert (now_s(), log.pulse.published) == (0.0, 5)


@in_virtual_time
async def test_who_listens_several_times_is_called_once_per_beat_until_the_last_time_ends() -> None:
    log = Log(interval_s=0.032)
    seen: list[int] = []

    def note() -> None:
        seen.append(log.pulse.published)

    with log.pulse.listening(note, 0):
        with log.pulse.listening(note, 0):
            log.grow()
            await asyncio.sleep(1)
        log.grow()
        await asyncio.sleep(1)
    log.grow()
    await asyncio.sleep(1)
    assert seen == [1, 2]


@in_virtual_time
async def test_the_last_listener_to_leave_takes_the_timer_along() -> None:
    log = Log(interval_s=10)
    first, last = asyncio.Event(), asyncio.Event()
    with log.pulse.listening(first.set, 0):
        log.grow()
        await first.wait()
        with log.pulse.listening(last.set, 1):
            log.grow()
            assert timers() == 1
        assert timers() == 1
    assert timers() == 0
    assert not last.is_set()


@in_virtual_time
async def test_a_viewer_that_leaves_cancels_nobody_else() -> None:
    log = Log(interval_s=0.032)
    leaving, staying = asyncio.create_task(log.watch(1)), asyncio.create_task(log.watch(1))
    await turns()
    log.grow()
    leaving.cancel()
    assert await staying == [(0.0, 1)]
    with pytest.raises(asyncio.CancelledError):
        await leaving


@in_virtual_time
async def test_a_viewer_cancelled_in_the_turn_it_is_woken_leaves_the_others_their_beat() -> None:
    log = Log(interval_s=0.032)
    viewers = [asyncio.create_task(log.watch(2)) for _ in range(3)]
    await turns()
    log.grow()
    await asyncio.sleep(0)
    viewers[0].cancel()
    log.grow()
    assert await asyncio.gather(*viewers[1:]) == [[(0.0, 1), (0.004, 2)]] * 2


@in_virtual_time
async def test_growth_between_the_beat_and_the_viewers_turn_is_not_forgotten() -> None:
    log = Log(interval_s=0.032)
    loop = asyncio.get_running_loop()
    viewer = asyncio.create_task(log.watch(2))
    await turns()
    log.grow()
    loop.call_soon(log.grow)
    assert await viewer == [(0.0, 1), (0.004, 2)]
