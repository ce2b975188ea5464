"""What a field parser takes and gives: the fields an answer shall have, and the deltas that viewers see."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Literal, NamedTuple, Protocol

FieldKind = Literal["text", "json"]


@dataclass(frozen=True, slots=True)
class FieldSpec:
    """One field that an answer shall have.

    `name` is what the prompt calls it. A `text` field is a string (prose, a `Literal` or enum of strings, a date, …)
    and is written raw in chat and XML; a `json` field is anything else. `schema` is the field's JSON Schema with its
    `$defs`: nested XML needs it to know lists and numbers.
    """

    name: str
    kind: FieldKind
    nullable: bool = False
    schema: Mapping[str, Any] | None = field(default=None, hash=False)


class FieldDelta(NamedTuple):
    """A piece of one leaf of one field; containers are implied by the paths of their leaves.

    `field` is None for stray text outside every field. `path` is an RFC 6901 pointer inside the field without its
    leading slash, "" for the field itself. A `text` delta is unescaped text, one of any number that make up a string;
    a `json` delta is one whole literal: a number, `true`, `false`, `null`, or an empty `[]` or `{}`.
    """

    field: str | None
    path: str
    kind: FieldKind
    text: str


make_delta: Callable[[tuple[str | None, str, FieldKind, str]], FieldDelta] = partial(tuple.__new__, FieldDelta)
"""Make a delta of a plain tuple, at a third of what calling the class costs: there is one for every token."""


class FieldParser(Protocol):
    """Turns an answer that arrives in any pieces into deltas and values. No piece is looked at twice."""

    def feed(self, text: str) -> list[FieldDelta]:
        """Take the next piece; give what is certain by now. Never raises, never gives an empty delta."""

    def more(self, text: str) -> str | None:
        """Take the next piece where it can only go on at the place of the last delta, as most tokens do.

        Give what is certain of it, or nothing yet (""). None where nothing was taken: then `feed` is asked.
        """

    def close(self, *, is_whole: bool = True) -> list[FieldDelta]:
        """End the answer; give what was held back, where it broke off (not `is_whole`) without a marker that had begun.

        Raises `FormatError` when the answer cannot be parsed, or has none of the fields although some are expected.
        """

    @property
    def values(self) -> dict[str, Any]:
        """The value of each field found, by its name; complete after `close`. A field that is missing is absent."""
