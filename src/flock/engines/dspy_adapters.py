"""flock's DSPy adapter: DSPy's Chat, JSON or XML adapter writes the prompt, flock's parser reads the answer.

The answer was parsed while it streamed. One that does not fit is asked for once more by flock, never by DSPy.
"""

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any
from weakref import WeakKeyDictionary

import dspy
from pydantic import TypeAdapter, ValidationError

from flock.engines.answering import Answering, Question, Rejected
from flock.engines.field_types import FieldSpec
from flock.engines.model import AnswerFormat
from flock.engines.output_plan import field_spec
from flock.errors import FormatError

_WRITERS: dict[AnswerFormat, Callable[[], dspy.Adapter]] = {
    "chat": lambda: dspy.ChatAdapter(use_json_adapter_fallback=False),
    "json": lambda: dspy.JSONAdapter(use_native_function_calling=False),
    "xml": lambda: dspy.XMLAdapter(use_json_adapter_fallback=False),
}


class AskingAdapter(dspy.Adapter):  # type: ignore[misc]  # DSPy is untyped
    """Asks one question per call of a program, and again with the error where the answer does not fit.

    It asks the run's model itself where nobody would see the difference (docs/decisions/0011).
    """

    def __init__(self, answering: Answering, lm: dspy.LM) -> None:
        super().__init__()
        self._answering = answering
        self._lm = lm

    async def acall(
        self, lm: dspy.LM, lm_kwargs: dict[str, Any], signature: Any, demos: list[Any], inputs: dict[str, Any]
    ) -> list[dict[str, Any]]:
        """Ask, and give the parsed fields in DSPy's form; raises the run's own error where the call failed."""
        answering = self._answering
        answering.begin_step(_question(answering, signature))
        while True:
            try:
                return await self._ask(lm, dict(lm_kwargs), signature, demos, inputs)
            except Rejected as exc:
                answering.ask_again(exc)
            except Exception:
                if answering.failure is not None:
                    raise answering.failure from None
                raise

    async def _ask(
        self, lm: dspy.LM, lm_kwargs: dict[str, Any], signature: Any, demos: list[Any], inputs: dict[str, Any]
    ) -> list[dict[str, Any]]:
        """Ask once: the run's model itself, or through DSPy where others watch, ask otherwise, or send more than text.

        DSPy's way copies the request to its own form and back, in threads, since pictures may have to be read.
        """
        if lm is self._lm and not lm_kwargs and not _is_observed():
            messages = self.format(signature, demos, inputs)
            if _is_text(messages):
                await self._answering.call({"messages": messages})
                return [self.parse(signature, "")]
        answers: list[dict[str, Any]] = await super().acall(lm, lm_kwargs, signature, demos, inputs)
        return answers

    def format(self, signature: Any, demos: list[Any], inputs: dict[str, Any]) -> list[dict[str, Any]]:
        """Write the prompt, with the rejected answer and the reason where this is a correction."""
        return _messages(self._answering, signature, demos, inputs)

    def format_user_message_content(self, signature: Any, inputs: dict[str, Any], *args: Any, **kwargs: Any) -> str:
        """Write inputs as the prompt would; ReAct tells its trajectory this way."""
        text: str = _writer(self._answering.answer_format).format_user_message_content(
            signature, inputs, *args, **kwargs
        )
        return text

    def parse(self, signature: Any, completion: str) -> dict[str, Any]:
        """Give what flock's parser made of the answer while it streamed; raises `Rejected`."""
        return dict(self._answering.parsed())


async def ask_outright(answering: Answering, signature: Any, inputs: dict[str, Any]) -> bool:
    """Ask what `dspy.Predict` would, without it; False where only DSPy can, and nothing was asked.

    For a program of one question DSPy writes the prompt, and whatever else it does there nobody sees.
    """
    if _is_observed() or any(map(_is_dspys, signature.output_fields.values())):
        return False
    messages = _messages(answering, signature, [], inputs)
    if not _is_text(messages):
        return False
    answering.begin_step(_question(answering, signature))
    while True:
        try:
            await answering.call({"messages": messages})
            answering.parsed()
        except Rejected as exc:
            answering.ask_again(exc)
            messages = _messages(answering, signature, [], inputs)
        else:
            return True


def _messages(answering: Answering, signature: Any, demos: list[Any], inputs: dict[str, Any]) -> list[dict[str, Any]]:
    """Write the prompt, with the rejected answer and the reason where this is a correction."""
    writer = _writer(answering.answer_format)
    messages: list[dict[str, Any]] = writer.format(signature, demos, inputs)
    if answering.correction is not None:
        answer, error = answering.correction
        requirements = writer.user_message_output_requirements(signature)
        request = f"That answer does not fit. {error}\nAnswer again, completely. {requirements}"
        messages += [{"role": "assistant", "content": answer or "(empty)"}, {"role": "user", "content": request}]
    return messages


def _is_text(messages: list[dict[str, Any]]) -> bool:
    return all(isinstance(message["content"], str) for message in messages)


def _is_observed() -> bool:
    """Whether somebody has asked DSPy to tell of its calls."""
    settings = dspy.settings
    return (
        bool(settings.callbacks)
        or settings.usage_tracker is not None
        or settings.send_stream is not None
        or bool(settings.track_usage)
    )


def _is_dspys(field: Any) -> bool:
    """Whether a field is of a type of DSPy's, about which it may have a way of its own to ask."""
    return any(isinstance(kind, type) and issubclass(kind, dspy.Type) for kind in (field.annotation, *field.metadata))


@cache
def _writer(answer_format: AnswerFormat) -> dspy.Adapter:
    """Give DSPy's adapter of this format. It writes the system message, which is most of the work, once per signature.

    Signatures are never changed, and are forgotten here with the engine or the program that made them.
    """
    writer = _WRITERS[answer_format]()
    write, written = writer.format_system_message, WeakKeyDictionary[Any, str]()

    def format_system_message(signature: Any) -> str:
        text = written.get(signature)
        if text is None:
            text = written[signature] = write(signature)
        return text

    writer.format_system_message = format_system_message
    return writer


def _question(answering: Answering, signature: Any) -> Question:
    """Say what a signature asks for: the artifacts' fields, a step of a tool-using program, or both with reasoning."""
    plan = answering.plan
    specs: list[FieldSpec] = []
    annotations: dict[str, Any] = {}
    for name, info in signature.output_fields.items():
        planned = plan.fields.get(name)
        specs.append(planned.spec if planned is not None else field_spec(name, info.annotation))
        annotations[name] = info.annotation
    if all(name in annotations for name in plan.fields):
        return Question(specs, lambda asking, values: _check_artifacts(asking, annotations, values))
    return Question(specs, lambda _, values: _check_step(annotations, values))


def _check_artifacts(
    answering: Answering, annotations: Mapping[str, Any], values: Mapping[str, Any]
) -> Mapping[str, Any]:
    answering.payloads = answering.plan.validate(values)
    return {name: values.get(name) for name in annotations}


def _check_step(annotations: Mapping[str, Any], values: Mapping[str, Any]) -> Mapping[str, Any]:
    checked: dict[str, Any] = {}
    for name, annotation in annotations.items():
        if name not in values:
            raise FormatError(f"The field {name!r} is missing.")
        try:
            checked[name] = TypeAdapter(annotation).validate_python(values[name])
        except ValidationError as exc:
            problem = exc.errors(include_url=False, include_context=False, include_input=False)[0]["msg"]
            raise FormatError(f"The field {name!r} does not fit: {problem}.") from exc
    return checked
