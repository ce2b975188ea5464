"""How output types become prompt fields, and values become payloads."""

from datetime import date
from enum import Enum
from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, Field

from flock.artifacts import flock_type
from flock.engines.output_plan import RESERVED_NAMES, OutputPlan, field_spec
from flock.errors import ConfigurationError, FormatError


class Mood(Enum):
    GLAD = "glad"
    SAD = "sad"


class Part(BaseModel):
    heading: str


@flock_type(name="plan.Story")
class Story(BaseModel):
    """A short story."""

    title: str = Field(min_length=3)
    pages: int = Field(ge=1)
    parts: list[Part] = []


@flock_type(name="plan.Verdict")
class Verdict(BaseModel):
    score: float


@flock_type(name="plan.Empty")
class Empty(BaseModel):
    pass


@pytest.mark.parametrize(
    ("annotation", "kind", "is_nullable"),
    [
        (str, "text", False),
        (str | None, "text", True),
        (Annotated[str, Field(max_length=9)], "text", False),
        (Literal["a", "b"], "text", False),
        (Mood, "text", False),
        (date, "text", False),
        (int, "json", False),
        (bool | None, "json", True),
        (Literal[1, 2], "json", False),
        (int | str, "json", False),
        (list[str], "json", False),
        (Part, "json", False),
        (Part | None, "json", True),
        (dict[str, Any], "json", False),
        (Any, "json", False),
    ],
)
def test_a_field_is_text_where_its_json_is_a_string(annotation: Any, kind: str, is_nullable: bool) -> None:
    spec = field_spec("name", annotation)
    assert (spec.kind, spec.nullable) == (kind, is_nullable)


def test_one_type_gives_its_fields_several_give_one_field_each() -> None:
    assert list(OutputPlan([Story]).fields) == ["title", "pages", "parts"]
    assert list(OutputPlan([Story, Verdict]).fields) == ["plan_story", "plan_verdict"]


def test_deltas_are_placed_by_the_models_names() -> None:
    single = OutputPlan([Story])
    assert single.fields["parts"].channel("0/heading", "text", 1).field == "parts/0/heading"
    both = OutputPlan([Story, Verdict])
    channel = both.fields["plan_verdict"].channel("score", "json", 2)
    assert (channel.field, channel.artifact, channel.kind, channel.step) == ("score", 1, "json", 2)


@pytest.mark.parametrize("name", sorted(RESERVED_NAMES - {"model_config"}))
def test_reserved_names_are_changed_in_the_prompt_only(name: str) -> None:
    model = type("Clash", (BaseModel,), {"__annotations__": {name: str}, "__module__": __name__})
    flock_type(name=f"plan.Clash.{name}")(model)
    plan = OutputPlan([model])
    ((prompt_name, planned),) = plan.fields.items()
    assert prompt_name not in RESERVED_NAMES
    assert planned.field == name
    (payload,) = plan.validate({prompt_name: "text"})
    assert payload.model_dump() == {name: "text"}


def test_a_field_named_like_an_input_is_changed_in_the_prompt() -> None:
    plan = OutputPlan([Story], taken=["title"])
    assert list(plan.fields) == ["title_output", "pages", "parts"]


def test_values_become_payloads_and_violations_name_their_place() -> None:
    plan = OutputPlan([Story])
    (story,) = plan.validate({"title": "Owls", "pages": 3, "parts": [{"heading": "One"}]})
    assert story == Story(title="Owls", pages=3, parts=[Part(heading="One")])
    with pytest.raises(FormatError) as caught:
        plan.validate({"title": "No", "pages": 0, "parts": [{}]})
    for place in ("title", "pages", "parts.0.heading"):
        assert place in caught.value.message


def test_a_field_that_is_missing_takes_its_default_or_is_named() -> None:
    plan = OutputPlan([Story])
    (story,) = plan.validate({"title": "Owls", "pages": 3})
    assert story == Story(title="Owls", pages=3)
    with pytest.raises(FormatError, match="pages"):
        plan.validate({"title": "Owls"})


def test_several_types_are_filled_from_their_own_field() -> None:
    plan = OutputPlan([Story, Verdict])
    values = {"plan_story": {"title": "Owls", "pages": 1}, "plan_verdict": {"score": 1}}
    assert plan.validate(values) == [Story(title="Owls", pages=1), Verdict(score=1.0)]


def test_a_type_without_fields_cannot_be_asked_for() -> None:
    with pytest.raises(ConfigurationError, match="no fields"):
        OutputPlan([Empty])
