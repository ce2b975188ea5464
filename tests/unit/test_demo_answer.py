"""The demo model's answers are in the format that was asked for, as DSPy's own adapters read it."""

import datetime as dt
import enum
import json
import random
from typing import Annotated, Any, Literal

import dspy
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, Field, TypeAdapter, ValidationError

from flock.engines.demo_answer import answer_values, render, spoilt, tokens
from flock.engines.demo_prompt import Prompt
from flock.engines.demo_strings import Writer
from flock.engines.model import AnswerFormat, ExpectedAnswer

FORMATS: list[AnswerFormat] = ["chat", "json", "xml"]


class Mood(enum.Enum):
    CALM = "calm"
    WILD = "wild"


class Source(BaseModel):
    name: str
    year: int = Field(ge=1900)
    notes: dict[str, str]


OUTPUTS: dict[str, Any] = {
    "title": str,
    "body": str,
    "score": float,
    "is_final": bool,
    "mood": Literal["calm", "wild"],
    "tags": list[str],
    "sources": list[Source],
    "remark": str | None,
}
TOOLS = """\
        (1) look_up, whose description is <desc>Look up.</desc>. It takes arguments \
{'query': {'type': 'string'}, 'limit': {'type': 'integer'}, 'deep': {'type': 'boolean', 'default': False}}.
        (2) now. It takes arguments {}.
        (3) finish. It takes arguments {}."""


def signature() -> type[dspy.Signature]:
    outputs = {name: (annotation, dspy.OutputField()) for name, annotation in OUTPUTS.items()}
    made: type[dspy.Signature] = dspy.Signature({"idea": (str, dspy.InputField()), **outputs}, "Write.")
    return made


def adapter(answer_format: AnswerFormat) -> dspy.Adapter:
    match answer_format:
        case "chat":
            return dspy.ChatAdapter()
        case "json":
            return dspy.JSONAdapter()
        case "xml":
            return dspy.XMLAdapter()


def expecting(answer_format: AnswerFormat, **outputs: Any) -> ExpectedAnswer:
    return ExpectedAnswer(answer_format, {name: TypeAdapter(kind).json_schema() for name, kind in outputs.items()})


def prompt(user: str) -> Prompt:
    return Prompt.of({"messages": [{"role": "system", "content": TOOLS}, {"role": "user", "content": user}]})


def written(expected: ExpectedAnswer, seed: int = 0, user: str = "R&D <3 owls") -> dict[str, Any]:
    return dict(answer_values(expected, prompt(user), Writer(random.Random(seed), topic="R&D")))


@pytest.mark.parametrize("answer_format", FORMATS)
def test_dspys_own_adapter_reads_the_values_that_were_rendered(answer_format: AnswerFormat) -> None:
    expected = expecting(answer_format, **OUTPUTS)
    for seed in range(10):
        values = written(expected, seed)
        parsed = adapter(answer_format).parse(signature(), render(answer_format, values))
        assert {name: TypeAdapter(OUTPUTS[name]).dump_python(value) for name, value in parsed.items()} == values


def test_each_format_is_rendered_to_the_letter() -> None:
    values: dict[str, Any] = {"body": "R&D <3\n\nyes", "n": 3, "ok": True, "tags": ["a", "b"], "map": {"a b": None}}
    assert render("chat", values) == (
        "[[ ## body ## ]]\nR&D <3\n\nyes\n\n[[ ## n ## ]]\n3\n\n[[ ## ok ## ]]\ntrue\n\n"
        '[[ ## tags ## ]]\n["a", "b"]\n\n[[ ## map ## ]]\n{"a b": null}\n\n[[ ## completed ## ]]'
    )
    assert json.loads(render("json", values)) == values
    assert render("xml", values) == (
        "<body>\nR&amp;D &lt;3\n\nyes\n</body>\n\n<n>\n3\n</n>\n\n<ok>\ntrue\n</ok>\n\n"
        '<tags><item>a</item><item>b</item></tags>\n\n<map><entry key="a b" /></map>'
    )


@given(st.text(max_size=300))
def test_tokens_joined_are_the_text_and_none_is_empty_or_long(text: str) -> None:
    pieces = tokens(text)
    assert "".join(pieces) == text
    assert all(0 < len(piece) <= 7 for piece in pieces)


def test_tokens_look_like_a_models() -> None:
    assert tokens("Owls hunt, quietly.\n\nThen") == ["Owls", " hunt", ",", " qui", "etly", ".", "\n\n", "Then"]


@pytest.mark.parametrize("answer_format", FORMATS)
def test_tools_are_used_one_after_the_other_and_then_the_steps_are_finished(answer_format: AnswerFormat) -> None:
    expected = expecting(
        answer_format,
        next_thought=str,
        next_tool_name=Literal["look_up", "now", "finish"],
        next_tool_args=dict[str, Any],
    )
    used = ""
    chosen = []
    for step in range(3):
        values = written(expected, user=f"[[ ## trajectory ## ]]\n{used}")
        chosen.append(values["next_tool_name"])
        arguments = values["next_tool_args"]
        read = json.loads(arguments) if isinstance(arguments, str) else arguments
        if step == 0:
            assert set(read) == {"query", "limit"}
            assert isinstance(read["limit"], int)
        else:
            assert read == {}
        used += f"[[ ## tool_name_{step} ## ]]\n{chosen[-1]}\n\n"
    assert chosen == ["look_up", "now", "finish"]


SPOILABLE: list[Any] = [
    int,
    float | None,
    bool,
    Literal["a", "b"],
    Mood,
    dt.date,
    list[int],
    dict[str, int],
    Source,
    list[Source],
    Source | int,
    Annotated[str, Field(max_length=40)],
    Annotated[str, Field(min_length=2)],
    Annotated[str, Field(pattern="^[a-z]+$")],
]


@pytest.mark.parametrize("kind", SPOILABLE, ids=str)
def test_a_spoilt_field_no_longer_validates(kind: Any) -> None:
    expected = expecting("json", text=str, typed=kind)
    values = written(expected)
    TypeAdapter(kind).validate_python(values["typed"])
    broken = spoilt(expected, values)
    assert broken["text"] == values["text"]
    with pytest.raises(ValidationError):
        TypeAdapter(kind).validate_python(broken["typed"])


def test_fields_that_take_any_text_cannot_be_spoilt() -> None:
    expected = expecting("xml", text=str, maybe=str | None, anything=Any, tags=list[str])
    values = written(expected)
    assert spoilt(expected, values) == values
