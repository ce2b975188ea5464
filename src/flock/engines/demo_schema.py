"""Reading a JSON Schema for the demo model: references, combined schemas, and how deep a value must be nested."""

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from flock.errors import ConfigurationError

Schema = Mapping[str, Any]

_MAPS = frozenset({"properties", "patternProperties", "$defs"})
_LOWER_BOUNDS = frozenset({"minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties"})
_UPPER_BOUNDS = frozenset({"maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties"})
_TYPE_SIGNS = {
    "object": ("properties", "additionalProperties", "patternProperties", "propertyNames"),
    "array": ("items", "prefixItems", "minItems", "maxItems"),
    "number": ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"),
}


class SchemaTree:
    """One whole schema, for following the references in its parts."""

    def __init__(self, root: Schema) -> None:
        self._root = root
        self._heights: dict[str, float] | None = None

    def target(self, ref: str) -> Schema:
        """Give the schema a local reference points to."""
        node: Any = self._root
        for part in ref.removeprefix("#").split("/")[1:]:
            key = part.replace("~1", "/").replace("~0", "~")
            if not isinstance(node, Mapping) or key not in node:
                raise ConfigurationError(f"The schema refers to {ref!r}, which it does not hold.")
            node = node[key]
        return as_schema(node)

    def followed(self, schema: Schema) -> Schema:
        """Replace a schema's reference by what it points to; what stands beside it is kept."""
        target = self.target(schema["$ref"])
        beside = {key: value for key, value in schema.items() if key not in ("$ref", "title")}
        return {**target, **beside}

    def height(self, schema: Schema) -> float:
        """Tell how many containers deep the flattest value of `schema` is; infinite if it has no finite one."""
        if self._heights is None:
            self._heights = self._measure_references()
        return self._height(schema, self._heights)

    def _measure_references(self) -> dict[str, float]:
        refs = sorted(set(_refs(self._root)))
        heights = dict.fromkeys(refs, math.inf)
        for _ in refs:
            for ref in refs:
                heights[ref] = self._height(self.target(ref), heights)
        return heights

    def _height(self, schema: Schema, heights: Mapping[str, float]) -> float:
        if "const" in schema or "enum" in schema:
            return 0
        if "$ref" in schema:
            return heights.get(schema["$ref"], math.inf)
        if branches := branches_of(schema):
            return min(self._height(branch, heights) for branch in branches)
        if "allOf" in schema:
            return max(self._height(as_schema(part), heights) for part in schema["allOf"])
        match type_of(schema):
            case "object":
                properties = schema.get("properties", {})
                needed = [properties[name] for name in schema.get("required", ()) if name in properties]
            case "array":
                needed = [*schema.get("prefixItems", ()), schema.get("items", {})] if schema.get("minItems") else []
            case _:
                return 0
        return 1 + max((self._height(as_schema(part), heights) for part in needed), default=0)


def as_schema(part: object) -> Schema:
    """Read a part of a schema; `true` and whatever is no schema allow anything."""
    return part if isinstance(part, Mapping) else {}


def branches_of(schema: Schema) -> list[Schema]:
    """Give the alternatives of a union."""
    return [as_schema(branch) for branch in schema.get("anyOf") or schema.get("oneOf") or ()]


def type_of(schema: Schema) -> str | None:
    """Tell the JSON type a schema asks for, from its keywords where it does not say; the first one but null."""
    match schema.get("type"):
        case str(name):
            return name
        case [*names]:
            return next((str(name) for name in names if name != "null"), "null")
    for name, signs in _TYPE_SIGNS.items():
        if any(sign in schema for sign in signs):
            return name
    return None


def merged(parts: Sequence[Schema]) -> dict[str, Any]:
    """Combine schemas that all hold at once."""
    whole: dict[str, Any] = {}
    for part in parts:
        for key, value in part.items():
            if key not in whole:
                whole[key] = value
            elif key in _MAPS:
                whole[key] = {**whole[key], **value}
            elif key == "required":
                whole[key] = [*whole[key], *value]
            elif key in _LOWER_BOUNDS:
                whole[key] = max(whole[key], value)
            elif key in _UPPER_BOUNDS:
                whole[key] = min(whole[key], value)
            else:
                whole[key] = value
    return whole


def _refs(part: object) -> Iterator[str]:
    match part:
        case Mapping():
            for key, value in part.items():
                if key == "$ref" and isinstance(value, str):
                    yield value
                else:
                    yield from _refs(value)
        case list():
            for item in part:
                yield from _refs(item)
