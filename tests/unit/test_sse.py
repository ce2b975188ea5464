"""The decoder of server-sent events, against the specification and against any split."""

import itertools
import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flock.engines.sse import ServerSentEvent, SSEDecoder
from flock.errors import ModelError


def decode(*pieces: bytes, max_event_bytes: int = 1 << 20) -> list[ServerSentEvent]:
    decoder = SSEDecoder(max_event_bytes=max_event_bytes)
    return [event for piece in pieces for event in decoder.feed(piece)]


def reference(stream: bytes) -> list[ServerSentEvent]:
    """The specification's algorithm, word for word, over the whole stream at once."""
    lines = re.split(rb"\r\n|\n|\r", stream.removeprefix(b"\xef\xbb\xbf"))[:-1]
    events: list[ServerSentEvent] = []
    data, event_type, last_id = b"", b"", b""
    for line in lines:
        if not line:
            if data:
                events.append(ServerSentEvent(data[:-1], event_type or b"message", last_id))
            data, event_type = b"", b""
        elif not line.startswith(b":"):
            name, _, value = line.partition(b":")
            value = value[1:] if value.startswith(b" ") else value
            if name == b"data":
                data += value + b"\n"
            elif name == b"event":
                event_type = value
            elif name == b"id" and b"\0" not in value:
                last_id = value
    return events


FRAGMENT = st.sampled_from(
    [b"data", b"data:", b"data: ", b":", b" ", b"event: ", b"id:", b"id: \0", b"retry: 10", b"Data: x", b"nonsense"]
) | st.sampled_from([b"\n", b"\r", b"\r\n", b"\n\n", b"\xef\xbb\xbf", b"{}", b"x", b"\xff", "ü".encode()])
STREAM = st.lists(FRAGMENT, max_size=30).map(b"".join)


@given(STREAM, st.lists(st.integers(0, 200), max_size=12))
def test_any_stream_split_anywhere_gives_what_the_specification_says(stream: bytes, cuts: list[int]) -> None:
    places = sorted({0, len(stream), *(cut for cut in cuts if cut < len(stream))})
    pieces = [stream[start:end] for start, end in itertools.pairwise(places)]

    assert decode(*pieces) == reference(stream)


@given(STREAM)
def test_a_stream_byte_by_byte_equals_the_whole(stream: bytes) -> None:
    assert decode(*(stream[at : at + 1] for at in range(len(stream)))) == decode(stream)


@given(STREAM, st.integers(1, 12))
def test_the_bound_does_not_depend_on_the_split(stream: bytes, bound: int) -> None:
    def outcome(pieces: list[bytes]) -> bool:
        try:
            decode(*pieces, max_event_bytes=bound)
        except ModelError:
            return False
        return True

    assert outcome([stream]) == outcome([stream[at : at + 1] for at in range(len(stream))])


@pytest.mark.parametrize(
    ("stream", "data"),
    [
        (b"data: a\n\n", [b"a"]),
        (b"data: a\r\rdata: b\r\n\r\ndata: c\n\n", [b"a", b"b", b"c"]),
        (b"data: a\ndata: b\n\n", [b"a\nb"]),
        (b"data:  two spaces\n\ndata:none\n\ndata\n\n", [b" two spaces", b"none", b""]),
        (b"data\ndata\n\n", [b"\n"]),
        (b": comment\n\n:\n\ndata: a\n: in between\n\n", [b"a"]),
        (b"\xef\xbb\xbfdata: a\n\n", [b"a"]),
        (b"\xef\xbb\xbf\xef\xbb\xbfdata: a\n\n", []),
        (b" data: a\n\nDATA: a\n\ndata : a\n\n", []),
        (b"event: x\n\ndata: a\n\n", [b"a"]),
        (b"data: a\n", []),
        (b"data: a\n\ndata: incomplete", [b"a"]),
        ("data: \u2028\x0b\x0c\x85\n\n".encode(), ["\u2028\x0b\x0c\x85".encode()]),
    ],
)
def test_the_syntax(stream: bytes, data: list[bytes]) -> None:
    assert [event.data for event in decode(stream)] == data


def test_type_and_id_come_with_the_event_and_only_the_id_stays() -> None:
    first, second, third = decode(b"event: error\nid: 7\ndata: a\n\ndata: b\n\nid\ndata: c\n\n")

    assert (first.event, first.last_event_id) == (b"error", b"7")
    assert (second.event, second.last_event_id) == (b"message", b"7")
    assert (third.event, third.last_event_id) == (b"message", b"")


def test_retry_is_read_when_it_is_a_number() -> None:
    decoder = SSEDecoder()
    decoder.feed(b"retry: soon\n\nretry: 2500\n\nretry: -1\n\n")

    assert decoder.retry_ms == 2500


def test_a_lone_carriage_return_ends_the_event_at_once() -> None:
    decoder = SSEDecoder()

    assert [event.data for event in decoder.feed(b"data: a\r\r")] == [b"a"]
    assert decoder.feed(b"\n") == []
    assert [event.data for event in decoder.feed(b"data: b\n\n")] == [b"b"]


def test_what_no_blank_line_ended_is_seen_as_partial() -> None:
    decoder = SSEDecoder()
    assert not decoder.has_partial_event
    decoder.feed(b"data: a\n\n")
    assert not decoder.has_partial_event
    decoder.feed(b"data: b\n")
    assert decoder.has_partial_event
    decoder.feed(b"\nda")
    assert decoder.has_partial_event


@pytest.mark.parametrize("endless", [b"data: " + b"x" * 500, b": " + b"x" * 500, b"data: x\n" * 80, b"unknown\n" * 80])
def test_an_endless_event_or_line_is_refused(endless: bytes) -> None:
    with pytest.raises(ModelError, match="more than 256 bytes"):
        decode(endless, max_event_bytes=256)


def test_many_small_events_and_comments_are_not_an_endless_one() -> None:
    assert len(decode(b": ping\n\ndata: xxxxxxxx\n\n" * 1000, max_event_bytes=256)) == 1000


def test_time_is_linear_in_the_input_however_it_is_split() -> None:
    line = b"data: " + b"x" * 200_000 + b"\n\n"
    start = time.perf_counter()

    events = decode(*(line[at : at + 2] for at in range(0, len(line), 2)))

    assert len(events[0].data) == 200_000
    assert time.perf_counter() - start < 2
