"""How output types become prompt fields, and values become payloads."""

from datetime import date
from enum import Enum
from typing import Annotated, Any, Literal

import pytest
from pydantic import AliasChoices, AliasPath, BaseModel, Field, RootModel

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


class Sub(BaseModel):
    v: str = Field(alias="theV")
    links: dict[str, str] = Field(default={}, validation_alias=AliasChoices("a/b", AliasPath("x", "y"), AliasPath("l")))


@flock_type(name="plan.Aliased")
class Aliased(BaseModel):
    subs: list[Sub] = Field(alias="theSubs")


@flock_type(name="plan.Names")
class Names(RootModel[list[str]]):
    """The names of all owls."""


@flock_type(name="plan.Counts")
class Counts(RootModel[dict[str, int]]):
    pass


@flock_type(name="plan.Line")
class Line(RootModel[str]):
    root: str = Field(min_length=2)


@flock_type(name="plan.Open")
class Open(RootModel[Any]):
    root: Any = 7


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


def test_an_alias_on_the_way_becomes_the_models_name() -> None:
    single = OutputPlan([Aliased]).fields["subs"]
    for path, place in [
        ("0/theV", "subs/0/v"),
        ("0/v", "subs/0/v"),
        ("12/a~1b/theV", "subs/12/links/theV"),
        ("0/l/k", "subs/0/links/k"),
        ("0/x/y", "subs/0/x/y"),
        ("", "subs"),
    ]:
        assert single.channel(path, "text", 1).field == place
    several = OutputPlan([Verdict, Aliased]).fields["plan_aliased"]
    assert several.channel("theSubs/3/theV", "text", 1).field == "subs/3/v"


def test_values_by_alias_and_by_name_both_fit() -> None:
    plan = OutputPlan([Aliased])
    for key in ("theV", "v"):
        (payload,) = plan.validate({"subs": [{key: "x"}]})
        assert payload.model_dump()["subs"][0]["v"] == "x"


@pytest.mark.parametrize(
    ("model", "value", "kind"),
    [(Names, ["Barn owl"], "json"), (Counts, {"owls": 2}, "json"), (Line, "Owls", "text"), (Open, {"a": [1]}, "json")],
)
def test_a_root_model_is_one_field_and_its_value_is_the_artifact(model: type[BaseModel], value: Any, kind: str) -> None:
    plan = OutputPlan([model])
    ((name, planned),) = plan.fields.items()
    assert (name, planned.spec.kind) == (f"plan_{model.__name__.lower()}", kind)
    (payload,) = plan.validate({name: value})
    assert payload.model_dump() == value


def test_a_root_models_description_reaches_the_prompt() -> None:
    assert OutputPlan([Names]).fields["plan_names"].info.description == "The names of all owls."


def test_a_root_models_text_is_placed_where_its_dump_has_it() -> None:
    names = OutputPlan([Names]).fields["plan_names"]
    assert names.channel("0", "text", 1).field == "root/0"
    assert OutputPlan([Line]).fields["plan_line"].channel("", "text", 1).field == "root"
    assert OutputPlan([Counts]).fields["plan_counts"].channel("7", "json", 1).field == "7"
    anything = OutputPlan([Open, Verdict]).fields["plan_open"]
    assert [anything.channel(path, "json", 1).field for path in ("", "0/a", "a/0")] == ["root", "root/0/a", "a/0"]


def test_a_root_model_that_is_missing_takes_its_default_or_is_named() -> None:
    assert OutputPlan([Open]).validate({}) == [Open(7)]
    with pytest.raises(FormatError, match="'plan_counts' is missing"):
        OutputPlan([Counts]).validate({})
    with pytest.raises(FormatError, match="at least 2"):
        OutputPlan([Line]).validate({"plan_line": "x"})
