"""The benchmark's viewers read whole messages, however their bytes are cut."""

from collections.abc import Callable

import pytest

from benchmarks.messages import EventReader, HungUpError, MessageReader, SocketReader
from benchmarks.relay import frame_head

HANDSHAKE = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n"
PAYLOADS = [b"a", b"b" * 125, b"c" * 126, b"d" * 70_000]
SOCKET = HANDSHAKE + b"".join(frame_head(len(payload)) + payload for payload in PAYLOADS)
EVENTS = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n" + b"".join(
    b"%x\r\n%b\r\n" % (len(chunk), chunk) for chunk in (b"data: on", b"e\n\nid: 2\ndata: two\n", b"\ndata: three\n\n")
)


def socket_reader() -> SocketReader:
    return SocketReader(lambda _: None)


@pytest.mark.parametrize("size", [1, 7, 1000, len(SOCKET)])
@pytest.mark.parametrize(
    ("make", "received", "expected"),
    [
        (socket_reader, SOCKET, PAYLOADS),
        (EventReader, EVENTS, [b"data: one", b"id: 2\ndata: two", b"data: three"]),
    ],
)
def test_messages_are_whole_however_they_are_cut(
    make: Callable[[], MessageReader], received: bytes, expected: list[bytes], size: int
) -> None:
    reader = make()
    messages: list[bytes] = []
    for start in range(0, len(received), size):
        messages += reader.feed(received[start : start + size])
    assert messages == expected


def test_fragments_are_one_message_and_a_ping_between_them_is_answered() -> None:
    pongs: list[bytes] = []
    reader = SocketReader(pongs.append)
    frames = b"\x01\x02ab" + b"\x89\x02hi" + b"\x00\x01c" + b"\x80\x01d" + b"\x81\x01e"
    assert reader.feed(HANDSHAKE + frames) == [b"abcd", b"e"]
    assert pongs == [b"\x8a\x82\0\0\0\0hi"]


@pytest.mark.parametrize(
    ("make", "received", "said"),
    [
        (socket_reader, b"HTTP/1.1 403 Forbidden\r\n\r\n", "403"),
        (socket_reader, HANDSHAKE + b"\x88\x02" + (4408).to_bytes(2, "big"), "4408"),
        (EventReader, b"HTTP/1.1 429 Too Many\r\ncontent-length: 9\r\n\r\n", "429"),
    ],
)
def test_who_is_sent_away_knows_it(make: Callable[[], MessageReader], received: bytes, said: str) -> None:
    with pytest.raises(HungUpError, match=said):
        make().feed(received)
