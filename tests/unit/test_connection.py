"""Whether a peer keeps up is judged by its bytes."""

import asyncio
from typing import Any

import pytest

from flock.errors import ServingError
from flock.server.closes import STALLED, Closing, Gone
from flock.server.connection import CONNECTION, PIECE_BYTES, PROGRESS_CHECKS, Connection, connection_of
from flock.server.websocket_protocol import piece_end


class Pipe(asyncio.Transport):
    """A transport whose peer takes what the test says. `taken` is what it takes each time one looks."""

    def __init__(self, waiting: int, taken: list[int]) -> None:
        super().__init__()
        self.waiting = waiting
        self.taken = taken
        self.looks = 0
        self.is_aborted = asyncio.Event()

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        pass

    def get_write_buffer_size(self) -> int:
        self.looks += 1
        self.waiting -= self.taken.pop(0) if self.taken else 0
        return self.waiting

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return default

    def abort(self) -> None:
        self.is_aborted.set()


def paused(pipe: Pipe) -> Connection:
    connection = Connection(pipe, lambda: None)
    connection.pause()
    return connection


async def test_a_peer_that_takes_nothing_is_stalled() -> None:
    with pytest.raises(Closing) as caught:
        await paused(Pipe(100, [])).until_writable(0.01)
    assert caught.value.close is STALLED


async def test_a_peer_that_takes_one_byte_in_time_again_and_again_is_not_stalled() -> None:
    takes = [0] * (PROGRESS_CHECKS - 1)
    pipe = Pipe(100, [0, *takes, 1, *takes, 1, *takes, 1])
    with pytest.raises(Closing):
        await paused(pipe).until_writable(0.01)
    assert pipe.waiting == 97


async def test_a_peer_is_stalled_one_timeout_after_its_last_byte_not_two() -> None:
    pipe = Pipe(100, [0, 1])
    with pytest.raises(Closing):
        await paused(pipe).until_writable(0.01)
    assert pipe.looks == 1 + 1 + PROGRESS_CHECKS


async def test_a_peer_that_takes_enough_lets_the_writer_go_on() -> None:
    connection = paused(Pipe(100, []))
    waiting = asyncio.create_task(connection.until_writable(5))
    await asyncio.sleep(0)
    connection.resume()
    await waiting


async def test_a_peer_that_left_ends_the_wait() -> None:
    connection = paused(Pipe(100, []))
    waiting = asyncio.create_task(connection.until_writable(5))
    await asyncio.sleep(0)
    connection.lose()
    with pytest.raises(Gone):
        await waiting


async def test_a_finished_connection_is_released_and_then_aborted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("flock.server.connection.LINGER_S", 0.01)
    released: list[bool] = []
    pipe = Pipe(100, [])
    Connection(pipe, lambda: released.append(True)).finish()
    assert released == [True]
    await asyncio.wait_for(pipe.is_aborted.wait(), 5)


def test_a_foreign_server_is_told_what_is_missing() -> None:
    with pytest.raises(ServingError, match="flock's own server"):
        connection_of({"type": "http", "state": {CONNECTION: None}})


def test_long_payloads_are_cut_behind_a_comma_where_one_is_near() -> None:
    plain = b"x" * (PIECE_BYTES * 2 + 10)
    assert piece_end(plain, 0) == PIECE_BYTES
    assert piece_end(plain, PIECE_BYTES * 2) == len(plain)
    comma = plain[: PIECE_BYTES - 100] + b"," + plain
    assert piece_end(comma, 0) == PIECE_BYTES - 99
    assert piece_end(b"", 0) == 0
