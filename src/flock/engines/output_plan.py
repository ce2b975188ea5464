"""How an agent's output types become the fields a model is asked for, and back again."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic.fields import FieldInfo

from flock.artifacts import payload_error, types
from flock.engines.field_types import FieldSpec
from flock.errors import ConfigurationError, FormatError
from flock.events import Channel
from flock.naming import snake_case

RESERVED_NAMES = frozenset(
    "signature instructions fields completed reasoning trajectory config lm demos new_signature prediction "
    "next_thought next_tool_name next_tool_args max_iters description input output".split()
)
"""Words DSPy's signatures, adapters and programs keep for themselves; such fields get another name in the prompt."""


@dataclass(frozen=True, slots=True)
class PlannedField:
    """One field of the prompt: which part of which artifact it fills.

    `field` is the model's field name, None where the prompt field is a whole artifact.
    """

    prompt_name: str
    artifact: int
    field: str | None
    annotation: Any
    info: FieldInfo
    spec: FieldSpec

    def channel(self, path: str, kind: str, step: int) -> Channel:
        """Give the channel for text at `path` inside this prompt field."""
        place = "/".join(part for part in (self.field, path) if part)
        return Channel("llm_token", place, "json" if kind == "json" else "text", step, self.artifact)


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
                self.fields[prompt_name] = PlannedField(prompt_name, index, field, info.annotation, info, spec)

    def validate(self, values: Mapping[str, Any]) -> list[BaseModel]:
        """Make the artifacts' payloads from the parsed values; raises `FormatError` with every violation."""
        return [self._payload(index, model, values) for index, model in enumerate(self.models)]

    def _prompt_fields(self, model: type[BaseModel]) -> list[tuple[str, FieldInfo, str | None]]:
        if len(self.models) > 1:
            info = FieldInfo(annotation=model, description=(model.__doc__ or "").strip() or None)
            return [(snake_case(types.name(model)), info, None)]
        if not model.model_fields:
            raise ConfigurationError(
                f"Type {types.name(model)!r} has no fields, so there is nothing to ask a model for.",
                hint="Give it fields, or make it with an engine of your own.",
            )
        return [(name, info, name) for name, info in model.model_fields.items()]

    def _payload(self, index: int, model: type[BaseModel], values: Mapping[str, Any]) -> BaseModel:
        data: Any = {}
        for planned in self.fields.values():
            if planned.artifact == index and planned.prompt_name in values:
                value = values[planned.prompt_name]
                data = value if planned.field is None else {**data, planned.field: value}
        try:
            return model.model_validate_json(json.dumps(data), by_alias=True, by_name=True)
        except ValidationError as exc:
            raise FormatError(payload_error(types.name(model), exc).message) from exc


def field_spec(name: str, annotation: Any, info: FieldInfo | None = None) -> FieldSpec:  # noqa: ANN401 - any annotation
    """Say how a field of this type is written and parsed: as text where its JSON is a string."""
    described = annotation if info is None or not info.metadata else _annotated(annotation, info)
    schema = TypeAdapter(described).json_schema()
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
