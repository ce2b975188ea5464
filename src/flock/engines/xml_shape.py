"""What a JSON Schema says about one place in a value, as far as reading nested XML needs it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Self


@dataclass(frozen=True, slots=True)
class Shape:
    """The types that may stand at a place (none: anything may), and the schemas of what is inside.

    The alternatives of a union are taken together: tags alone do not tell them apart.
    """

    types: frozenset[str] = frozenset()
    nullable: bool = False
    properties: Mapping[str, Any] = field(default_factory=dict)
    additional: Mapping[str, Any] | None = None
    first_items: tuple[Mapping[str, Any], ...] = ()
    items: Mapping[str, Any] | None = None
    definitions: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, schema: Mapping[str, Any] | None, definitions: Mapping[str, Any] | None = None) -> Self:
        """Make the shape of a schema; `definitions` are its root's `$defs`, its own if none are given."""
        schema = schema or {}
        definitions = schema.get("$defs", {}) if definitions is None else definitions
        types: set[str] = set()
        properties: dict[str, Any] = {}
        additional = items = None
        first_items: tuple[Mapping[str, Any], ...] = ()
        for choice in _alternatives(schema, definitions, frozenset()):
            types.update(_types(choice))
            properties = {**choice.get("properties", {}), **properties}
            additional = _schema(choice.get("additionalProperties")) if additional is None else additional
            items = _schema(choice.get("items")) if items is None else items
            first_items = first_items or tuple(choice.get("prefixItems", ()))
        return cls(
            frozenset(types - {"null"}), "null" in types, properties, additional, first_items, items, definitions
        )

    @property
    def is_string(self) -> bool:
        """Whether only a string may stand here."""
        return self.types == {"string"}

    @property
    def is_array(self) -> bool:
        """Whether only an array may stand here."""
        return self.types == {"array"}

    def has_member(self, name: str) -> bool:
        """Whether an object here may have the key `name`."""
        return "object" in self.types and (name in self.properties or self.additional is not None)

    def member(self, name: str) -> "Shape":
        """Give the shape of an object's value."""
        return Shape.of(self.properties.get(name, self.additional), self.definitions)

    def item(self, index: int) -> "Shape":
        """Give the shape of an array's item."""
        schema = self.first_items[index] if index < len(self.first_items) else self.items
        return Shape.of(schema, self.definitions)


def _alternatives(
    schema: Mapping[str, Any], definitions: Mapping[str, Any], seen: frozenset[str]
) -> Iterator[Mapping[str, Any]]:
    reference = schema.get("$ref")
    if isinstance(reference, str):
        name = reference.rsplit("/", 1)[-1]
        if name in definitions and name not in seen:
            yield from _alternatives(definitions[name], definitions, seen | {name})
        return
    choices = [*schema.get("anyOf", ()), *schema.get("oneOf", ()), *schema.get("allOf", ())]
    for choice in choices:
        yield from _alternatives(choice, definitions, seen)
    if not choices:
        yield schema


def _types(schema: Mapping[str, Any]) -> list[str]:
    match schema.get("type"):
        case str(name):
            return [name]
        case list(names):
            return names
    values = schema.get("enum", [schema["const"]] if "const" in schema else [])
    return ["string"] if values and all(isinstance(value, str) for value in values) else []


def _schema(schema: object) -> Mapping[str, Any] | None:
    """Take a sub-schema; `true` allows anything, `false` and absence nothing."""
    match schema:
        case Mapping():
            return schema
        case True:
            return {}
    return None
