"""How an agent's output types become the fields a model is asked for, and back again."""

import json
from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, RootModel, TypeAdapter, ValidationError
from pydantic.fields import FieldInfo

from flock.artifacts import payload_error, types
from flock.engines.alias_schema import has_aliases, json_schema, own_names
from flock.engines.field_types import FieldSpec
from flock.engines.xml_shape import Shape
from flock.errors import ConfigurationError, FormatError
from flock.events import Channel
from flock.naming import snake_case

ROOT = "root"
"""What the value of a `RootModel` is called on the wire where it is no object, whose keys would be the fields."""

RESERVED_NAMES = frozenset(
    "signature instructions fields completed reasoning trajectory config lm demos new_signature prediction "
    "next_thought next_tool_name next_tool_args max_iters description input output".split()
)
"""Words DSPy's signatures, adapters and programs keep for themselves; such fields get another name in the prompt."""


@dataclass(frozen=True, slots=True)
class PlannedField:
    """One field of the prompt: which part of which artifact it fills.

    `field` is the model's field name, None where the prompt field is a whole artifact; `is_root` where that artifact
    is a `RootModel`.
    """

    prompt_name: str
    artifact: int
    field: str | None
    annotation: Any
    info: FieldInfo
    spec: FieldSpec
    is_root: bool
    has_aliases: bool

    def channel(self, path: str, kind: str, step: int) -> Channel:
        """Give the channel for text at `path` inside this prompt field; aliases on the way become field names."""
        names = own_names(self.spec.schema or {}, path) if self.has_aliases else path
        field = ROOT if self.is_root and not self._is_member(path) else self.field
        place = "/".join(part for part in (field, names) if part)
        return Channel("llm_token", place, "json" if kind == "json" else "text", step, self.artifact)

    def _is_member(self, path: str) -> bool:
        """Say whether `path` begins with an object's key; where the schema leaves it open, a number is an index."""
        kinds = Shape.of(self.spec.schema).types
        if not path or (kinds and "object" not in kinds):
            return False
        return kinds == {"object"} or not path.partition("/")[0].isdecimal()


class OutputPlan:
    """The prompt's output fields for these artifact types.

    With one type its fields are the prompt's, so that prose streams as prose; with several, each type is one field.
    Names that DSPy reserves, or that an input has, are changed in the prompt only.
    """

    def __init__(self, models: Sequence[type[BaseModel]], *, taken: Sequence[str] = ()) -> None:
        self.models = tuple(models)
        self.fields: dict[str, PlannedField] = {}
        used = {*RESERVED_NAMES, *taken}
        for index, model in enumerate(self.models):
            for name, info, field in self._prompt_fields(model):
                prompt_name = _free_name(name, used)
                used.add(prompt_name)
                spec = field_spec(prompt_name, info.annotation, info)
                self.fields[prompt_name] = PlannedField(
                    prompt_name=prompt_name,
                    artifact=index,
                    field=field,
                    annotation=info.annotation,
                    info=info,
                    spec=spec,
                    is_root=field is None and issubclass(model, RootModel),
                    has_aliases=has_aliases(spec.schema),
                )

    def validate(self, values: Mapping[str, Any]) -> list[BaseModel]:
        """Make the artifacts' payloads from the parsed values; raises `FormatError` with every violation."""
        return [self._payload(index, model, values) for index, model in enumerate(self.models)]

    def _prompt_fields(self, model: type[BaseModel]) -> list[tuple[str, FieldInfo, str | None]]:
        about = (model.__doc__ or "").strip() or None
        if len(self.models) > 1:
            return [(snake_case(types.name(model)), FieldInfo(annotation=model, description=about), None)]
        if not model.model_fields:
            raise ConfigurationError(
                f"Type {types.name(model)!r} has no fields, so there is nothing to ask a model for.",
                hint="Give it fields, or make it with an engine of your own.",
            )
        if issubclass(model, RootModel):
            info = copy(model.model_fields["root"])
            info.description = info.description or about
            return [(snake_case(types.name(model)), info, None)]
        return [(name, info, name) for name, info in model.model_fields.items()]

    def _payload(self, index: int, model: type[BaseModel], values: Mapping[str, Any]) -> BaseModel:
        planned = [field for field in self.fields.values() if field.artifact == index]
        found = {field.field: values[field.prompt_name] for field in planned if field.prompt_name in values}
        if issubclass(model, RootModel) and not found:
            if model.model_fields["root"].is_required():
                raise FormatError(f"The field {planned[0].prompt_name!r} is missing.")
            return model()
        data = found.get(None, found)
        try:
            return model.model_validate_json(json.dumps(data), by_alias=True, by_name=True)
        except ValidationError as exc:
            raise FormatError(payload_error(types.name(model), exc).message) from exc


def field_spec(name: str, annotation: Any, info: FieldInfo | None = None) -> FieldSpec:  # noqa: ANN401 - any annotation
    """Say how a field of this type is written and parsed: as text where its JSON is a string."""
    described = annotation if info is None or not info.metadata else _annotated(annotation, info)
    schema = json_schema(TypeAdapter(described))
    kinds, is_nullable = _kinds(schema, schema.get("$defs", {}))
    return FieldSpec(name, "text" if kinds == {"string"} else "json", is_nullable, schema)


def _annotated(annotation: Any, info: FieldInfo) -> Any:  # noqa: ANN401 - any annotation
    from typing import Annotated

    return Annotated[annotation, *info.metadata]


def _kinds(schema: Mapping[str, Any], definitions: Mapping[str, Any]) -> tuple[set[str], bool]:
    """Give the JSON types a schema allows, null aside, and whether it allows null."""
    kinds: set[str] = set()
    is_nullable = False
    rest: list[Mapping[str, Any]] = [schema]
    seen: set[str] = set()
    while rest:
        part = rest.pop()
        reference = part.get("$ref")
        if reference is not None:
            name = str(reference).rsplit("/", 1)[-1]
            if name not in seen:
                seen.add(name)
                rest.append(definitions[name])
            continue
        options = [*part.get("anyOf", ()), *part.get("oneOf", ()), *part.get("allOf", ())]
        rest.extend(options)
        if "type" in part:
            is_nullable |= part["type"] == "null"
            kinds |= {part["type"]} - {"null"}
        elif "const" in part or "enum" in part:
            values = part.get("enum", [part.get("const")])
            kinds |= {"string" if isinstance(value, str) else "other" for value in values}
        elif not options:
            kinds.add("any")
    return kinds, is_nullable


def _free_name(name: str, used: set[str]) -> str:
    candidate = name.lstrip("_") or "field"
    if not candidate.isidentifier():
        candidate = "field_" + "".join(letter if letter.isalnum() else "_" for letter in candidate)
    base = candidate
    number = 1
    while candidate in used:
        candidate = f"{base}_output" if number == 1 else f"{base}_output_{number}"
        number += 1
    return candidate
