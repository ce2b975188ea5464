"""Feeds answers to field parsers, and holds the parsers to their promises. Shared by the tests of the parsers."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from flock.engines.fields import FieldDelta, FieldKind, FieldParser, FieldSpec, make_parser
from flock.engines.model import AnswerFormat
from flock.errors import FormatError
from flock.leaves import same


@dataclass(frozen=True)
class Parsed:
    """What became of one answer. `values` is empty and `error` says why when it could not be parsed."""

    deltas: tuple[FieldDelta, ...]
    values: dict[str, Any]
    error: str | None

    def text(self, field: str | None, path: str = "") -> str:
        """Give the joined text of a leaf, or of what is stray."""
        return gather(self.deltas).get(field, {}).get(path, ("text", ""))[1]


def gather(deltas: Iterable[FieldDelta]) -> dict[str | None, dict[str, tuple[FieldKind, str]]]:
    """Join the deltas of each leaf: field to path to kind and text."""
    gathered: dict[str | None, dict[str, tuple[FieldKind, str]]] = {}
    for delta in deltas:
        leaf = gathered.setdefault(delta.field, {})
        kind, text = leaf.get(delta.path, (delta.kind, ""))
        assert kind == delta.kind, delta
        leaf[delta.path] = (kind, text + delta.text)
    return gathered


def run(parser: FieldParser, pieces: Iterable[str]) -> Parsed:
    deltas: list[FieldDelta] = []
    try:
        for piece in pieces:
            more = parser.more(piece)
            if more is None:
                deltas.extend(parser.feed(piece))
            elif more:
                deltas.append(deltas[-1]._replace(text=more))
        deltas.extend(parser.close())
    except FormatError as error:
        return Parsed(tuple(deltas), {}, str(error))
    return Parsed(tuple(deltas), parser.values, None)


def parse(format: AnswerFormat, fields: Sequence[FieldSpec], *pieces: str) -> Parsed:
    return run(make_parser(format, fields), pieces)


def cut(text: str, places: Iterable[int]) -> list[str]:
    """Cut a text at the places that lie within it."""
    edges = [0, *sorted({place for place in places if 0 < place < len(text)}), len(text)]
    return [text[start:end] for start, end in pairwise(edges)]


def assert_streamed_exactly(parsed: Parsed) -> None:
    """Check that the deltas are whole and are the values."""
    assert parsed.error is None, parsed.error
    assert all(delta.text for delta in parsed.deltas)
    streamed = gather(parsed.deltas)
    assert streamed.keys() - {None} <= parsed.values.keys()
    for name, value in parsed.values.items():
        assert same(streamed.get(name, {}), value), (name, streamed.get(name), value)


def assert_same_result(one: Parsed, other: Parsed) -> None:
    """Check that two parses of one answer differ in nothing but how the deltas are cut."""
    assert gather(one.deltas) == gather(other.deltas)
    assert json.dumps(one.values) == json.dumps(other.values)
    assert (one.error is None) == (other.error is None)
