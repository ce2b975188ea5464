"""One run's conversation with its model: calls, retries, corrections. Every replacement call is a new attempt."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from pydantic import BaseModel

from flock.engines.attempts import RetryPolicy
from flock.engines.deadlines import Watchdog
from flock.engines.field_sink import FieldSink
from flock.engines.field_types import FieldSpec
from flock.engines.fields import make_parser
from flock.engines.model import AnswerFormat, Completion, ExpectedAnswer, Model, ModelCall
from flock.engines.output_plan import OutputPlan
from flock.errors import FormatError, ModelError, RunError, TruncatedError
from flock.events import Channel
from flock.writer import StreamWriter

REASONING_FIELDS = frozenset({"reasoning", "next_thought"})

CORRECTIONS = 1
"""How often an answer that does not fit is asked for once more, per model call."""

Check = Callable[["Answering", Mapping[str, Any]], Mapping[str, Any]]
"""Gives the results for parsed values, and is told whose they are: references in a circle wait for the collector."""


class Rejected(Exception):  # noqa: N818 - an answer is rejected, the run goes on
    """An answer does not fit and is asked for again."""

    def __init__(self, error: FormatError) -> None:
        super().__init__(error.message)
        self.error = error


@dataclass(frozen=True, slots=True)
class Question:
    """What one model call is asked for: its fields, and how parsed values become results."""

    fields: Sequence[FieldSpec]
    check: Check


@dataclass(slots=True)
class Answering:
    """The state of one run: which step it is at, what it was answered, how often it asked again.

    `watchdog` makes what watches a model call, None where the model keeps its deadlines itself. `options` are sent with
    every call beside the prompt: temperature, length limit, JSON mode. `redact` takes secrets out of errors of tools.
    """

    model: Model
    model_name: str
    answer_format: AnswerFormat
    plan: OutputPlan
    writer: StreamWriter
    policy: RetryPolicy
    watchdog: Callable[[], Watchdog] | None
    seed: str
    options: Mapping[str, Any] = field(default_factory=dict)
    redact: Callable[[str], str] = str
    is_streaming: bool = True
    step: int = 0
    payloads: list[BaseModel] = field(default_factory=list)
    finish_reason: str | None = None
    usage: dict[str, Any] = field(default_factory=dict)
    failure: Exception | None = None
    correction: tuple[str, str] | None = None
    _question: Question | None = None
    _corrections: int = 0
    _sink: FieldSink | None = None

    def begin_step(self, question: Question) -> None:
        """Begin the next model call of the program."""
        self.step += 1
        self._question = question
        self._corrections = 0
        self.correction = None

    async def call(self, body: Mapping[str, Any]) -> tuple[str, Completion]:
        """Make one model call, again where a fault allows it; gives the answer's text.

        Raises the last `ModelError`, or `TruncatedError` for an answer that was filtered or cut at its length limit.
        """
        retries = 0
        while True:
            try:
                return await self._call_once(body)
            except ModelError as exc:
                delay_s = self.policy.delay_s(exc, retries)
                if delay_s is None:
                    raise
                retries += 1
                self.writer.start_attempt(exc.message, keep_steps_below=self.step)
                await asyncio.sleep(delay_s)

    def parsed(self) -> Mapping[str, Any]:
        """Give the values of the answer that just came; raises `Rejected` where they do not fit."""
        assert self._sink is not None
        assert self._question is not None
        try:
            self._sink.close()
            return self._question.check(self, self._sink.values)
        except FormatError as exc:
            raise Rejected(exc) from exc

    def ask_again(self, rejected: Rejected) -> None:
        """Prepare the same question with the error attached; raises the error when it was asked often enough."""
        if self._corrections >= CORRECTIONS:
            raise rejected.error
        self._corrections += 1
        answer = self._sink.answer if self._sink is not None else ""
        self.correction = (answer, rejected.error.message)
        self.writer.start_attempt(rejected.error.message, keep_steps_below=self.step)

    async def _call_once(self, body: Mapping[str, Any]) -> tuple[str, Completion]:
        assert self._question is not None
        fields = self._question.fields
        parser = make_parser(self.answer_format, fields)
        sink = self._sink = FieldSink(parser, self.writer, partial(_channel, self.plan, self.step), step=self.step)
        expected = ExpectedAnswer(self.answer_format, {spec.name: spec.schema or {} for spec in fields}, self.seed)
        body = {**body, **self.options} if self.options else body
        call = ModelCall(self.model_name, body, self.is_streaming, expected)
        try:
            if self.watchdog is None:
                completion = await self.model.complete(call, sink)
            else:
                completion = await self._watched(self.watchdog(), call, sink)
            self._note(completion)
        except BaseException:
            _show_rest(sink)
            raise
        return sink.answer, completion

    async def _watched(self, watchdog: Watchdog, call: ModelCall, sink: FieldSink) -> Completion:
        async with watchdog as dog:
            sink.progress = dog.progress
            return await self.model.complete(call, sink)

    def _note(self, completion: Completion) -> None:
        self.finish_reason = completion.finish_reason
        for key, value in completion.usage.items():
            known = self.usage.get(key)
            is_count = isinstance(value, int) and isinstance(known, int)
            self.usage[key] = known + value if is_count else value
        if completion.finish_reason == "length":
            raise TruncatedError(
                "The answer was cut at its length limit.", finish_reason="length", hint="Raise max_tokens."
            )
        if completion.finish_reason == "content_filter":
            raise TruncatedError("The provider's content filter ended the answer.", finish_reason="content_filter")


def _channel(plan: OutputPlan, step: int, prompt_field: str, path: str, kind: str) -> Channel | None:
    """Give a prompt field's channel; None for what a ReAct step says about its tool call, an event of its own."""
    planned = plan.fields.get(prompt_field)
    if planned is not None:
        return planned.channel(path, kind, step)
    if prompt_field in REASONING_FIELDS:
        return Channel("reasoning", step=step)
    return None


def _show_rest(sink: FieldSink) -> None:
    """Show what the parser held back of an answer that broke off: no text that was received is lost."""
    with suppress(RunError):
        sink.close(is_whole=False)
