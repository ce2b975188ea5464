"""Random answers for field parsers: what well-behaved models write, and what others do. Shared by their tests."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from xml.sax.saxutils import quoteattr

from hypothesis import strategies as st

from flock.engines.fields import FieldSpec
from flock.engines.model import AnswerFormat

FORMATS: list[AnswerFormat] = ["chat", "json", "xml"]
WHITESPACE = " \t\r\n"
NAMES = ["title", "body", "tags", "größe"]

CHAT_SCRAPS = ["[[", "]]", "[[ ##", "## ]]", "[[ ## title ## ]]", "[[ ## body ## ]]", "[[##tags##]]", "[[wiki link]]"]
CHAT_SCRAPS += [
    "[[ ## other ## ]]",
    "[[ ## completed ## ]]",
    "\n",
    "\n",
    "\r\n",
    "\r",
    " ",
    "\t",
    "```",
    "```json",
    "`",
]
XML_SCRAPS = ["<title>", "</title>", "<body>", "</body>", "<tags>", "</tags>", "<tags/>", "<item>", "</item>", "<b>"]
XML_SCRAPS += ['<entry key="a">', "</entry>", "&amp;", "&#65;", "&#x1F600;", "R&D", "a < b", "<", "</", ">", "&"]
XML_SCRAPS += ["<![CDATA[", "]]>"]
JSON_SCRAPS = [
    '"',
    "'",
    "\\",
    "\\n",
    "\\u",
    "\\ud83d",
    "\\ude00",
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    '{"title": ',
    '"body": ',
]
JSON_SCRAPS += ["null", "None", "nul", "true", "True", "-", "12", "1.5e3"]
WORDS = ["owl", "Eule", "😀", "é", "漢字", "\u2028", "\f", "\xa0"]
SCRAPS = st.sampled_from(CHAT_SCRAPS + XML_SCRAPS + JSON_SCRAPS + WORDS)
"""Everything that means something in one of the formats."""

NASTY = st.lists(SCRAPS | st.text(max_size=3), max_size=12).map("".join)
HEADER = re.compile(r"(?m)^[ \t]*\[\[[ \t]{0,8}##[ \t]{0,8}(\w+)[ \t]{0,8}##[ \t]{0,8}\]\]")


@dataclass
class Typed:
    """A JSON Schema, and values that fit it."""

    schema: dict[str, Any]
    values: st.SearchStrategy[Any]


INLINE = NASTY.map(lambda text: text.strip(WHITESPACE))
STRING = Typed({"type": "string"}, INLINE)
MAYBE_STRING = Typed(
    {"anyOf": [{"type": "string"}, {"type": "null"}]},
    st.none() | INLINE.filter(lambda text: text not in ("", "null", "None")),
)
INTEGER = Typed({"type": "integer"}, st.integers())
NUMBER = Typed({"type": "number"}, st.floats(allow_nan=False, allow_infinity=False))
BOOLEAN = Typed({"type": "boolean"}, st.booleans())
KEYS = st.text(alphabet="ab1é_-. <&\"'/~😀\n", max_size=5)


def array(items: Typed) -> Typed:
    return Typed({"type": "array", "items": items.schema}, st.lists(items.values, max_size=3))


def mapping(items: Typed) -> Typed:
    return Typed(
        {"type": "object", "additionalProperties": items.schema}, st.dictionaries(KEYS, items.values, max_size=3)
    )


def model(members: dict[str, Typed]) -> Typed:
    return Typed(
        {"type": "object", "properties": {name: member.schema for name, member in members.items()}},
        st.fixed_dictionaries({name: member.values for name, member in members.items()}),
    )


TYPED = st.recursive(
    st.sampled_from([STRING, MAYBE_STRING, INTEGER, NUMBER, BOOLEAN]),
    lambda inner: (
        inner.map(array)
        | inner.map(mapping)
        | st.dictionaries(st.sampled_from(["title", "item", "entry", "n"]), inner, min_size=1, max_size=3).map(model)
    ),
    max_leaves=4,
)


@dataclass
class Answer:
    """Fields, the values a model means, and how its answer is cut."""

    fields: list[FieldSpec] = field(default_factory=list)
    values: dict[str, Any] = field(default_factory=dict)
    cuts: list[int] = field(default_factory=list)


@st.composite
def answers(draw: st.DrawFn) -> Answer:
    answer = Answer(cuts=draw(st.lists(st.integers(0, 400), max_size=12)))
    for name in draw(st.lists(st.sampled_from(NAMES), min_size=1, max_size=4, unique=True)):
        typed = draw(TYPED)
        is_text = typed is STRING or typed is MAYBE_STRING
        answer.fields.append(FieldSpec(name, "text" if is_text else "json", typed is MAYBE_STRING, typed.schema))
        answer.values[name] = draw(typed.values)
    return answer


def write_chat(answer: Answer) -> str:
    parts = [
        f"[[ ## {name} ## ]]\n{json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list) else value}"
        for name, value in answer.values.items()
    ]
    return "\n\n".join([*parts, "[[ ## completed ## ]]\n"])


def write_json(answer: Answer) -> str:
    return json.dumps(answer.values, indent=2, ensure_ascii=len(answer.cuts) % 2 == 0)


def write_xml(answer: Answer) -> str:
    return "\n\n".join(write_element(name, value) for name, value in answer.values.items())


def write_element(tag: str, value: object, key: str | None = None) -> str:
    attribute = "" if key is None else f" key={quoteattr(key)}"
    match value:
        case None | []:
            return f"<{tag}{attribute} />"
        case list():
            inner = "".join(write_element("item", item) for item in value)
        case dict():
            inner = "".join(
                write_element(name, item)
                if re.fullmatch(r"[^\W\d][\w.\-]*", name)
                else write_element("entry", item, name)
                for name, item in value.items()
            )
        case _:
            inner = str(value).replace("&", "&amp;").replace("<", "&lt;")
    return f"<{tag}{attribute}>{inner}</{tag}>"


WRITERS: dict[AnswerFormat, Callable[[Answer], str]] = {"chat": write_chat, "json": write_json, "xml": write_xml}


def has_header(answer: Answer) -> bool:
    texts = [value for value in answer.values.values() if isinstance(value, str)]
    return any(match[1] in {*answer.values, "completed"} for text in texts for match in HEADER.finditer(text))


FIELDS = [
    FieldSpec("title", "text"),
    FieldSpec("body", "text", nullable=True),
    FieldSpec("tags", "json", nullable=True, schema={"type": "array", "items": {"type": "string"}}),
    FieldSpec("größe", "json", schema={"anyOf": [{"type": "integer"}, {"type": "object"}]}),
]

NASTY_ANSWERS: dict[AnswerFormat, str] = {
    "chat": "Sure!\r\n[[ ## title ## ]] [[wiki]]\r\n[[ ## other ## ]]\n[[ ## body ## ]]\nNone\n [[ ##body## ]]x\n"
    '  [[ ## tags ## ]]\n```json\n["a\\ud83d\\ude00", "[[ ## "]\n```\n[[ ## größe ## ]]\n12\n'
    "[[ ## completed ## ]]\n bye",
    "json": 'So: ```json\n{"title": "a\\ud83d\\ude00\\u0041 [[ <b> \u2028", "x": {"title": [1]}, "body": None,\r\n'
    ' "tags": ["", {}, -1.5e2,], "größe": {"a~": {"/": []}}}\n``` `bye`',
    "xml": "Sure: a < b\n<title> R&D &amp; &#x1F600; <b>x</b> </titles></title > <body>None</body>\n"
    '<tags> <item/><item><![CDATA[<a>]]>]]&gt;</item></tags ><größe>{"a": [1]}</größe><title>2</title> & bye',
}

GARBAGE = st.lists(SCRAPS | st.text(max_size=3), max_size=40).map("".join)


@st.composite
def damaged(draw: st.DrawFn, text: str) -> str:
    """Take an answer and replace some stretches of it."""
    for start in draw(st.lists(st.integers(0, len(text)), max_size=4)):
        text = text[:start] + draw(st.just("") | SCRAPS) + text[start + draw(st.integers(0, 20)) :]
    return text
