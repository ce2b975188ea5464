"""Artifacts, the typed values on the blackboard, and the registry of their types."""

from collections.abc import Callable, Mapping
from copy import Error as CopyError
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, TypeVar, overload
from uuid import UUID, uuid4
from weakref import WeakKeyDictionary

from pydantic import BaseModel, ValidationError

from flock.errors import ConfigurationError, DuplicateNameError, InputError, PayloadError, UnknownNameError
from flock.text import clean
from flock.visibility import PUBLIC, Identity, Visibility, is_open_to_readers_of, may_see, visibility_wire

EXTERNAL = "external"
"""Producer of artifacts that came from outside: `publish`, REST, the command line."""

ModelT = TypeVar("ModelT", bound=BaseModel)


@dataclass(frozen=True, slots=True, kw_only=True)
class Artifact:
    """A typed value on the blackboard.

    `payload` is an instance of the pydantic model registered as `type`. `run_id` is the run that made it (None for
    what came from outside), `derived_from` the ids of the artifacts it was made from, `created_at` is in UTC.
    `visibility` says who may see it.
    """

    type: str
    payload: BaseModel
    produced_by: str = EXTERNAL
    correlation_id: UUID = field(default_factory=uuid4)
    run_id: str | None = None
    derived_from: tuple[UUID, ...] = ()
    tags: frozenset[str] = frozenset()
    visibility: Visibility = PUBLIC
    id: UUID = field(default_factory=uuid4)
    created_at: datetime = field(default_factory=lambda: datetime.now(UTC))

    @property
    def age_s(self) -> float:
        """Seconds since it was made."""
        return (datetime.now(UTC) - self.created_at).total_seconds()

    def is_seen_by(self, identity: Identity) -> bool:
        """Whether somebody may see it now."""
        return may_see(identity, self.visibility, age_s=self.age_s)

    def may_be_shown_as(self, visibility: Visibility) -> bool:
        """Whether everybody who may see something of this visibility may see the artifact now."""
        return is_open_to_readers_of(visibility, self.visibility, age_s=self.age_s)

    def to_wire(self) -> dict[str, Any]:
        """Give the JSON form every surface uses; the payload's fields by their names, never their aliases."""
        return {
            "id": str(self.id),
            "type": self.type,
            "payload": self.payload.model_dump(mode="json", by_alias=False),
            "produced_by": self.produced_by,
            "correlation_id": str(self.correlation_id),
            "run_id": self.run_id,
            "derived_from": [str(source) for source in self.derived_from],
            "tags": sorted(self.tags),
            "visibility": visibility_wire(self.visibility),
            "created_at": self.created_at.isoformat(),
        }


class TypeRegistry:
    """Names of artifact types and the pydantic models behind them."""

    def __init__(self) -> None:
        self._models: dict[str, type[BaseModel]] = {}
        self._names: WeakKeyDictionary[type[BaseModel], str] = WeakKeyDictionary()

    def register(self, model: type[BaseModel], name: str) -> None:
        """Bind `name` to `model`.

        The same class defined again (a reloaded module, a notebook cell) replaces the earlier one, whose instances
        and agents keep the name; another class under a taken name, or a second name for a class, raises
        `DuplicateNameError`.
        """
        if not name.strip() or clean(name) != name:
            raise ConfigurationError(f"{name!r} cannot name an artifact type.", hint='For example name="Post".')
        if self._names.get(model, name) != name:
            raise DuplicateNameError(f"{_place(model)} is artifact type {self._names[model]!r} already.")
        taken = self._models.get(name)
        if taken is not None and _place(taken) != _place(model):
            raise DuplicateNameError(
                f"Two artifact types are named {name!r}: {_place(taken)} and {_place(model)}.",
                hint='Give one of them another name: @flock_type(name="…").',
            )
        self._models[name] = model
        self._names[model] = name

    def model(self, name: str) -> type[BaseModel]:
        """Give the model registered as `name`; raises `UnknownNameError` with a "did you mean"."""
        try:
            return self._models[name]
        except KeyError:
            raise UnknownNameError.of("artifact type", name, self._models) from None

    def name(self, model: type[BaseModel]) -> str:
        """Give the type name of `model`; raises `ConfigurationError` if it is not a flock type."""
        name = self._names.get(model) if isinstance(model, type) else None
        if name is None:
            shown = model.__qualname__ if isinstance(model, type) else model
            raise ConfigurationError(f"{shown!r} is not a flock type.", hint="Decorate the class with @flock_type.")
        return name

    def names(self) -> list[str]:
        """Give all type names, sorted."""
        return sorted(self._models)

    def parse(self, name: str, payload: object) -> BaseModel:
        """Validate `payload` as type `name`; raises `UnknownNameError` or `PayloadError` with the paths.

        Fields may go by their names or their aliases, so that what is shown can be published again.
        """
        model = self.model(name)
        if isinstance(payload, model):
            return payload
        try:
            return model.model_validate(payload, by_alias=True, by_name=True)
        except ValidationError as exc:
            raise payload_error(name, exc) from exc
        except UnicodeError as exc:  # a validator of the type put half a character into its message
            raise PayloadError(f"The payload does not fit type {name!r}: its text is not valid Unicode.") from exc


def payload_error(name: str, error: ValidationError) -> PayloadError:
    """Turn pydantic's report on a payload of type `name` into a `PayloadError`."""
    issues = [
        {"path": ".".join(str(part) for part in issue["loc"]) or "(root)", "message": issue["msg"]}
        for issue in error.errors(include_url=False, include_context=False, include_input=False)
    ]
    shown = "; ".join(f"{issue['path']}: {issue['message']}" for issue in issues[:5])
    return PayloadError(f"The payload does not fit type {name!r}: {shown}.", issues=issues)


types = TypeRegistry()
"""The registry `flock_type` writes to: types belong to the program, as classes do."""


@overload
def flock_type(model: type[ModelT], /) -> type[ModelT]: ...
@overload
def flock_type(*, name: str | None = None) -> Callable[[type[ModelT]], type[ModelT]]: ...
def flock_type(
    model: type[ModelT] | None = None, /, *, name: str | None = None
) -> type[ModelT] | Callable[[type[ModelT]], type[ModelT]]:
    """Make a pydantic model an artifact type, named as its class unless `name` says otherwise.

    Raises `ConfigurationError` for anything but a pydantic model, `DuplicateNameError` for a name in use.
    """

    def register(target: type[ModelT]) -> type[ModelT]:
        if not (isinstance(target, type) and issubclass(target, BaseModel)):
            raise ConfigurationError(
                f"@flock_type needs a pydantic model, not {target!r}.", hint="Let the class derive from BaseModel."
            )
        types.register(target, name or target.__name__)
        return target

    return register if model is None else register(model)


Publishable = BaseModel | Mapping[str, Any]
"""What `publish` takes: an instance of a flock type, or `{"type": …, "payload": …}`."""


def read_publishable(value: Publishable) -> tuple[str, BaseModel]:
    """Give type name and validated payload of what a user publishes; the payload is a copy.

    A mapping is `{"type": NAME, "payload": {…}}` or `{"type": NAME, **fields}`.
    """
    match value:
        case BaseModel():
            name = types.name(type(value))
            return name, copy_payload(name, value)
        case {"type": str(name), "payload": payload} if len(value) == 2:
            return name, copy_payload(name, types.parse(name, payload))
        case {"type": str(name)}:
            fields = {key: field for key, field in value.items() if key != "type"}
            return name, copy_payload(name, types.parse(name, fields))
        case _:
            raise InputError(
                f"Cannot publish {type(value).__name__!r}.",
                hint='Publish a @flock_type instance, {"type": NAME, "payload": {…}}, or a list of them.',
            )


def copy_payload(name: str, payload: BaseModel) -> BaseModel:
    """Copy a payload of type `name`: what is published does not change with the object its maker still holds.

    Raises `PayloadError` where something in it cannot be copied.
    """
    try:
        return payload.model_copy(deep=True)
    except (TypeError, RecursionError, CopyError) as exc:
        raise PayloadError(
            f"An artifact of type {name!r} cannot be copied: {exc}.",
            hint="Publish values that JSON can hold, no locks, files or connections.",
        ) from exc


def _place(model: type[BaseModel]) -> str:
    return f"{model.__module__}.{model.__qualname__}"
