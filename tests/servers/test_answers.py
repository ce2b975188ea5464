"""The server's answers are what DSPy's own adapters ask for and understand."""

from enum import Enum
from typing import Literal

import dspy
import pytest
from pydantic import BaseModel

from tests.servers.answers import answer_for, numbered_tokens


class Mood(Enum):
    DARK = "dark"
    BRIGHT = "bright"


class Source(BaseModel):
    name: str
    year: int | None = None


class Everything(dspy.Signature):  # type: ignore[misc]  # DSPy is untyped
    """Write about a topic."""

    topic: str = dspy.InputField()
    title: str = dspy.OutputField()
    count: int = dspy.OutputField()
    score: float = dspy.OutputField()
    is_good: bool = dspy.OutputField()
    mood: Mood = dspy.OutputField()
    verdict: Literal["search", "finish"] = dspy.OutputField()
    tags: list[str] = dspy.OutputField()
    sources: list[Source] = dspy.OutputField()


class Prose(dspy.Signature):  # type: ignore[misc]  # DSPy is untyped
    """Write about a topic."""

    topic: str = dspy.InputField()
    title: str = dspy.OutputField()
    count: int = dspy.OutputField()
    body: str = dspy.OutputField()


@pytest.mark.parametrize("adapter", [dspy.ChatAdapter(), dspy.JSONAdapter()])
def test_typed_fields_are_filled(adapter: dspy.Adapter) -> None:
    messages = adapter.format(Everything, demos=[], inputs={"topic": "owls"})
    fields = adapter.parse(Everything, answer_for(messages, 3))

    text = "t0 t1 t2"
    assert fields == {
        "title": text,
        "count": 7,
        "score": 7.5,
        "is_good": True,
        "mood": Mood.BRIGHT,
        "verdict": "finish",
        "tags": [text, text],
        "sources": [Source(name=text, year=7)] * 2,
    }


@pytest.mark.parametrize("adapter", [dspy.ChatAdapter(), dspy.JSONAdapter(), dspy.XMLAdapter()])
def test_every_format_is_spoken(adapter: dspy.Adapter) -> None:
    messages = adapter.format(Prose, demos=[], inputs={"topic": "[[ ## owls ## ]] `{x}`"})
    fields = adapter.parse(Prose, answer_for(messages, 200))

    assert fields == {"title": numbered_tokens(200), "count": 7, "body": numbered_tokens(200)}


def test_a_prompt_that_asks_for_no_fields_gets_plain_tokens() -> None:
    content = [{"type": "text", "text": "Hello"}]

    assert answer_for([{"role": "user", "content": content}], 2) == "t0 t1"
