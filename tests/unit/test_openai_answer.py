"""What a response is, is seen from what it holds: servers mislabel streams."""

import asyncio
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from yarl import URL

from flock.engines.http_exchange import Head
from flock.engines.openai_answer import Answer
from flock.engines.openai_chunks import ChunkDecoder
from flock.errors import ModelError, TruncatedError
from flock.redaction import Redactor


class Said:
    def __init__(self) -> None:
        self.texts: list[str] = []

    def text(self, text: str) -> None:
        self.texts.append(text)

    def reasoning(self, text: str) -> None:
        raise AssertionError

    def tool_call(self, index: int, name: str | None, arguments: str) -> None:
        raise AssertionError


TOKENS = st.sampled_from(["Owls", " hoot", "\n", '"', "é", "🦉", "\\", "a" * 40])
PIECES = st.one_of(
    TOKENS.map(
        lambda text: {"model": "m", "choices": [{"index": 0, "delta": {"content": text}, "finish_reason": None}]}
    ),
    TOKENS.map(lambda text: {"model": "m", "id": text, "choices": [{"delta": {"content": text}}]}),
    st.sampled_from(
        [
            {"choices": [{"index": 0, "delta": {"content": "\ud83e"}, "finish_reason": None}]},
            {"model": "m", "choices": [{"index": 0, "delta": {"content": "\udd89"}, "finish_reason": None}]},
            {"model": "m", "choices": [{"index": 0, "delta": {"content": ""}, "finish_reason": None}]},
            {"model": "m", "choices": [{"index": 1, "delta": {"content": "other"}, "finish_reason": None}]},
            {"model": "m", "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]},
            {"model": "m", "choices": [], "usage": {"completion_tokens": 3}},
            {"error": {"message": "overloaded"}},
        ]
    ),
)


def taken(packets: list[bytes]) -> tuple[str, str | None, object, int, str]:
    """Give what an answer is that comes in these packets."""
    said = Said()
    decoder = ChunkDecoder(said)
    answer = Answer(
        decoder,
        url=URL("http://localhost/v1"),
        model="m",
        subject="The server",
        redactor=Redactor(),
        max_bytes=10**6,
        progress=lambda: None,
    )
    error = ""
    try:
        answer.head(Head(200, {"Content-Type": "text/event-stream"}))
        for packet in packets:
            answer.body(packet)
        answer.end()
    except ModelError as exc:
        error = str(exc)
    return "".join(said.texts), decoder.finish_reason, decoder.usage, decoder.chars, error


@given(
    runs=st.lists(st.tuples(PIECES, st.integers(1, 5)), max_size=9), comment=st.sampled_from([b"", b"", b": ping\n\n"])
)
async def test_events_that_come_one_by_one_say_what_they_say_together(
    runs: list[tuple[dict[str, Any], int]], comment: bytes
) -> None:
    chunks = [chunk for chunk, count in runs for _ in range(count)]
    events = [b"data: %b\n\n%b" % (json.dumps(chunk).encode(), comment) for chunk in chunks]
    assert taken(events) == taken([b"".join(events)] if events else [])


async def test_a_mislabelled_stream_that_begins_with_a_comment_is_a_stream() -> None:
    said, progress = Said(), asyncio.Event()
    answer = Answer(
        ChunkDecoder(said),
        url=URL("http://localhost/v1"),
        model="m",
        subject="The server",
        redactor=Redactor(),
        max_bytes=1000,
        progress=progress.set,
    )
    answer.head(Head(200, {"Content-Type": "text/plain"}))
    answer.body(b": ping\n\n")
    answer.body(b'data: {"choices": [{"delta": {"content": "Owls"}}]}\n\n')

    with pytest.raises(TruncatedError, match="after 4 characters"):
        answer.end()
    assert said.texts == ["Owls"]
    assert progress.is_set()
