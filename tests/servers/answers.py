"""Answers to DSPy's prompts: find the output fields a prompt asks for, fill each with numbered tokens."""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from xml.sax.saxutils import escape

_CHAT_ENDING = "completed"
_CHAT_REQUEST = "Respond with the corresponding output fields, starting with the field"
_JSON_FIELDS = "Outputs will be a JSON object with the following fields."
_JSON_REQUEST = "Respond with a JSON object in the following order of fields:"
_XML_REQUEST = "Respond with the corresponding output fields wrapped in XML tags"
_SCALARS = {"integer": 7, "number": 7.5, "boolean": True, "null": None}


def numbered_tokens(count: int) -> str:
    """Give `t0 t1 t2 …`."""
    return " ".join(f"t{number}" for number in range(count))


def answer_for(messages: Sequence[Mapping[str, Any]], tokens: int) -> str:
    """Give an answer in the format the messages ask for; plain tokens when they ask for no fields.

    Texts are `tokens` numbered tokens; of a choice the last option is taken (for an agent with tools: "finish").
    """
    request = next((_text(message) for message in reversed(messages) if message.get("role") == "user"), "")
    system = "\n".join(_text(message) for message in messages if message.get("role") == "system")
    if _JSON_REQUEST in request:
        names = re.findall(r"`(\w+)`", request.rpartition(_JSON_REQUEST)[2])
        notes = _json_notes(system)
        return json.dumps({name: _value(notes.get(name, ""), tokens) for name in names})
    note_of = _note_finder(system)
    if _XML_REQUEST in request:
        names = re.findall(r"`<(\w+)>`", request.rpartition(_XML_REQUEST)[2])
        return "\n\n".join(f"<{name}>\n{escape(_shown(_value(note_of(name), tokens)))}\n</{name}>" for name in names)
    names = re.findall(r"`\[\[ ## (\w+) ## \]\]`", request.rpartition(_CHAT_REQUEST)[2])
    if not names:
        return numbered_tokens(tokens)
    fields = [f"[[ ## {name} ## ]]\n{_shown(_value(note_of(name), tokens))}" for name in names if name != _CHAT_ENDING]
    return "\n\n".join([*fields, f"[[ ## {_CHAT_ENDING} ## ]]\n"])


def _text(message: Mapping[str, Any]) -> str:
    content = message.get("content") or ""
    return content if isinstance(content, str) else "".join(part.get("text", "") for part in content)


def _note_finder(system: str) -> Callable[[str], str]:
    def find(name: str) -> str:
        found = re.search(rf"\{{{re.escape(name)}\}}[ \t]*# note: (.*)", system)
        return found[1] if found else ""

    return find


def _json_notes(system: str) -> dict[str, str]:
    _, _, after = system.partition(_JSON_FIELDS)
    start = after.find("{")
    if start < 0:
        return {}
    document, _ = json.JSONDecoder().raw_decode(after[start:])
    return {name: str(note).partition("# note: ")[2] for name, note in document.items()}


def _value(note: str, tokens: int) -> Any:
    """Give a value that DSPy's note on a field allows; text when there is no note."""
    if "must be True or False" in note:
        return True
    if "single int" in note:
        return 7
    if "single float" in note:
        return 7.5
    if "one of: " in note:
        return note.partition("one of: ")[2].split("; ")[-1].strip()
    if "JSON schema: " in note:
        schema, _ = json.JSONDecoder().raw_decode(note.partition("JSON schema: ")[2])
        return _filled(schema, schema.get("$defs", {}), tokens)
    return numbered_tokens(tokens)


def _filled(schema: Mapping[str, Any], definitions: Mapping[str, Any], tokens: int) -> Any:
    """Give a value that fits a JSON Schema of the kind pydantic writes; constraints are not looked at."""
    match schema:
        case {"$ref": str(reference)}:
            return _filled(definitions[reference.rpartition("/")[2]], definitions, tokens)
        case {"const": constant}:
            return constant
        case {"enum": [*_, last]}:
            return last
        case {"anyOf": [first, *_]}:
            return _filled(first, definitions, tokens)
        case {"type": "object"}:
            properties = schema.get("properties", {})
            return {name: _filled(inner, definitions, tokens) for name, inner in properties.items()}
        case {"type": "array"}:
            return [_filled(schema.get("items", {}), definitions, tokens)] * max(2, schema.get("minItems", 2))
        case {"type": "integer" | "number" | "boolean" | "null" as kind}:
            return _SCALARS[kind]
        case _:
            return numbered_tokens(tokens)


def _shown(value: Any) -> str:
    match value:
        case str():
            return value
        case bool():
            return str(value)
        case _:
            return json.dumps(value)
