"""The leak check passes what cleans up, and finds each planted leak."""

import asyncio
import os
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests import leaks
from tests.leaks import no_leaks


@pytest.fixture(autouse=True)
def _short_grace(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leaks, "GRACE_S", 0.05)


@pytest.fixture
def gate() -> Iterator[threading.Event]:
    event = threading.Event()
    yield event
    event.set()


async def test_work_that_cleans_up_leaves_nothing_behind() -> None:
    async with no_leaks():
        task = asyncio.create_task(asyncio.sleep(0))
        thread = threading.Thread(target=int)
        thread.start()
        with socket.socket():
            await task
        await asyncio.to_thread(thread.join)


async def test_what_ends_in_the_next_turns_of_the_loop_is_no_leak() -> None:
    async def linger() -> None:
        for _ in range(3):
            await asyncio.sleep(0)

    async with no_leaks():
        task = asyncio.create_task(linger())
    assert task.done()


async def test_a_leaked_task_is_found() -> None:
    leaked = asyncio.Event()
    with pytest.raises(AssertionError, match=r"task forgotten: .*Event\.wait"):
        async with no_leaks():
            task = asyncio.create_task(leaked.wait(), name="forgotten")
    leaked.set()
    await task


async def test_a_leaked_thread_is_found(gate: threading.Event) -> None:
    thread = threading.Thread(target=gate.wait, name="forgotten")
    with pytest.raises(AssertionError, match="thread forgotten"):
        async with no_leaks():
            thread.start()
    gate.set()
    await asyncio.to_thread(thread.join)


async def test_a_leaked_socket_is_found_unless_it_may_be_kept() -> None:
    async with no_leaks(spare_files=1):
        kept = socket.socket()
    with pytest.raises(AssertionError, match="left behind: file"):
        async with no_leaks():
            leaked = socket.socket()
    with pytest.raises(AssertionError, match=r"file .*; file"):
        async with no_leaks(spare_files=1):
            two = [socket.socket(), socket.socket()]
    for each in (kept, leaked, *two):
        each.close()


@pytest.mark.parametrize(
    "opened",
    [
        lambda first: os.dup(first.fileno()),
        lambda first: os.eventfd(0),
        lambda first: os.open(os.devnull, os.O_RDONLY),
    ],
    ids=["duplicate", "eventfd", "opened twice"],
)
@pytest.mark.skipif(not hasattr(os, "eventfd"), reason="eventfd is Linux's")
async def test_a_descriptor_of_what_is_open_already_is_found(opened: Callable[[socket.socket], int]) -> None:
    already = os.eventfd(0)
    with socket.socket() as first, Path(os.devnull).open("rb"):
        try:
            with pytest.raises(AssertionError, match=r"^left behind: file [^;]+$"):
                async with no_leaks():
                    leaked = opened(first)
        finally:
            os.close(already)
        async with no_leaks():
            os.close(leaked)
