"""Filled values are valid for whatever a pydantic model may ask for, readable, and the same for the same seed."""

import datetime as dt
import enum
import ipaddress
import json
import pathlib
import uuid
from decimal import Decimal
from types import GenericAlias
from typing import Annotated, Any, Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict, Field, HttpUrl, Json, SecretStr, TypeAdapter, ValidationError, create_model

from flock.engines.demo_pattern import matches, matching
from flock.engines.demo_text import fill
from flock.errors import ConfigurationError


class Mood(enum.Enum):
    CALM = "calm"
    WILD = "wild"


class Person(BaseModel):
    name: str
    email: str
    age: int = Field(ge=18, le=30)


class Tree(BaseModel):
    label: str
    children: list["Tree"]
    parent: "Tree | None" = None


class Leaf(BaseModel):
    kind: Literal["leaf"]
    value: int


class Sum(BaseModel):
    kind: Literal["sum"]
    left: "Leaf | Sum"
    right: "Leaf | Sum"


class Circle(BaseModel):
    shape: Literal["circle"]
    radius: float = Field(gt=0)


class Square(BaseModel):
    shape: Literal["square"]
    side: float = Field(gt=0)


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")
    figure: Circle | Square = Field(discriminator="shape")
    pair: tuple[int, str]


class Endless(BaseModel):
    inner: "Endless"


class Post(BaseModel):
    title: str
    summary: str
    body: str
    tags: list[str]


HASHABLE: list[Any] = [
    str,
    int,
    bool,
    Mood,
    dt.date,
    uuid.UUID,
    Literal["red", "green", 3],
    Annotated[int, Field(ge=3, le=9)],
    Annotated[int, Field(multiple_of=5, gt=10)],
    Annotated[str, Field(min_length=2, max_length=5)],
    Annotated[str, Field(pattern=r"^[A-Z]{3}-\d{2,4}$")],
]
LEAVES: list[Any] = [
    *HASHABLE,
    float,
    dt.datetime,
    dt.time,
    dt.timedelta,
    Decimal,
    bytes,
    HttpUrl,
    SecretStr,
    pathlib.Path,
    ipaddress.IPv4Address,
    ipaddress.IPv6Network,
    Any,
    None,
    Json[list[int]],
    Person,
    Tree,
    Sum,
    Strict,
    Annotated[float, Field(gt=0, lt=0.001)],
    Annotated[float, Field(ge=0, le=1)],
    Annotated[float, Field(multiple_of=0.25, lt=-3)],
    Annotated[Decimal, Field(gt=0, le=5)],
    Annotated[str, Field(min_length=300)],
    Annotated[str, Field(max_length=12)],
    Annotated[str, Field(pattern=r"^(?:\+\d{1,3} )?[0-9]{6,}$", max_length=14)],
    dict[Mood, int],
    dict[Annotated[str, Field(pattern="^[a-f]{4}$")], bool],
    Annotated[dict[str, int], Field(min_length=5, max_length=6)],
]


def containers(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    hashable = st.sampled_from(HASHABLE)
    return st.one_of(
        inner.map(lambda item: GenericAlias(list, (item,))),
        inner.map(lambda item: item | None if item is not None else item),
        inner.map(lambda item: GenericAlias(dict, (str, item))),
        inner.map(lambda item: Annotated[GenericAlias(list, (item,)), Field(min_length=1, max_length=1)]),
        st.tuples(inner, inner).map(lambda items: GenericAlias(tuple, items)),
        hashable.map(lambda item: GenericAlias(set, (item,))),
        hashable.map(lambda item: GenericAlias(frozenset, (item,)) | None),
    )


NAMES = st.sampled_from(
    "title body tags email url score year author_name created_at price count reason code poem steps id city x".split()
)
ANNOTATIONS = st.recursive(st.sampled_from(LEAVES), containers, max_leaves=4)


def model_with(fields: dict[str, Any]) -> type[BaseModel]:
    definitions: dict[str, Any] = {name: (annotation, ...) for name, annotation in fields.items()}
    return create_model("Made", **definitions)


MODELS = st.dictionaries(NAMES, ANNOTATIONS, min_size=1, max_size=5).map(model_with)


@settings(max_examples=250, deadline=None)
@given(model=MODELS, seed=st.text(max_size=3), topic=st.text(max_size=30))
def test_any_pydantic_model_accepts_what_its_schema_was_filled_with(
    model: type[BaseModel], seed: str, topic: str
) -> None:
    filled = fill(model.model_json_schema(), seed=seed, topic=topic)
    model.model_validate_json(json.dumps(filled))


@pytest.mark.parametrize("annotation", LEAVES, ids=str)
def test_every_kind_of_field_is_filled_validly_for_many_seeds(annotation: Any) -> None:
    adapter = TypeAdapter(annotation)
    schema = adapter.json_schema()
    for seed in range(20):
        adapter.validate_json(json.dumps(fill(schema, seed=str(seed), topic="owls", name="field")))


def test_the_check_of_filled_values_notices_a_filler_that_ignores_a_bound() -> None:
    schema = Person.model_json_schema()
    schema["properties"]["age"].pop("maximum")
    people = [fill(schema, seed=str(seed)) for seed in range(20)]
    with pytest.raises(ValidationError):
        TypeAdapter(list[Person]).validate_python(people)


def test_the_same_arguments_give_the_same_value_and_another_seed_another() -> None:
    schema = Post.model_json_schema()
    assert fill(schema, seed="1", topic="owls") == fill(schema, seed="1", topic="owls")
    assert fill(schema, seed="1", topic="owls") != fill(schema, seed="2", topic="owls")
    assert fill(schema, seed="1", topic="owls") != fill(schema, seed="1", topic="owls", persona="poet")


@pytest.mark.parametrize("persona", ["writer", "poet", "critic", "analyst", "coder", "teacher", "somebody"])
def test_the_topic_appears_in_title_and_body_in_every_voice(persona: str) -> None:
    for seed in range(10):
        post = Post.model_validate(fill(Post.model_json_schema(), seed=str(seed), topic="barn owls", persona=persona))
        assert "barn owls" in post.title.lower()
        assert "barn owls" in post.body
        assert "barn owls" in post.tags


def test_bodies_have_paragraphs_and_about_as_many_words_as_asked_for() -> None:
    for words in (40, 120, 400):
        body = str(fill({"type": "string"}, seed="1", topic="owls", name="body", words=words))
        assert words <= len(body.split()) <= words + 45
        assert "\n\n" in body
        assert not any(slot in body for slot in "{}")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("email", r"^[a-z]+\.[a-z]+@example\.com$"),
        ("homepage_url", r"^https://example\.com/"),
        ("createdAt", r"^\d{4}-\d\d-\d\dT"),
        ("due_date", r"^20\d\d-\d\d-\d\d$"),
        ("author_name", r"^[A-Z]\w+ [A-Z]\w+$"),
        ("code", r"^def describe_owls\("),
        ("markdown", r"^# .*\n\n.*\n\n## "),
        ("tags", r"^owls$"),
        ("question", r"\?$"),
    ],
)
def test_a_field_name_decides_what_is_written(name: str, expected: str) -> None:
    assert matches(expected, str(fill({"type": "string"}, seed="5", topic="owls", name=name)))


def test_a_person_has_the_address_that_goes_with_the_name() -> None:
    person = Person.model_validate(fill(Person.model_json_schema(), seed="3"))
    assert person.email == person.name.lower().replace(" ", ".") + "@example.com"


def test_a_recursive_model_ends_soon() -> None:
    for seed in range(20):
        text = json.dumps(fill(Tree.model_json_schema(), seed=str(seed)))
        Tree.model_validate_json(text)
        assert len(text) < 100_000


def test_a_model_without_a_finite_value_is_refused_with_a_hint() -> None:
    with pytest.raises(ConfigurationError, match="no finite value") as caught:
        fill(Endless.model_json_schema(), seed="1", name="inner")
    assert "optional" in str(caught.value)


def test_a_reference_to_nowhere_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="missing"):
        fill({"$ref": "#/$defs/missing"}, seed="1")


def test_sets_as_large_as_their_values_allow_are_filled() -> None:
    adapters: list[TypeAdapter[Any]] = [
        TypeAdapter(Annotated[set[Mood], Field(min_length=2)]),
        TypeAdapter(Annotated[set[Annotated[int, Field(ge=1, le=40)]], Field(min_length=40)]),
        TypeAdapter(Annotated[set[str], Field(min_length=30)]),
    ]
    for adapter in adapters:
        adapter.validate_json(json.dumps(fill(adapter.json_schema(), seed="1", name="authors")))


def test_all_parts_of_a_combined_schema_hold() -> None:
    schema = {
        "allOf": [
            {"$ref": "#/$defs/named"},
            {"properties": {"age": {"type": "integer", "minimum": 70}}, "required": ["age"]},
            {"properties": {"alive": {"type": ["null", "boolean"]}}},
        ],
        "$defs": {"named": {"type": "object", "properties": {"name": {"const": "Ada"}}, "required": ["name"]}},
    }
    filled = fill(schema, seed="1")
    assert isinstance(filled, dict)
    assert filled["name"] == "Ada"
    assert isinstance(filled["age"], int)
    assert filled["age"] >= 70
    assert isinstance(filled["alive"], bool)


def test_keys_that_count_something_are_numbers() -> None:
    adapter = TypeAdapter(dict[int, str])
    adapter.validate_json(json.dumps(fill(adapter.json_schema(), seed="1", name="sales_by_year")))


@given(
    pattern=st.sampled_from(
        [
            r"^[a-z]+$",
            r"\d{3}-\d{4}",
            r"^(red|green)?x*$",
            r"[^a-z]{2,3}",
            r"^\w+@\w+\.(com|org)$",
            r"^#[0-9a-fA-F]{6}$",
        ]
    ),
    least=st.integers(0, 3),
    rng=st.randoms(use_true_random=False),
)
def test_a_string_for_a_pattern_matches_it(pattern: str, least: int, rng: Any) -> None:
    text = matching(pattern, rng, least=least)
    if text is not None:
        assert matches(pattern, text)
        assert len(text) >= least


@given(rng=st.randoms(use_true_random=False))
def test_patterns_beyond_the_simple_are_given_up(rng: Any) -> None:
    for pattern in (r"(?=a)b", r"(a)\1", r"(?i)a", "a{3", "[z-a]", "(a", "a)", r"\p{L}", "a{4,2}", "["):
        text = matching(pattern, rng)
        assert text is None or matches(pattern, text)
