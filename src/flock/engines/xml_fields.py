"""The XML format: each field in an element of its name."""

import re
from collections.abc import Sequence
from typing import Any

from flock.engines.field_types import FieldDelta, FieldSpec
from flock.engines.stray_text import StrayText, no_fields_error
from flock.engines.xml_tree import XmlTree
from flock.errors import FormatError

_SPECIAL = re.compile(r"[<&]")
_NAME = r"[^\W\d][\w.\-]{0,99}"
_ATTRIBUTES = r"""(?:\s(?:[^<>"'/]|"[^"<]{0,1024}"|'[^'<]{0,1024}'){0,64})?"""
_TAG = re.compile(rf"<(/?)({_NAME})({_ATTRIBUTES})(/?)>")
_TAG_START = re.compile(rf"""</?(?:{_NAME}{_ATTRIBUTES}(?:"[^"<]{{0,1024}}|'[^'<]{{0,1024}}|/)?)?""")
_KEY = re.compile(r"""\skey\s*=\s*(?:"([^"]*)"|'([^']*)')""")
_CLOSING_END = re.compile(r"[ \t\r\n]{0,8}(>?)")

_NAMED = {"amp": "&", "lt": "<", "gt": ">", "quot": '"', "apos": "'"}
_ENTITY = re.compile(r"&(?:(amp|lt|gt|quot|apos)|#([0-9]{1,7})|#[xX]([0-9A-Fa-f]{1,6}));")
_ENTITY_START = re.compile(r"&(?:#(?:[0-9]{0,7}|[xX][0-9A-Fa-f]{0,6}))?")
_ENTITY_STARTS = tuple(f"&{name};" for name in _NAMED)

_CDATA = "<![CDATA["
_CDATA_END = "]]>"


class XmlFields:
    """Parses an XML answer.

    Outside fields, the tags of expected fields are markers and everything else is stray. A field's first element is
    the field; what a second one holds is stray. In a string, everything up to its own closing tag is text: other tags
    stand as they are written, `&amp;` and its like and CDATA are resolved, and a lone `&` or `<` is itself.
    """

    def __init__(self, specs: Sequence[FieldSpec]) -> None:
        self._specs = {spec.name: spec for spec in specs}
        self._stray = StrayText(drops_fences=True)
        self._tree: XmlTree | None = None
        self._values: dict[str, Any] = {}
        self._held = ""
        self._parts: list[str] = []
        self._is_cdata = False
        self._error: FormatError | None = None

    @property
    def values(self) -> dict[str, Any]:
        """The value of each field found."""
        return dict(self._values)

    def feed(self, text: str) -> list[FieldDelta]:
        """Take the next piece of the answer."""
        out: list[FieldDelta] = []
        if self._error is None:
            text, self._held = self._held + text, ""
            try:
                self._read(text, out)
                self._flush(out)
            except FormatError as error:
                self._error = error
        return out

    def more(self, text: str) -> str | None:
        """Leave every piece to `feed`: it may hold markup."""
        return None

    def close(self, *, is_whole: bool = True) -> list[FieldDelta]:
        """End the answer."""
        out: list[FieldDelta] = []
        if self._error is not None:
            raise self._error
        if self._tree is not None:
            raise FormatError(f"The XML is cut off in {self._tree.where()}: the text ends before its closing tag.")
        self._stray.feed(self._held, out)
        self._stray.close(out)
        if self._specs and not self._values:
            raise no_fields_error(self._specs, "XML", self._stray.start)
        return out

    def _read(self, text: str, out: list[FieldDelta]) -> None:
        pos = 0
        while pos < len(text):
            if self._is_cdata:
                pos = self._read_cdata(text, pos)
                continue
            special = _SPECIAL.search(text, pos)
            end = special.start() if special else len(text)
            if end > pos:
                self._parts.append(text[pos:end])
            if special is None:
                return
            pos = self._read_entity(text, end) if text[end] == "&" else self._read_markup(text, end, out)

    def _read_cdata(self, text: str, pos: int) -> int:
        end = text.find(_CDATA_END, pos)
        self._is_cdata = end < 0
        if end >= 0:
            self._parts.append(text[pos:end])
            return end + len(_CDATA_END)
        for length in (2, 1):
            if text.endswith(_CDATA_END[:length], pos):
                self._parts.append(text[pos : len(text) - length])
                return self._hold(text, len(text) - length)
        self._parts.append(text[pos:])
        return len(text)

    def _read_entity(self, text: str, pos: int) -> int:
        if entity := _ENTITY.match(text, pos):
            self._parts.append(_character(entity))
            return entity.end()
        rest = text[pos : pos + 12]
        if pos + len(rest) == len(text) and (
            _ENTITY_START.fullmatch(rest) or any(word.startswith(rest) for word in _ENTITY_STARTS)
        ):
            return self._hold(text, pos)
        self._parts.append("&")
        return pos + 1

    def _read_markup(self, text: str, pos: int, out: list[FieldDelta]) -> int:
        if self._tree is not None:
            if text.startswith(_CDATA, pos):
                self._is_cdata = True
                return pos + len(_CDATA)
            if _CDATA.startswith(text[pos : pos + len(_CDATA)]):
                return self._hold(text, pos)
            if self._tree.leaf_tag is None:
                self._flush(out)
            if self._tree.leaf_tag is not None:
                return self._read_leaf_end(self._tree, self._tree.leaf_tag, text, pos, out)
        if tag := _TAG.match(text, pos):
            self._take_tag(tag, out)
            return tag.end()
        if _TAG_START.fullmatch(text, pos):
            return self._hold(text, pos)
        self._parts.append("<")
        return pos + 1

    def _read_leaf_end(self, tree: XmlTree, tag: str, text: str, pos: int, out: list[FieldDelta]) -> int:
        closing = f"</{tag}"
        if text.startswith(closing, pos):
            blank = _CLOSING_END.match(text, pos + len(closing))
            if blank and blank[1]:
                self._flush(out)
                self._end_element(tree, tag, out)
                return blank.end()
            if blank and blank.end() == len(text):
                return self._hold(text, pos)
        elif closing.startswith(text[pos : pos + len(closing)]):
            return self._hold(text, pos)
        self._parts.append("<")
        return pos + 1

    def _take_tag(self, tag: re.Match[str], out: list[FieldDelta]) -> None:
        """Act on a tag that stands outside of text."""
        is_closing, name, is_empty = bool(tag[1]), tag[2], bool(tag[4])
        if self._tree is None and name not in self._specs:
            self._parts.append(tag[0])
            return
        self._flush(out)
        if self._tree is None:
            if is_closing or name in self._values:
                return
            self._tree = XmlTree(self._specs[name])
        elif not is_closing:
            self._tree.open(name, _key(tag[3]))
        if is_closing or is_empty:
            self._end_element(self._tree, name, out)

    def _end_element(self, tree: XmlTree, tag: str, out: list[FieldDelta]) -> None:
        tree.close(tag, out)
        if tree.is_done:
            self._values[tree.name] = tree.value
            self._tree = None

    def _flush(self, out: list[FieldDelta]) -> None:
        """Pass on the text read so far."""
        if self._parts:
            text = "".join(self._parts)
            self._parts.clear()
            if self._tree is None or not self._tree.text(text, out):
                self._stray.feed(text, out)

    def _hold(self, text: str, pos: int) -> int:
        """Keep the rest for the next piece: it may become markup."""
        self._held = text[pos:]
        return len(text)


def _character(entity: re.Match[str]) -> str:
    if entity[1]:
        return _NAMED[entity[1]]
    code = int(entity[2]) if entity[2] else int(entity[3], 16)
    is_character = 0 < code < 0xD800 or 0xE000 <= code <= 0x10FFFF
    return chr(code) if is_character else "\ufffd"


def _key(attributes: str) -> str | None:
    key = _KEY.search(attributes)
    if key is None:
        return None
    return _ENTITY.sub(_character, key[1] if key[1] is not None else key[2])
