"""What a response is, is seen from what it holds: servers mislabel streams."""

import asyncio

import pytest
from yarl import URL

from flock.engines.http_exchange import Head
from flock.engines.openai_answer import Answer
from flock.engines.openai_chunks import ChunkDecoder
from flock.errors import TruncatedError
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
