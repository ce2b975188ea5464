"""Incremental field parsers: the one authority for an answer's live deltas and its parsed values.

Concatenated text deltas of a string are exactly its value; a viewer never sees markers, quotes or escapes.
"""

from collections.abc import Callable, Sequence

from flock.engines.chat_fields import COMPLETED, ChatFields
from flock.engines.field_types import FieldDelta, FieldKind, FieldParser, FieldSpec
from flock.engines.json_fields import JsonFields
from flock.engines.model import AnswerFormat
from flock.engines.xml_fields import XmlFields

__all__ = ["FieldDelta", "FieldKind", "FieldParser", "FieldSpec", "make_parser"]

_PARSERS: dict[AnswerFormat, Callable[[Sequence[FieldSpec]], FieldParser]] = {
    "chat": ChatFields,
    "json": JsonFields,
    "xml": XmlFields,
}


def make_parser(format: AnswerFormat, fields: Sequence[FieldSpec]) -> FieldParser:
    """Make the parser of one answer.

    Raises `ValueError` for field names that no prompt can hold: given twice, no identifier, or `completed` in chat.
    """
    names = [field.name for field in fields]
    for name in names:
        if names.count(name) > 1 or not name.isidentifier() or (format == "chat" and name == COMPLETED):
            raise ValueError(f"{name!r} cannot name a field of a {format} answer; give it another name in the prompt")
    return _PARSERS[format](fields)
