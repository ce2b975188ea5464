"""What an envelope gives is what parsing the whole event would give, whatever stands around the text."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flock.engines.envelope import Envelope
from flock.engines.openai_chunks import token_text

TEXTS = st.text(st.sampled_from(list('abc?! "\\\n\x00é🦉\u2028{}:,')), max_size=6) | st.sampled_from(
    ["id", "?!", "owl"]
)

FRAMES: list[dict[str, Any]] = [
    {},
    {"id": "owl", "object": "chat.completion.chunk"},
    {"id": "a", "x": {"content": "owl", "delta": {"content": "?!"}}},
    {"usage": None, "service_tier": "?!"},
]


def event(frame: dict[str, Any], text: str, **after: object) -> bytes:
    """Write an event as servers do."""
    chunk = {**frame, "choices": [{"index": 0, "delta": {"content": text}, "finish_reason": None}], **after}
    return json.dumps(chunk, ensure_ascii=bool(len(text) % 2)).encode()


class Reads:
    """Counts how often an event was parsed."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self, event: bytes) -> str | None:
        self.count += 1
        return token_text(event)


@given(frames=st.lists(st.tuples(st.sampled_from(FRAMES), TEXTS, st.booleans()), max_size=30))
def test_what_is_opened_is_what_parsing_gives(frames: list[tuple[dict[str, Any], str, bool]]) -> None:
    envelope = Envelope(token_text)
    for frame, text, has_more in frames:
        raw = event(frame, text, more=text) if has_more else event(frame, text)
        opened = envelope.open(raw)
        if opened is None:
            envelope.learn(raw, text)
        else:
            assert opened == token_text(raw) == text


@given(inside=st.binary(max_size=12) | st.sampled_from([b'"', b'a","b":"c', b"\\", b'\\"', b"\\ud83d", b"\n", b"\xff"]))
def test_what_is_no_single_string_is_not_opened(inside: bytes) -> None:
    envelope = Envelope(token_text)
    for text in ("one", "two"):
        envelope.learn(event({}, text), text)
    before, after = event({}, "two").split(b"two")
    opened = envelope.open(before + inside + after)
    assert opened is None or opened == token_text(before + inside + after)


def test_from_the_third_token_on_nothing_but_text_is_parsed() -> None:
    read = Reads()
    envelope = Envelope(read)
    for text in ("one", "two"):
        assert envelope.open(event({}, text)) is None
        envelope.learn(event({}, text), text)
    assert [envelope.open(event({}, text)) for text in ("three", "fo\nur", "five")] == ["three", "fo\nur", "five"]
    assert read.count == 1


def test_what_stands_around_may_change_now_and_then() -> None:
    envelope = Envelope(token_text)
    opened = []
    for second in range(3):
        for text in ("one", "two", "three", "four"):
            raw = event({"created": second}, text)
            opened.append(envelope.open(raw))
            if opened[-1] is None:
                envelope.learn(raw, text)
    assert opened == [None, None, "three", "four"] * 3


@pytest.mark.parametrize("position", ["before", "after"])
def test_a_server_that_never_writes_the_same_twice_costs_no_more_parsing(position: str) -> None:
    read = Reads()
    envelope = Envelope(read)
    for number in range(20):
        raw = event({"id": number}, "text") if position == "before" else event({}, "text", padding=number)
        assert envelope.open(raw) is None
        envelope.learn(raw, "text")
    assert read.count == 0


def test_a_text_that_stands_elsewhere_as_well_is_not_taken_from_there() -> None:
    read = Reads()
    envelope = Envelope(read)
    for _ in range(4):
        raw = event({}, "owl", also="owl")
        assert envelope.open(raw) is None
        envelope.learn(raw, "owl")
    assert read.count == 1
