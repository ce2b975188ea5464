"""Values for any JSON Schema: seeded, readable, and about a topic."""

import json
import math
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from pydantic import JsonValue

from flock.engines.demo_numbers import number
from flock.engines.demo_prompt import clean
from flock.engines.demo_schema import Schema, SchemaTree, as_schema, branches_of, merged, type_of
from flock.engines.demo_strings import Writer, tokens_of
from flock.errors import ConfigurationError

MAX_VALUES = 400
MAX_DEPTH = 6
MAX_REPEATS = 2
MAX_NESTING = 100
REPEATED_DRAWS = 50
UNIQUE_DRAWS = 2_000
_NUMBERED = frozenset("year id number index day hour age rank position chapter page line".split())


def fill(
    schema: Schema, *, seed: str, topic: str = "", name: str = "", persona: str = "writer", words: int = 120
) -> JsonValue:
    """Give a value that is valid under `schema`; the same arguments always give the same value.

    `name` is what the value is called, which tells what to write; `words` is the length of body texts.
    """
    rng = random.Random(seed.encode("utf-8", "surrogatepass"))
    return fill_with(schema, name, Writer(rng, topic=clean(topic), persona=persona, words=words))


def fill_with(schema: Schema, name: str, writer: Writer) -> JsonValue:
    """Give a value for one field of an answer that `writer` is writing."""
    return _Filler(schema, writer).value(schema, _Place(name=name))


@dataclass(frozen=True, slots=True)
class _Place:
    """Where in the value something stands: its name, the model around it, and the way down to it."""

    name: str
    owner: str = ""
    refs: tuple[str, ...] = ()
    depth: int = 0
    is_wide: bool = False

    @property
    def repeats(self) -> int:
        """How often a reference came again on the way down: how deep a recursion is."""
        return len(self.refs) - len(set(self.refs))

    def inside(self, name: str, owner: str = "") -> "_Place":
        return replace(self, name=name, owner=owner, depth=self.depth + 1, is_wide=False)


class _Filler:
    """Fills one schema. Once it is deep in a recursion, or has made many values, it adds only what must be there."""

    def __init__(self, root: Schema, writer: Writer) -> None:
        self._tree = SchemaTree(root)
        self._writer = writer
        self._rng = writer.rng
        self._values = 0

    def value(self, schema: Schema, place: _Place) -> JsonValue:
        self._values += 1
        schema, place = self._settled(schema, place)
        if "const" in schema:
            return _json(schema["const"])
        if "enum" in schema:
            choices = [choice for choice in schema["enum"] if choice is not None] or [None]
            return _json(self._rng.choice(choices))
        match type_of(schema):
            case "object":
                return self._object(schema, place)
            case "array":
                return self._array(schema, place)
            case "integer" | "number" as kind:
                tokens = tokens_of(place.name)
                return number(schema, tokens, self._rng, is_integer=kind == "integer", is_wide=place.is_wide)
            case "boolean":
                return self._rng.random() < 0.7
            case "null":
                return None
            case _:
                return self._string(schema, place)

    def _is_modest(self, place: _Place) -> bool:
        return self._values > MAX_VALUES or place.depth > MAX_DEPTH or place.repeats >= MAX_REPEATS

    def _settled(self, schema: Schema, place: _Place) -> tuple[Schema, _Place]:
        """Follow references and choose alternatives until one plain schema is left."""
        for _ in range(MAX_NESTING):
            if place.depth > MAX_NESTING:
                break
            if "$ref" in schema:
                place = replace(place, refs=(*place.refs, schema["$ref"]))
                schema = self._tree.followed(schema)
            elif branches := branches_of(schema):
                beside = {key: part for key, part in schema.items() if key not in ("anyOf", "oneOf")}
                schema = {**beside, **self._branch(branches, place)}
            elif "allOf" in schema:
                beside = {key: part for key, part in schema.items() if key != "allOf"}
                schema = merged([beside, *map(self._followed_wholly, schema["allOf"])])
            else:
                return schema, place
        raise ConfigurationError(
            f"The schema of {place.name!r} has no finite value.",
            hint="A model that holds itself needs a way to end: an optional field, or a list that may be empty.",
        )

    def _followed_wholly(self, part: object) -> Schema:
        schema = as_schema(part)
        for _ in range(MAX_NESTING):
            if "$ref" not in schema:
                break
            schema = self._tree.followed(schema)
        return schema

    def _branch(self, branches: list[Schema], place: _Place) -> Schema:
        """Choose an alternative: not null, and numbers before strings that may stand for them."""
        if self._is_modest(place):
            return min(branches, key=self._tree.height)
        choices = [branch for branch in branches if branch.get("type") != "null"] or branches
        if any(branch.get("type") in ("integer", "number") for branch in choices):
            choices = [branch for branch in choices if branch.get("type") != "string"]
        return self._rng.choice([c for c in choices if math.isfinite(self._tree.height(c))] or choices)

    def _string(self, schema: Schema, place: _Place) -> str:
        if schema.get("contentMediaType") == "application/json":
            held = self.value(as_schema(schema.get("contentSchema")), place.inside(place.name))
            return json.dumps(held, ensure_ascii=False)
        text = self._writer.string(schema, place.name, place.owner)
        if not place.is_wide or "pattern" in schema or "format" in schema:
            return text
        marked = f"{text} {self._rng.randint(2, 9_999)}"
        most = schema.get("maxLength", len(marked))
        return marked[len(marked) - most :] if most < len(marked) else marked

    def _array(self, schema: Schema, place: _Place) -> JsonValue:
        prefix = schema.get("prefixItems", ())
        values = [self.value(as_schema(part), place.inside(place.name, place.owner)) for part in prefix]
        if schema.get("items") is False or (prefix and "items" not in schema):
            return values
        count = self._count(schema, "Items", place)
        items = as_schema(schema.get("items"))
        if not schema.get("uniqueItems"):
            places = (place.inside(place.name, place.owner) for _ in range(count - len(values)))
            return [*values, *(self.value(items, item) for item in places)]
        least = schema.get("minItems", 0)
        return self._distinct(lambda item: self.value(items, item), place, values, least=least, count=count)

    def _distinct(
        self,
        draw: Callable[[_Place], JsonValue],
        place: _Place,
        values: list[JsonValue],
        *,
        least: int,
        count: int,
    ) -> list[JsonValue]:
        """Draw until there are `count` different values, or as many as there are."""
        seen = {json.dumps(value, sort_keys=True) for value in values}
        misses = 0
        while len(values) < count and misses < (UNIQUE_DRAWS if len(values) < least else REPEATED_DRAWS):
            item = place.inside(place.name, place.owner)
            value = draw(replace(item, is_wide=misses > REPEATED_DRAWS // 2))
            key = json.dumps(value, sort_keys=True)
            if key in seen:
                misses += 1
            else:
                seen.add(key)
                values.append(value)
                misses = 0
        return values

    def _count(self, schema: Schema, what: str, place: _Place) -> int:
        """Choose how many items or entries there are, within their limits."""
        least, most = schema.get(f"min{what}", 0), schema.get(f"max{what}")
        if self._is_modest(place):
            return int(least)
        wanted = self._rng.randint(1, 2) if place.repeats else self._rng.randint(2, 4)
        return int(max(least, wanted if most is None else min(most, wanted)))

    def _object(self, schema: Schema, place: _Place) -> JsonValue:
        properties: Mapping[str, object] = schema.get("properties", {})
        required = frozenset(schema.get("required", ()))
        owner = str(schema.get("title", place.name))
        is_modest = self._is_modest(place)
        values = {
            name: self.value(as_schema(part), place.inside(name, owner))
            for name, part in properties.items()
            if name in required or not is_modest
        }
        missing = self._count(schema, "Properties", place) if "properties" not in schema else 0
        missing = max(missing, schema.get("minProperties", 0)) - len(values)
        return {**values, **self._entries(schema, place, missing)} if missing > 0 else values

    def _entries(self, schema: Schema, place: _Place, count: int) -> dict[str, JsonValue]:
        """Make `count` entries of an object that is a mapping."""
        patterns: Mapping[str, object] = schema.get("patternProperties", {})
        key_schema: Schema = {"type": "string", **as_schema(schema.get("propertyNames"))}
        part = as_schema(schema.get("additionalProperties"))
        if patterns:
            pattern, held = next(iter(patterns.items()))
            key_schema, part = {"type": "string", "pattern": pattern}, as_schema(held)
        elif schema.get("additionalProperties") is False:
            return {}
        least = schema.get("minProperties", 0)
        keys = self._distinct(lambda item: self._key(key_schema, item), place, [], least=least, count=count)
        return {str(key): self.value(part, place.inside(place.name, place.owner)) for key in keys}

    def _key(self, schema: Schema, place: _Place) -> str:
        is_free = schema.keys() == {"type"}
        if is_free and _NUMBERED & set(tokens_of(place.name)):
            return str(self._rng.randint(1, 9_999 if place.is_wide else 20))
        return str(self.value(schema, replace(place, name="tag" if is_free else place.name)))


def _json(value: object) -> JsonValue:
    """Take a constant out of a schema, which is JSON."""
    match value:
        case None | bool() | int() | float() | str():
            return value
        case list():
            return [_json(item) for item in value]
        case dict():
            return {str(key): _json(item) for key, item in value.items()}
    return str(value)
