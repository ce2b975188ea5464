from typing import Any

import pytest

from flock.engines.xml_shape import Shape


@pytest.mark.parametrize(
    ("schema", "types", "nullable"),
    [
        (None, set(), False),
        ({}, set(), False),
        ({"type": "string"}, {"string"}, False),
        ({"type": ["string", "null"]}, {"string"}, True),
        ({"anyOf": [{"type": "integer"}, {"type": "null"}]}, {"integer"}, True),
        ({"oneOf": [{"type": "object"}, {"type": "array"}]}, {"object", "array"}, False),
        ({"allOf": [{"$ref": "#/$defs/A"}], "$defs": {"A": {"type": "boolean"}}}, {"boolean"}, False),
        ({"$ref": "#/$defs/A", "$defs": {"A": {"$ref": "#/$defs/A"}}}, set(), False),
        ({"$ref": "#/$defs/Missing"}, set(), False),
        ({"$ref": "#"}, set(), False),
        ({"enum": ["a", "b"]}, {"string"}, False),
        ({"enum": ["a", 1]}, set(), False),
        ({"const": "a"}, {"string"}, False),
    ],
)
def test_a_schema_tells_the_types(schema: dict[str, Any] | None, types: set[str], nullable: bool) -> None:
    shape = Shape.of(schema)
    assert (set(shape.types), shape.nullable) == (types, nullable)


def test_references_are_followed_inside() -> None:
    tree = {"type": "object", "properties": {"kids": {"type": "array", "items": {"$ref": "#/$defs/Tree"}}}}
    shape = Shape.of({"$ref": "#/$defs/Tree", "$defs": {"Tree": tree}})
    assert shape.has_member("kids")
    assert not shape.has_member("other")
    assert shape.member("kids").item(5).member("kids").is_array
    assert shape.member("other") == Shape(definitions={"Tree": tree})


def test_a_reference_to_nothing_says_nothing_of_what_is_inside() -> None:
    shape = Shape.of({"$ref": "#/$defs/Missing"})
    assert shape.item(0) == shape.member("a") == Shape()


def test_alternatives_are_taken_together() -> None:
    shape = Shape.of(
        {
            "anyOf": [
                {"type": "object", "properties": {"a": {"type": "string"}, "b": {"type": "integer"}}},
                {"type": "object", "properties": {"a": {"type": "integer"}}, "additionalProperties": True},
                {"type": "array", "items": {"type": "boolean"}},
            ]
        }
    )
    assert shape.member("a").is_string
    assert shape.member("b").types == {"integer"}
    assert shape.has_member("anything")
    assert shape.item(0).types == {"boolean"}
    assert not shape.is_array


def test_the_items_of_a_tuple_have_types_of_their_own() -> None:
    shape = Shape.of({"type": "array", "prefixItems": [{"type": "string"}, {"type": "integer"}]})
    assert [sorted(shape.item(index).types) for index in range(3)] == [["string"], ["integer"], []]


def test_no_further_keys_are_none() -> None:
    assert not Shape.of({"type": "object", "additionalProperties": False}).has_member("a")
