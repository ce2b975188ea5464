"""flock's DSPy adapter: DSPy's Chat, JSON or XML adapter writes the prompt, flock's parser reads the answer.

The answer was parsed while it streamed. One that does not fit is asked for once more by flock, never by DSPy.
"""

from collections.abc import Mapping
from typing import Any
from weakref import WeakKeyDictionary

import dspy
from pydantic import TypeAdapter, ValidationError

from flock.engines.answering import Answering, Question, Rejected
from flock.engines.field_types import FieldSpec
from flock.engines.model import AnswerFormat
from flock.engines.output_plan import field_spec
from flock.errors import FormatError

_SystemMessages = WeakKeyDictionary[Any, str]


class _Remembering(dspy.Adapter):  # type: ignore[misc]  # DSPy is untyped
    """Writes the part of a prompt that depends on nothing but the signature once: runs share their signature."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self._system_messages = _SystemMessages()

    def format_system_message(self, signature: Any) -> str:
        message = self._system_messages.get(signature)
        if message is None:
            message = self._system_messages[signature] = super().format_system_message(signature)
        return message


class _Chat(_Remembering, dspy.ChatAdapter):  # type: ignore[misc]
    """DSPy's prompts for chat."""


class _Json(_Remembering, dspy.JSONAdapter):  # type: ignore[misc]
    """DSPy's prompts for JSON."""


class _Xml(_Remembering, dspy.XMLAdapter):  # type: ignore[misc]
    """DSPy's prompts for XML."""


_PROMPTS: dict[AnswerFormat, dspy.Adapter] = {
    "chat": _Chat(use_json_adapter_fallback=False),
    "json": _Json(use_native_function_calling=False),
    "xml": _Xml(use_json_adapter_fallback=False),
}


class AskingAdapter(dspy.Adapter):  # type: ignore[misc]  # DSPy is untyped
    """Asks one question per call of a program, and again with the error where the answer does not fit."""

    def __init__(self, answering: Answering) -> None:
        super().__init__()
        self._answering = answering
        self._prompts = _PROMPTS[answering.answer_format]

    async def acall(
        self, lm: dspy.LM, lm_kwargs: dict[str, Any], signature: Any, demos: list[Any], inputs: dict[str, Any]
    ) -> list[dict[str, Any]]:
        """Ask, and give the parsed fields in DSPy's form; raises the run's own error where the call failed."""
        answering = self._answering
        answering.begin_step(_question(answering, signature))
        while True:
            try:
                answers: list[dict[str, Any]] = await super().acall(lm, dict(lm_kwargs), signature, demos, inputs)
            except Rejected as exc:
                answering.ask_again(exc)
            except Exception:
                if answering.failure is not None:
                    raise answering.failure from None
                raise
            else:
                return answers

    def format(self, signature: Any, demos: list[Any], inputs: dict[str, Any]) -> list[dict[str, Any]]:
        """Write the prompt, with the rejected answer and the reason where this is a correction."""
        messages: list[dict[str, Any]] = self._prompts.format(signature, demos, inputs)
        if self._answering.correction is not None:
            answer, error = self._answering.correction
            requirements = self._prompts.user_message_output_requirements(signature)
            request = f"That answer does not fit. {error}\nAnswer again, completely. {requirements}"
            messages += [{"role": "assistant", "content": answer or "(empty)"}, {"role": "user", "content": request}]
        return messages

    def format_user_message_content(self, signature: Any, inputs: dict[str, Any], *args: Any, **kwargs: Any) -> str:
        """Write inputs as the prompt would; ReAct tells its trajectory this way."""
        text: str = self._prompts.format_user_message_content(signature, inputs, *args, **kwargs)
        return text

    def parse(self, signature: Any, completion: str) -> dict[str, Any]:
        """Give what flock's parser made of the answer while it streamed; raises `Rejected`."""
        return dict(self._answering.parsed())


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
        return Question(specs, lambda values: _check_artifacts(answering, annotations, values))
    return Question(specs, lambda values: _check_step(annotations, values))


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
