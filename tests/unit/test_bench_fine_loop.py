"""The model server of the benchmark writes each token when it is due, and hears its clients meanwhile."""

import asyncio
import socket
import time

import pytest

from benchmarks.fine_loop import FineSelector, fine_loop


@pytest.mark.parametrize("timeout_s", [0.0, 0.0001, 0.0009, 0.001, 0.0034])
def test_nothing_is_given_up_before_its_time(timeout_s: float) -> None:
    with FineSelector() as selector:
        began_s = time.monotonic()
        assert selector.select(timeout_s) == []
        assert time.monotonic() - began_s >= timeout_s


@pytest.mark.parametrize("timeout_s", [None, 0.0, 0.0005, 60.0])
def test_what_is_ready_is_told(timeout_s: float | None) -> None:
    one, other = socket.socketpair()
    with one, other, FineSelector() as selector:
        selector.register(one, 1)
        other.send(b"x")
        ((key, events),) = selector.select(timeout_s)
        assert (key.fileobj, events) == (one, 1)


def test_timers_are_never_early() -> None:
    async def wait() -> bool:
        loop = asyncio.get_running_loop()
        due_s = loop.time() + 0.0021
        done = loop.create_future()
        loop.call_at(due_s, lambda: done.set_result(loop.time() >= due_s))
        return bool(await done)

    with asyncio.Runner(loop_factory=fine_loop) as runner:
        assert runner.run(wait())
