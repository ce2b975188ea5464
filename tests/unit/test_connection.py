"""Whether a peer keeps up is judged by its bytes."""

import asyncio
from typing import Any

import pytest
from websockets.client import ClientProtocol
from websockets.frames import Frame as WireFrame
from websockets.frames import Opcode
from websockets.protocol import State
from websockets.server import ServerProtocol
from websockets.uri import parse_uri

from flock.cursor import NOWHERE
from flock.errors import ServingError
from flock.events import AgentQueued
from flock.frame import Frame
from flock.server.closes import STALLED, Closing, Gone
from flock.server.connection import CONNECTION, PIECE_BYTES, PROGRESS_CHECKS, Connection, connection_of
from flock.server.text_message import piece_end, text_message
from flock.server.websocket_protocol import SocketConnection


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


class Pieces(Pipe):
    """A transport that holds the writer as soon as it has `room` pieces."""

    def __init__(self, room: int) -> None:
        super().__init__(0, [])
        self.room = room
        self.written: list[bytes] = []
        self.closing = False
        self.protocol = ServerProtocol()
        self.protocol.state = State.OPEN
        self.connection = SocketConnection(self, lambda: None, self.protocol)

    def is_closing(self) -> bool:
        return self.closing

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.written.append(bytes(data))
        if len(self.written) >= self.room:
            self.connection.pause()

    def take(self, room: int) -> None:
        self.room += room
        self.connection.resume()


async def test_a_message_is_written_as_far_as_the_peer_takes_it_and_the_rest_when_it_takes_more() -> None:
    pipe = Pieces(room=4)
    assert pipe.connection.put([b"one"]) is True
    assert pipe.connection.put([b"a", b"b", b"c", b"d", b"e"]) is False
    flushing = asyncio.create_task(pipe.connection.flush(5))
    await asyncio.sleep(0)
    assert pipe.written == [b"one", b"a", b"b", b"c"]
    flushing.cancel()
    await asyncio.wait([flushing])
    pipe.take(1)
    flushing = asyncio.create_task(pipe.connection.flush(5))
    await asyncio.sleep(0)
    assert not flushing.done()
    pipe.take(2)
    await flushing
    assert pipe.written == [b"one", b"a", b"b", b"c", b"d", b"e"]


async def test_a_message_whose_last_piece_fills_the_buffer_is_followed_only_when_the_peer_takes_more() -> None:
    pipe = Pieces(room=1)
    assert pipe.connection.put([b"one"]) is False
    assert pipe.connection.put([b"two"]) is False
    assert pipe.written == [b"one"]
    pipe.take(2)
    await pipe.connection.flush(5)
    assert pipe.written == [b"one", b"two"]


@pytest.mark.parametrize("end", ["state", "closing", "finished", "lost"])
async def test_nothing_is_written_behind_the_end_of_a_conversation(end: str) -> None:
    pipe = Pieces(room=1)
    pipe.connection.put([b"a", b"b"])
    match end:
        case "state":
            pipe.protocol.state = State.CLOSING
        case "closing":
            pipe.closing = True
        case "finished":
            pipe.connection.finish()
        case _:
            pipe.closing = True
            pipe.connection.lose()
    pipe.take(9)
    assert pipe.connection.put([b"c"]) is False
    with pytest.raises(Gone):
        await pipe.connection.flush(5)
    assert pipe.written == [b"a"]
    pipe.connection.lose()


def test_a_long_frame_is_one_message_in_fragments_and_a_short_one_in_none() -> None:
    texts = ["x" * length for length in (1, 100, PIECE_BYTES, 3 * PIECE_BYTES)]
    for text in texts:
        frame = Frame(NOWHERE, (AgentQueued(correlation_id="c", agent_name="a", run_id="r", reason=text),))
        pieces = text_message(frame, "full")
        client = ClientProtocol(parse_uri("ws://test/"), state=State.OPEN)
        client.receive_data(b"".join(pieces))
        received = [event for event in client.events_received() if isinstance(event, WireFrame)]
        assert [piece.opcode for piece in received] == [Opcode.TEXT, *[Opcode.CONT] * (len(pieces) - 1)]
        assert [piece.fin for piece in received] == [*[False] * (len(pieces) - 1), True]
        assert b"".join([bytes(piece.data) for piece in received]) == frame.encode("full")
        assert all(len(piece) <= PIECE_BYTES + 10 for piece in pieces)
        assert len(pieces) == -(-len(frame.encode("full")) // PIECE_BYTES)


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
