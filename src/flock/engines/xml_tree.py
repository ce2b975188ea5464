"""Builds one field's value from its XML elements, and gives its leaves as deltas while they arrive."""

from dataclasses import dataclass, field
from typing import Any

from flock.engines.field_types import FieldDelta, FieldSpec
from flock.engines.json_section import JsonSection
from flock.engines.text_section import TextSection
from flock.engines.trimmer import WHITESPACE
from flock.engines.xml_shape import Shape
from flock.errors import FormatError
from flock.pointer import MAX_DEPTH, child

ITEM = "item"
ENTRY = "entry"


@dataclass(slots=True)
class _Node:
    """An open element: undecided until its first content makes it a leaf or a container.

    `earlier` is the list that an element of the same name, before this one, has begun. An implicit node has no tags
    of its own: it is the item that a list's element stands for when it does not wrap its items.
    """

    tag: str
    key: str
    pointer: str
    shape: Shape
    leaf: TextSection | JsonSection | None = None
    container: dict[str, Any] | list[Any] | None = None
    earlier: list[Any] | None = None
    is_implicit: bool = False
    repeated: set[str] = field(default_factory=set)


class XmlTree:
    """The element of one field. Its schema decides what is a list, a string or a number.

    Children named `item` make a list, others an object; `<entry key="…">` is an object's member of that key. Where
    the schema wants a list, an element may wrap its items, hold them as JSON, or be one of them. Elsewhere a tag that
    comes again makes a list of its values, though the first was streamed before that was known. Without a schema,
    text inside nested elements is a string.
    """

    def __init__(self, spec: FieldSpec) -> None:
        self.is_done = False
        self.value: Any = None
        self.name = spec.name
        root = _Node(spec.name, "", "", Shape.of(spec.schema))
        if spec.kind == "text":
            root.leaf = TextSection(spec.name, nullable=spec.nullable)
        self._nullable = spec.nullable
        self._stack = [root]

    @property
    def leaf_tag(self) -> str | None:
        """The tag of the leaf that is open: until it ends, all is text. None between elements."""
        node = self._stack[-1]
        return node.tag if node.leaf is not None else None

    def where(self) -> str:
        """Say where the tree stands, for messages."""
        node = self._stack[-1]
        return f"field {self.name!r}" + (f" at {node.pointer[1:]!r}" if node.pointer else "")

    def text(self, text: str, out: list[FieldDelta]) -> bool:
        """Take character data; say whether it has a place here. Between a container's elements it has none."""
        node = self._stack[-1]
        if node.container is not None:
            return False
        leaf = node.leaf
        if leaf is None:
            start = text.lstrip(WHITESPACE)
            if not start:
                return True
            leaf = self._begin_leaf(node, start[0])
        leaf.feed(text, out)
        return True

    def open(self, tag: str, key: str | None) -> None:
        """Begin an element inside this one; `key` is its attribute of that name."""
        node = self._stack[-1]
        if node.container is None:
            node = self._begin_container(node, tag)
        if len(self._stack) > MAX_DEPTH:
            raise FormatError(f"The XML of {self.where()} is nested deeper than {MAX_DEPTH} levels.")
        if isinstance(node.container, list):
            self._push(tag, node, str(len(node.container)), node.shape.item(len(node.container)))
        else:
            name = key if tag == ENTRY and key is not None else tag
            self._push(tag, node, name, node.shape.member(name))

    def close(self, tag: str, out: list[FieldDelta]) -> None:
        """End the innermost element, or the whole field. Raises `FormatError` when it is not named `tag`."""
        node = self._stack[-1]
        if node.tag != tag:
            raise FormatError(f"The XML of {self.where()} is broken: expected '</{node.tag}>', found '</{tag}>'.")
        value = self._end(node, out)
        self._stack.pop()
        if not self._stack:
            self.value = value
            self.is_done = True
            return
        self._attach(self._stack[-1], node, value)
        if node.is_implicit:
            self.close(tag, out)

    def _push(self, tag: str, parent: _Node, key: str, shape: Shape) -> None:
        pointer = child(parent.pointer, key)
        node = _Node(tag, key, pointer, shape)
        if isinstance(parent.container, dict) and key in parent.container:
            before = parent.container[key]
            if shape.is_array and isinstance(before, list):
                node.earlier = before
            else:
                node.pointer = child(pointer, len(before) if key in parent.repeated else 1)
        if shape.is_string:
            node.leaf = TextSection(self.name, node.pointer, nullable=shape.nullable)
        self._stack.append(node)

    def _begin_container(self, node: _Node, tag: str) -> _Node:
        types = node.shape.types
        is_list = node.shape.is_array or (tag == ITEM and (not types or "array" in types))
        if not is_list:
            node.container = {}
            return node
        items = node.container = [] if node.earlier is None else node.earlier
        if tag == ITEM or not node.shape.item(len(items)).has_member(tag):
            return node
        item = self._push_implicit(node, items)
        item.container = {}
        return item

    def _begin_leaf(self, node: _Node, first: str) -> TextSection | JsonSection:
        may_be_whole = node.earlier is None and (node.shape.nullable or first in '[{"`')
        if node.shape.is_array and not may_be_whole:
            items = node.container = [] if node.earlier is None else node.earlier
            node = self._push_implicit(node, items)
        if node.leaf is None:
            is_string = not node.shape.types and len(self._stack) > 1
            section = TextSection if is_string else JsonSection
            node.leaf = section(self.name, node.pointer, nullable=self._may_be_null(node))
        return node.leaf

    def _may_be_null(self, node: _Node) -> bool:
        return node.shape.nullable or (self._nullable and node is self._stack[0])

    def _push_implicit(self, node: _Node, items: list[Any]) -> _Node:
        self._push(node.tag, node, str(len(items)), node.shape.item(len(items)))
        self._stack[-1].is_implicit = True
        return self._stack[-1]

    def _end(self, node: _Node, out: list[FieldDelta]) -> object:
        if node.leaf is not None:
            node.leaf.close(out)
            if node.leaf.error is not None:
                raise node.leaf.error
            return node.leaf.value
        if node.container is not None:
            return node.container
        if node.earlier is not None:
            return node.earlier
        return self._empty(node, out)

    def _empty(self, node: _Node, out: list[FieldDelta]) -> object:
        path = node.pointer[1:]
        if self._may_be_null(node):
            out.append(FieldDelta(self.name, path, "json", "null"))
            return None
        if "array" in node.shape.types:
            out.append(FieldDelta(self.name, path, "json", "[]"))
            return []
        if "object" in node.shape.types:
            out.append(FieldDelta(self.name, path, "json", "{}"))
            return {}
        return ""

    @staticmethod
    def _attach(parent: _Node, node: _Node, value: object) -> None:
        container = parent.container
        if isinstance(container, list):
            container.append(value)
        elif container is None or value is node.earlier is not None:
            return
        elif node.key not in container:
            container[node.key] = value
        elif node.key in parent.repeated:
            container[node.key].append(value)
        else:
            container[node.key] = [container[node.key], value]
            parent.repeated.add(node.key)
