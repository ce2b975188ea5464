"""The demo model's answers: the values of the fields, rendered as the prompt asks, and cut into tokens."""

import json
import re
from collections.abc import Mapping, Sequence
from xml.sax.saxutils import quoteattr

from pydantic import JsonValue

from flock.engines.demo_pattern import matches
from flock.engines.demo_prompt import Prompt
from flock.engines.demo_schema import Schema, SchemaTree, as_schema, branches_of, type_of
from flock.engines.demo_strings import Writer
from flock.engines.demo_text import fill_with
from flock.engines.model import AnswerFormat, ExpectedAnswer

TOKEN_CHARS = 6
FINISH = "finish"
_STEP_FIELDS = frozenset({"next_thought", "next_tool_name", "next_tool_args"})
_TOKEN = re.compile(r" ?\w+| ?[^\w\s]{1,3}|\s+")
_CHECKED_FORMATS = re.compile(r"date|date-time|time|duration|uuid\d?|uri|email|ipv\w+")
_WRONG_TEXT = "something else entirely"


def answer_values(expected: ExpectedAnswer, prompt: Prompt, writer: Writer) -> dict[str, JsonValue]:
    """Give a value for every field that is expected, in order."""
    if expected.fields.keys() >= _STEP_FIELDS:
        step = _next_step(expected, prompt, writer)
        return {
            name: step[name] if name in step else fill_with(schema, name, writer)
            for name, schema in expected.fields.items()
        }
    return {name: fill_with(schema, name, writer) for name, schema in expected.fields.items()}


def _next_step(expected: ExpectedAnswer, prompt: Prompt, writer: Writer) -> dict[str, JsonValue]:
    """Choose the first tool that was not used yet, and finish after the last."""
    names = expected.fields["next_tool_name"]
    tools = [str(tool) for tool in names.get("enum", [names.get("const", FINISH)])]
    unused = [tool for tool in tools if tool != FINISH and tool not in prompt.tools_used]
    arguments: dict[str, JsonValue] = {}
    if unused:
        chosen = unused[0]
        thought = f"Before answering about {writer.topic}, it is worth asking {chosen}."
        for name, schema in prompt.tool_arguments(chosen).items():
            if "default" not in schema and name not in ("args", "kwargs"):
                arguments[name] = fill_with(schema, name, writer)
    else:
        chosen = FINISH if FINISH in tools else tools[-1]
        thought = f"What the tools found is enough to answer about {writer.topic}."
    # XML tags would lose the types of the arguments, so the prompt asks for JSON inside the tag.
    given: JsonValue = json.dumps(arguments, ensure_ascii=False) if expected.format == "xml" else arguments
    return {"next_thought": thought, "next_tool_name": chosen, "next_tool_args": given}


def spoilt(expected: ExpectedAnswer, values: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    """Break one typed field, so that the answer parses but does not validate; unchanged where none can be broken."""
    for name, value in values.items():
        schema = expected.fields[name]
        wrong = _wrong(SchemaTree(schema), schema, value)
        is_text_for_list = wrong == _WRONG_TEXT and isinstance(value, list)
        # Text in a tag reads as a list of one text, so that in XML it breaks nothing.
        if wrong is not None and not (is_text_for_list and expected.format == "xml"):
            return {**values, name: wrong}
    return dict(values)


def _wrong(tree: SchemaTree, schema: Schema, value: JsonValue) -> JsonValue:
    """Give a value that `schema` does not allow; None where any text would do."""
    while "$ref" in schema:
        schema = tree.followed(schema)
    if branches := branches_of(schema):
        return None if any(_wrong(tree, branch, value) is None for branch in branches) else _WRONG_TEXT
    if "const" in schema or "enum" in schema:
        return _WRONG_TEXT
    match type_of(schema), value:
        case "object", dict():
            return _wrong_entry(tree, schema, value)
        case "array", list():
            wrong_items = [_wrong(tree, as_schema(schema.get("items")), item) for item in value[:1]]
            return [*wrong_items, *value[1:]] if wrong_items and wrong_items[0] is not None else _WRONG_TEXT
        case "string", _:
            return _wrong_string(schema)
        case None, _:
            return None
    return _WRONG_TEXT


def _wrong_entry(tree: SchemaTree, schema: Schema, value: dict[str, JsonValue]) -> JsonValue:
    for name, part in schema.get("properties", {}).items():
        wrong = _wrong(tree, as_schema(part), value[name]) if name in value else None
        if wrong is not None:
            return {**value, name: wrong}
    return _WRONG_TEXT


def _wrong_string(schema: Schema) -> str | None:
    if _CHECKED_FORMATS.fullmatch(schema.get("format", "")):
        return _WRONG_TEXT
    if "maxLength" in schema:
        return "far too long " * (int(schema["maxLength"]) // 13 + 1)
    if "pattern" in schema:
        return next((text for text in ("?", _WRONG_TEXT, "0") if not matches(schema["pattern"], text)), None)
    return "" if schema.get("minLength") else None


def render(answer_format: AnswerFormat, values: Mapping[str, JsonValue]) -> str:
    """Write an answer as the adapter of that format asks for it."""
    match answer_format:
        case "chat":
            fields = [f"[[ ## {name} ## ]]\n{_plain(value)}" for name, value in values.items()]
            return "\n\n".join([*fields, "[[ ## completed ## ]]"])
        case "json":
            return json.dumps(values, ensure_ascii=False, indent=2)
        case "xml":
            return "\n\n".join(_field_xml(name, value) for name, value in values.items())


def _plain(value: JsonValue) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _field_xml(name: str, value: JsonValue) -> str:
    if isinstance(value, dict | list) or value is None:
        return _nested_xml(name, value)
    return f"<{name}>\n{_text_xml(value)}\n</{name}>"


def _nested_xml(tag: str, value: JsonValue, key: str | None = None) -> str:
    attribute = f" key={quoteattr(key)}" if key is not None else ""
    match value:
        case dict():
            inner = "".join(
                _nested_xml(name, item) if _is_tag(name) else _nested_xml("entry", item, name)
                for name, item in value.items()
            )
        case [] | None:
            return f"<{tag}{attribute} />"
        case list():
            inner = "".join(_nested_xml("item", item) for item in value)
        case _:
            inner = _text_xml(value)
    return f"<{tag}{attribute}>{inner}</{tag}>"


def _text_xml(value: JsonValue) -> str:
    return _plain(value).replace("&", "&amp;").replace("<", "&lt;")


def _is_tag(name: str) -> bool:
    return (name[:1] + name[1:].replace("-", "_").replace(".", "_")).isidentifier()


def tokens(text: str) -> list[str]:
    """Cut a text into pieces of the size of a model's tokens; joined, they are the text."""
    pieces: list[str] = []
    for match in _TOKEN.finditer(text):
        pieces.extend(_parts(match[0]))
    return pieces


def _parts(word: str) -> Sequence[str]:
    count = -(-len(word) // (TOKEN_CHARS + word.startswith(" ")))
    return [word[len(word) * index // count : len(word) * (index + 1) // count] for index in range(count)]
