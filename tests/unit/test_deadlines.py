"""Deadlines pass when they should, name themselves, and leave other cancellations alone."""

import asyncio
import socket
import time
from collections.abc import Awaitable, Callable

import pytest

from flock.engines.deadlines import Watchdog
from flock.errors import DeadlineError

FOREVER_S = 30.0


async def wait_for_ever() -> None:
    await asyncio.get_running_loop().create_future()


async def watch(dog: Watchdog, body: Callable[[], Awaitable[None]] = wait_for_ever) -> None:
    async with dog:
        await body()


@pytest.mark.parametrize(
    ("dog", "error"),
    [
        (
            Watchdog(first_token_s=0.02, progress_s=9, total_s=9),
            DeadlineError("The model sent no token within 0.02 s.", retryable=True),
        ),
        (
            Watchdog(first_token_s=9, progress_s=0.01, total_s=0.02),
            DeadlineError("The model did not finish within 0.02 s.", retryable=False),
        ),
        (Watchdog(total_s=0.02), DeadlineError("The model did not finish within 0.02 s.", retryable=False)),
        (
            Watchdog(first_token_s=0.02, subject="Writer"),
            DeadlineError("Writer sent no token within 0.02 s.", retryable=True),
        ),
    ],
)
async def test_a_silent_model_passes_the_nearest_deadline(dog: Watchdog, error: DeadlineError) -> None:
    with pytest.raises(DeadlineError) as caught:
        await watch(dog)

    assert (caught.value.message, caught.value.retryable) == (error.message, error.retryable)


@pytest.mark.parametrize("dog", [Watchdog(first_token_s=FOREVER_S, progress_s=0.02), Watchdog(progress_s=0.02)])
async def test_progress_that_stops_passes_the_progress_deadline(dog: Watchdog) -> None:
    async def speak_once() -> None:
        dog.progress()
        await wait_for_ever()

    with pytest.raises(DeadlineError, match=r"^The model made no progress for 0\.02 s\.$"):
        await watch(dog, speak_once)


async def test_progress_moves_the_deadline_again_and_again() -> None:
    dog = Watchdog(first_token_s=0.1, progress_s=0.1, total_s=FOREVER_S)

    async def speak_for_a_while() -> None:
        for _ in range(10):
            await asyncio.sleep(0.03)
            dog.progress()
        await wait_for_ever()

    start = time.perf_counter()
    with pytest.raises(DeadlineError, match="no progress"):
        await watch(dog, speak_for_a_while)

    assert time.perf_counter() - start > 0.35


async def test_progress_does_not_move_the_total() -> None:
    dog = Watchdog(first_token_s=0.1, progress_s=0.1, total_s=0.1)

    async def speak_for_ever() -> None:
        while True:
            await asyncio.sleep(0.01)
            dog.progress()

    with pytest.raises(DeadlineError, match="did not finish"):
        await watch(dog, speak_for_ever)


async def test_no_deadline_is_no_deadline() -> None:
    async with Watchdog() as dog:
        dog.progress()
        await asyncio.sleep(0)


async def test_after_stop_nothing_passes() -> None:
    async with Watchdog(first_token_s=0.01, progress_s=0.01, total_s=0.01) as dog:
        dog.stop()
        dog.progress()
        await asyncio.sleep(0.05)


async def test_an_error_of_the_body_passes_through() -> None:
    with pytest.raises(ZeroDivisionError):
        async with Watchdog(first_token_s=0.01):
            raise ZeroDivisionError


async def test_a_cancellation_from_outside_stays_one() -> None:
    entered = asyncio.Event()

    async def body() -> None:
        async with Watchdog(first_token_s=FOREVER_S):
            entered.set()
            await wait_for_ever()

    task = asyncio.create_task(body())
    await entered.wait()
    task.cancel()

    with pytest.raises(asyncio.CancelledError):
        await task
    assert task.cancelled()


async def test_a_cancellation_from_outside_wins_over_a_deadline_that_passes_at_the_same_time() -> None:
    async def body() -> None:
        async with Watchdog(total_s=0.01):
            try:
                await wait_for_ever()
            except asyncio.CancelledError:
                task.cancel()
                raise

    task = asyncio.create_task(body())

    with pytest.raises(asyncio.CancelledError):
        await task


async def test_the_task_can_go_on_after_a_deadline() -> None:
    with pytest.raises(DeadlineError):
        await watch(Watchdog(total_s=0.01))

    await asyncio.sleep(0)
    task = asyncio.current_task()
    assert task is not None
    assert task.cancelling() == 0


@pytest.mark.parametrize(("outer_s", "inner_s", "first"), [(0.01, FOREVER_S, "Outer"), (FOREVER_S, 0.01, "Inner")])
async def test_watchdogs_nest_and_each_answers_for_itself(outer_s: float, inner_s: float, first: str) -> None:
    inner = Watchdog(total_s=inner_s, subject="Inner")

    with pytest.raises(DeadlineError, match=f"{first} did not finish"):
        await watch(Watchdog(total_s=outer_s, subject="Outer"), lambda: watch(inner))


async def test_a_blocked_loop_does_not_make_the_model_late() -> None:
    near, far = socket.socketpair()
    reader, writer = await asyncio.open_connection(sock=near)

    def block() -> None:
        far.send(b"x")
        time.sleep(0.1)

    with far:
        async with Watchdog(first_token_s=FOREVER_S, progress_s=0.05) as dog:
            dog.progress()
            asyncio.get_running_loop().call_soon(block)
            await reader.read(1)
            dog.progress()
            await asyncio.sleep(0.02)
    writer.close()
    await writer.wait_closed()


async def test_progress_makes_no_timers() -> None:
    class CountingLoop:
        """Counts the timers of the loop it stands before."""

        timers = 0

        def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
            self._loop = loop

        def call_at(self, *args: object) -> asyncio.TimerHandle:
            self.timers += 1
            return self._loop.call_at(*args)  # type: ignore[arg-type]  # passed on as it came

        def time(self) -> float:
            return self._loop.time()

    async with Watchdog(first_token_s=FOREVER_S, progress_s=FOREVER_S) as dog:
        counting = CountingLoop(asyncio.get_running_loop())
        dog._loop = counting  # type: ignore[assignment]  # stands before the real loop
        for _ in range(1000):
            dog.progress()

    assert counting.timers == 1


async def test_progress_costs_less_than_a_microsecond_or_two() -> None:
    async with Watchdog(first_token_s=FOREVER_S, progress_s=FOREVER_S) as dog:
        start = time.perf_counter()
        for _ in range(100_000):
            dog.progress()
        elapsed_s = time.perf_counter() - start

    assert elapsed_s < 1


def test_outside_a_task_it_cannot_be_entered() -> None:
    loop = asyncio.new_event_loop()
    failures: list[BaseException] = []

    def enter() -> None:
        try:
            Watchdog(total_s=1).__aenter__().send(None)
        except RuntimeError as exc:
            failures.append(exc)
        loop.stop()

    loop.call_soon(enter)
    loop.run_forever()
    loop.close()

    assert "inside a task" in str(failures[0])
