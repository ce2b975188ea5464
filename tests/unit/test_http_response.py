"""A response is read the same however it is cut into packets, and nothing a server sends is kept without a bound."""

import gc
import weakref
from contextlib import suppress
from dataclasses import dataclass
from itertools import accumulate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flock.engines.http_errors import BrokenResponseError, HttpError, NotHttpError
from flock.engines.http_response import MAX_HEAD_BYTES, ResponseReader
from tests.exchanges import Received

EVENT = b'data: {"a": 1}\n\n'
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


@dataclass(frozen=True)
class Response:
    """The bytes of a response, and what they say."""

    raw: bytes
    status: int
    body: bytes
    has_end: bool
    keeps_alive: bool


@st.composite
def responses(draw: st.DrawFn) -> Response:
    """Any response that HTTP/1 allows, those with status 1xx before it included."""
    early = draw(st.lists(st.sampled_from([b"100 Continue\r\n\r\n", b"103 Early\r\nLink: </a>\r\n\r\n"]), max_size=2))
    version = draw(st.sampled_from([b"1.0", b"1.1"]))
    status = draw(st.sampled_from([200, 204, 404, 500]))
    pieces = draw(st.lists(st.binary(min_size=1, max_size=20), max_size=4)) if status != 204 else []
    framing = draw(st.sampled_from(["length", "chunks", "connection"])) if status != 204 else "nothing"
    is_closing = draw(st.booleans())
    fields = [b"X-Name: value"]
    if is_closing:
        fields.append(b"Connection: close")
    elif version == b"1.0":
        fields.append(b"Connection: keep-alive")
    body = b"".join(pieces)
    match framing:
        case "length":
            fields.append(b"Content-Length: %d" % len(body))
        case "chunks":
            fields.append(b"Transfer-Encoding: chunked")
            extension = draw(st.sampled_from([b"", b";name=value", b" "]))
            trailer = draw(st.sampled_from([b"", b"X-Sum: 1\r\nX-Other: 2\r\n"]))
            body = b"".join(b"%x%s\r\n%s\r\n" % (len(piece), extension, piece) for piece in pieces)
            body += b"0\r\n" + trailer + b"\r\n"
        case _:
            pass
    head = b"HTTP/%s %d Fine\r\n%s\r\n\r\n" % (version, status, b"\r\n".join(fields))
    raw = b"".join(b"HTTP/1.1 " + one for one in early) + head + body
    has_end = framing != "connection"
    return Response(raw, status, b"".join(pieces), has_end, has_end and not is_closing)


def fed(reader: ResponseReader, data: bytes, cuts: list[int]) -> bytes:
    """Feed data, cut at these places, until the response is whole; gives what is left then."""
    places = sorted({min(cut, len(data)) for cut in cuts} | {len(data)})
    start = 0
    for end in places:
        if end > start:
            reader.feed(data[start:end])
            start = end
        if reader.is_whole:
            break
    return data[start:]


CUTS = st.lists(st.integers(0, 400), max_size=12)


@given(response=responses(), cuts=CUTS)
def test_any_response_cut_anywhere_gives_its_head_its_body_and_its_end(response: Response, cuts: list[int]) -> None:
    got = Received()
    reader = ResponseReader(got)
    left = fed(reader, response.raw, cuts)

    assert left == b""
    (head,) = got.heads
    assert (head.status, head.headers["x-NAME"]) == (response.status, "value")
    assert "X-Sum" not in head.headers
    assert "Link" not in head.headers
    assert got.said == response.body
    assert reader.is_whole is response.has_end
    assert reader.ends_with_connection is not response.has_end
    assert reader.keeps_alive is response.keeps_alive


@given(response=responses().filter(lambda response: response.has_end), next_one=responses(), cuts=CUTS)
def test_a_response_nobody_asked_for_is_not_pushed_and_spoils_the_connection(
    response: Response, next_one: Response, cuts: list[int]
) -> None:
    got = Received()
    reader = ResponseReader(got)
    left = fed(reader, response.raw + next_one.raw, cuts)

    assert reader.is_whole
    assert got.said == response.body
    assert len(got.heads) == 1
    assert left or not reader.keeps_alive


@given(response=responses(), cuts=CUTS, size=st.integers(0, 400))
def test_a_part_of_a_response_gives_a_part_of_its_body_and_no_error(
    response: Response, cuts: list[int], size: int
) -> None:
    got = Received()
    reader = ResponseReader(got)
    fed(reader, response.raw[:size], cuts)

    assert response.body.startswith(got.said)
    if size < len(response.raw):
        assert not reader.is_whole


@given(
    pieces=st.lists(st.lists(st.sampled_from([b"1", b"\r\n", b"3", b"a", b"0"]), min_size=1).map(b"".join), max_size=9),
    form=st.sampled_from([b"%x\r\n", b"%X\r\n", b"0%x\r\n", b"%x;a=b\r\n", b"%x \r\n"]),
    data=st.data(),
)
def test_chunks_that_come_one_by_one_or_look_like_others_give_what_is_in_them(
    pieces: list[bytes], form: bytes, data: st.DataObject
) -> None:
    chunks = [form % len(piece) + piece + b"\r\n" for piece in pieces]
    packets = [CHUNKED, *chunks, b"0\r\n\r\n"]
    edges = list(accumulate(map(len, packets)))
    got = Received()
    reader = ResponseReader(got)

    fed(reader, b"".join(packets), [edge + data.draw(st.sampled_from([0, 0, 0, -2, 1, 3])) for edge in edges])

    assert got.said == b"".join(pieces)
    assert reader.is_whole


def test_chunks_behind_the_end_of_a_response_are_not_pushed_whatever_stands_between() -> None:
    got = Received()
    reader = ResponseReader(got)
    for packet in (CHUNKED, b"3\r\nabc\r\n", b"3\r\ndef\r\n", b"0\r\n\r\nHTTP/9 nonsense", b"3\r\nghi\r\n"):
        reader.feed(packet)
    assert (got.said, reader.is_whole, reader.keeps_alive) == (b"abcdef", True, False)


@pytest.mark.parametrize(
    "line", [b"+3\r\n", b" 3\r\n", b"0x3\r\n", b"3_\r\n", b"-3\r\n", b"g\r\n", b"3\r3\r\n", b"\r\n"]
)
def test_what_is_no_size_is_none_after_whole_chunks_either(line: bytes) -> None:
    got = Received()
    reader = ResponseReader(got)
    for packet in (CHUNKED, b"3\r\nabc\r\n", b"3\r\ndef\r\n"):
        reader.feed(packet)
    with pytest.raises(BrokenResponseError):
        reader.feed(line + b"ghi\r\n")
    assert got.said == b"abcdef"


@given(data=st.binary(max_size=300), cuts=CUTS)
def test_garbage_gives_an_error_of_http_or_nothing(data: bytes, cuts: list[int]) -> None:
    got = Received()
    with suppress(HttpError):
        fed(ResponseReader(got), b"HTTP/1.1 " + data, cuts)


def test_what_a_packet_holds_is_pushed_before_the_error_in_the_same_packet() -> None:
    got = Received()
    reader = ResponseReader(got)
    with pytest.raises(BrokenResponseError):
        reader.feed(CHUNKED + b"%x\r\n%s\r\nZZ\r\n" % (len(EVENT), EVENT))

    assert len(got.heads) == 1
    assert got.said == EVENT
    assert not reader.is_whole
    assert not reader.keeps_alive


@pytest.mark.parametrize("is_one_packet", [True, False])
@pytest.mark.parametrize(
    ("before", "broken", "error"),
    [
        (b"", b"SMTP ready\r\n\r\n", NotHttpError),
        (b"HTTP/1.1 ", b"abc\r\n\r\n", NotHttpError),
        (b"HTTP/1.1 200 OK\r\n", b"no header\r\n\r\n", NotHttpError),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n", b"Content-Length: 2\r\n\r\n", NotHttpError),
        (CHUNKED, b"ZZ\r\n", NotHttpError),
        (CHUNKED + b"1\r\na\r\n", b"ZZ\r\n", BrokenResponseError),
        (CHUNKED + b"1\r\na", b"bc\r\n", BrokenResponseError),
        (b"", b"HTTP/1.1 101 Switching\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\nx", NotHttpError),
    ],
)
def test_what_is_broken_says_whether_there_was_a_body_before(
    before: bytes, broken: bytes, error: type[HttpError], is_one_packet: object
) -> None:
    reader = ResponseReader(Received())
    if is_one_packet:
        before, broken = b"", before + broken
    if before:
        reader.feed(before)
    with pytest.raises(error) as caught:
        reader.feed(broken)
    assert type(caught.value) is error


def test_garbage_behind_a_response_spoils_the_connection_only() -> None:
    got = Received()
    reader = ResponseReader(got)
    reader.feed(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhigarbage\r\n\r\n")

    assert got.said == b"hi"
    assert reader.is_whole
    assert not reader.keeps_alive


@pytest.mark.parametrize(
    ("before", "endless"),
    [
        (b"HTTP/1.1 200 OK\r\nX-Name: ", b"x"),
        (b"HTTP/1.1 200 ", b"x"),
        (b"HTTP/1.1 200 OK\r\n", b"X-Name: value\r\n"),
        (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
        (CHUNKED + b"1;", b"name=value;"),
        (CHUNKED + b"1\r\na\r\n0\r\n", b"X-Name: value\r\n"),
        (CHUNKED + b"1\r\na\r\n0\r\nX-Name: ", b"x"),
    ],
)
def test_what_is_no_body_is_bounded(before: bytes, endless: bytes) -> None:
    reader = ResponseReader(Received())
    packet = endless * (4096 // len(endless))
    reader.feed(before)
    with pytest.raises(HttpError, match="65,536 bytes"):
        feed_often(reader, packet, 2 * MAX_HEAD_BYTES // len(packet))


def feed_often(reader: ResponseReader, packet: bytes, count: int) -> None:
    for _ in range(count):
        reader.feed(packet)


def test_a_coding_other_than_chunks_ends_with_the_connection() -> None:
    reader = ResponseReader(Received())
    reader.feed(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nabc")

    assert reader.ends_with_connection
    assert not reader.is_whole


def test_a_long_body_is_no_head() -> None:
    got = Received()
    reader = ResponseReader(got)
    reader.feed(b"HTTP/1.1 200 OK\r\n\r\n")
    for _ in range(100):
        reader.feed(b"x" * MAX_HEAD_BYTES)

    assert len(got.said) == 100 * MAX_HEAD_BYTES


def test_what_a_receiver_raises_goes_through_and_the_response_ends_all_the_same() -> None:
    class Full(Received):
        def body(self, data: bytes) -> None:
            raise OverflowError

    reader = ResponseReader(Full())
    with pytest.raises(OverflowError):
        reader.feed(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi")

    assert reader.is_whole
    assert reader.keeps_alive


def test_a_reader_that_is_closed_leaves_its_receiver_to_nobody() -> None:
    got = Received()
    alive = weakref.ref(got)
    reader = ResponseReader(got)
    reader.feed(CHUNKED + b"1\r\na\r\n")
    gc.disable()
    try:
        reader.close()
        del reader, got
        assert alive() is None
    finally:
        gc.enable()


def test_a_stream_whose_chunks_come_in_three_packets_each_may_go_on_for_ever() -> None:
    received = Received()
    reader = ResponseReader(received)
    reader.feed(CHUNKED)
    count = MAX_HEAD_BYTES // 2
    for _ in range(count):
        for packet in (b"5\r\n", b"token", b"\r\n"):
            reader.feed(packet)

    assert len(received.said) == count * 5
