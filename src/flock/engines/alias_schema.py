"""JSON Schemas by the models' own field names, which remember the aliases that a model may answer with instead."""

from collections.abc import Mapping
from typing import Any

from pydantic import TypeAdapter
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from flock.engines.xml_shape import Shape
from flock.pointer import escape

ALIASES = "x-aliases"
"""The keyword that lists a property's aliases."""


class _AliasSchema(GenerateJsonSchema):
    def model_field_schema(self, schema: core_schema.ModelField) -> JsonSchemaValue:
        return _noted(super().model_field_schema(schema), schema.get("validation_alias"))

    def dataclass_field_schema(self, schema: core_schema.DataclassField) -> JsonSchemaValue:
        return _noted(super().dataclass_field_schema(schema), schema.get("validation_alias"))

    def typed_dict_field_schema(self, schema: core_schema.TypedDictField) -> JsonSchemaValue:
        return _noted(super().typed_dict_field_schema(schema), schema.get("validation_alias"))


def json_schema(adapter: TypeAdapter[Any]) -> dict[str, Any]:
    """Give the type's JSON Schema: properties by field name, each with its aliases under `x-aliases`."""
    return adapter.json_schema(by_alias=False, schema_generator=_AliasSchema)


def has_aliases(schema: object) -> bool:
    """Say whether any property in the schema has an alias."""
    match schema:
        case Mapping():
            return ALIASES in schema or any(map(has_aliases, schema.values()))
        case list():
            return any(map(has_aliases, schema))
    return False


def own_names(schema: Mapping[str, Any], path: str) -> str:
    """Give `path`, a pointer into a value of this schema, with field names in place of aliases."""
    shape = Shape.of(schema)
    names: list[str] = []
    for part in path.split("/"):
        name = _own_name(shape, part)
        names.append(name)
        is_index = part.isdecimal() and "array" in shape.types and not shape.has_member(name)
        shape = shape.item(int(part)) if is_index else shape.member(name)
    return "/".join(names)


def _own_name(shape: Shape, part: str) -> str:
    for name, schema in shape.properties.items():
        if part in map(escape, schema.get(ALIASES, ())):
            return escape(name)
    return part


def _noted(schema: JsonSchemaValue, alias: object) -> JsonSchemaValue:
    aliases = _aliases(alias)
    return {**schema, ALIASES: aliases} if aliases else schema


def _aliases(alias: object) -> list[str]:
    """List the keys of pydantic's alias: a key, a path, or a list of paths. Only paths of one key are names."""
    match alias:
        case str():
            return [alias]
        case [str(key)]:
            return [key]
        case [list(), *_]:
            return [key for path in alias for key in _aliases(path)]
    return []
