"""What a model is to flock: one call in, text pushed into a sink, a completion out.

A `Model` pushes synchronously: from the bytes of the provider to the journal nothing is awaited, queued or handed
to a task. Implementations: `openai_stream`, `demo`, and DSPy's own providers in `dspy_stream`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

FinishReason = Literal["stop", "length", "content_filter", "tool_calls"] | str
AnswerFormat = Literal["chat", "json", "xml"]


@dataclass(frozen=True, slots=True)
class ModelCall:
    """One request to a model.

    `body` is an OpenAI chat-completions body without `model` and `stream` (it holds `messages`, and what applies of
    `temperature`, `max_tokens`, `response_format`, `stop`, …).  `stream` is whether the provider is asked to stream.
    `answer` says what is expected, for models that need no prompt to know it (the demo model).
    """

    model: str
    body: Mapping[str, Any]
    stream: bool = True
    answer: "ExpectedAnswer | None" = None


@dataclass(frozen=True, slots=True)
class ExpectedAnswer:
    """The fields an answer shall have: prompt name to JSON Schema, in order, and in which format."""

    format: AnswerFormat
    fields: Mapping[str, Mapping[str, Any]]
    seed: str = ""


@dataclass(frozen=True, slots=True)
class Completion:
    """How a call ended: the provider's finish reason, its usage as reported, and its own model name."""

    finish_reason: FinishReason
    usage: Mapping[str, Any] = field(default_factory=dict)
    model: str = ""


class TokenSink(Protocol):
    """Takes what a model says, in order. Never waits; may raise to end the call."""

    def text(self, text: str) -> None:
        """Take a piece of the answer."""

    def reasoning(self, text: str) -> None:
        """Take a piece of the model's reasoning."""

    def tool_call(self, index: int, name: str | None, arguments: str) -> None:
        """Take a fragment of a native tool call: its index, its name (first fragment only), more argument text."""


class Model(Protocol):
    """A model that streams into a sink."""

    async def complete(self, call: ModelCall, sink: TokenSink) -> Completion:
        """Run one call to its end.

        Raises `ModelError` (or a subclass) when the server fails, refuses, or the answer is cut off.
        Cancelling closes the provider's connection before it returns.
        """

    async def aclose(self) -> None:
        """Close connections that are kept alive."""
