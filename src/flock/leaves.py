"""Compares a value with the deltas it was streamed as, leaf by leaf.

Paths alone cannot rebuild a value (`0` is an index or a key), but they can prove that nothing was lost or added.
"""

import json
import math
from collections.abc import Mapping
from typing import Any

from flock.events import TextKind
from flock.pointer import escape
from flock.text import clean


def leaves(value: object) -> dict[str, tuple[TextKind, Any]]:
    """Flatten a JSON value: path to (kind, leaf), in the value's order. Empty containers are leaves.

    Raises `TypeError` for what JSON cannot hold.
    """
    found: dict[str, tuple[TextKind, Any]] = {}
    rest: list[tuple[str, Any]] = [("", value)]
    while rest:
        pointer, item = rest.pop()
        match item:
            case str():
                found[pointer[1:]] = ("text", item)
            case None | bool() | int() | float():
                found[pointer[1:]] = ("json", item)
            case dict() if item:
                rest.extend((f"{pointer}/{escape(str(key))}", item[key]) for key in reversed(item))
            case list() | tuple() if item:
                rest.extend((f"{pointer}/{index}", item[index]) for index in reversed(range(len(item))))
            case dict() | list() | tuple():
                found[pointer[1:]] = ("json", {} if isinstance(item, dict) else [])
            case _:
                raise TypeError(f"a {type(item).__name__} at {pointer[1:]!r} is not a JSON value")
    return found


def same(streamed: Mapping[str, tuple[TextKind, str]], value: object) -> bool:
    """Say whether what was streamed of one field (path to kind and joined text) is exactly `value`.

    An empty string streams nothing. `True` is not `1`, but `3` is `3.0`.
    """
    expected = leaves(value)
    if not expected.keys() >= streamed.keys():
        return False
    return all(_same_leaf(streamed.get(path, ("text", "")), leaf) for path, leaf in expected.items())


def plain(value: object) -> Any:  # noqa: ANN401 - any JSON value
    """Give a JSON value as the wire can hold it: its texts valid Unicode, its numbers finite (else null)."""
    match value:
        case str():
            return clean(value)
        case float():
            return value if math.isfinite(value) else None
        case dict():
            return {clean(key) if isinstance(key, str) else key: plain(item) for key, item in value.items()}
        case list() | tuple():
            return [plain(item) for item in value]
        case _:
            return value


def _same_leaf(streamed: tuple[TextKind, str], leaf: tuple[TextKind, Any]) -> bool:
    kind, text = streamed
    if kind != leaf[0]:
        return False
    if kind == "text":
        return bool(text == leaf[1])
    try:
        literal = json.loads(text)
    except ValueError:
        return False
    return isinstance(literal, bool) == isinstance(leaf[1], bool) and bool(literal == leaf[1])
