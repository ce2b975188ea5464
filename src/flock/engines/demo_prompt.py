"""What the demo model reads in a prompt: the topic of the inputs, the tools offered, and the tools used so far."""

import ast
import json
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flock.engines.demo_words import VOICES

MAX_READ_CHARS = 20_000
MAX_TOPIC_CHARS = 60
PHRASE_WORDS = 8
RUN_WORDS = 4
TOPIC_NAMES = ("topic", "subject", "theme", "question", "query", "idea", "title", "headline", "request", "task", "name")
_CHAT_SECTION = re.compile(r"^\[\[ ## (\w+) ## \]\][ \t]*$", re.MULTILINE)
_XML_SECTION = re.compile(r"^<(\w+)>\n", re.MULTILINE)
_TRAJECTORY = re.compile(r"^\[\[ ## trajectory ## \]\]|^<trajectory>$", re.MULTILINE)
_TOOL_USED = re.compile(r"(?<![/\w])tool_name_\d+\W{1,12}([\w.\-]+)")
_TITLE_FRAMES = tuple(
    re.compile(re.escape(title).replace(re.escape("{title}"), "(.+)"))
    for voice in VOICES.values()
    for title in voice.titles
)
_QUESTION = re.compile(r"(?:how|why|when|where|what) (?:do|does|did|can|could|should|would|will) ", re.IGNORECASE)
_MARKS = " .,;:!?-/"
_VERBS = frozenset("is are was were has have can will would should must may does do did am".split())
_PLAIN_WORDS = frozenset(
    "a about after all also an and any are as ask at back be because been before begin best but by can come could "
    "create describe did do does draft each even every explain find first for from get give good had has have help "
    "here how i if in into is it its just keep know learn less let like look make many may me more most much must my "
    "need no not nothing of off on one only or our out over own place please say see should so some still story such "
    "summarise summarize take tell text than that the their them then there these they thing think this those to too "
    "two under up us use very was way we well were what when where which while who why will with words work would "
    "write you your".split()
)


@dataclass(frozen=True, slots=True)
class Prompt:
    """The messages of a call, read. `topic` is empty where the inputs name none."""

    topic: str
    tools_used: frozenset[str]
    text: str

    @classmethod
    def of(cls, body: Mapping[str, Any]) -> "Prompt":
        """Read an OpenAI chat-completions body."""
        messages = list(_messages(body))
        asked = [text for role, text in messages if role == "user"]
        return cls(
            topic=topic_of(asked),
            tools_used=frozenset(_TOOL_USED.findall(asked[-1])) if asked else frozenset(),
            text="\n\n".join(text for _, text in messages),
        )

    def tool_arguments(self, tool: str) -> dict[str, Any]:
        """Give the JSON Schema per argument that the prompt lists for `tool`; empty where it cannot be read."""
        listed = re.search(
            rf"^ *\(\d+\) {re.escape(tool)}(?:\.|, whose description is .*?\.) It takes arguments (\{{.*\}})\.$",
            self.text,
            re.MULTILINE,
        )
        if listed is None or len(listed[1]) > MAX_READ_CHARS:
            return {}
        try:
            arguments = ast.literal_eval(listed[1])
        except (ValueError, SyntaxError, MemoryError, RecursionError):
            return {}
        return {str(name): schema for name, schema in arguments.items() if isinstance(schema, dict)}


def topic_of(asked: Sequence[str]) -> str:
    """Name what the user messages are about in a few words; the last one that holds named inputs decides."""
    for text in reversed(asked):
        leaves = list(_leaves(text[:MAX_READ_CHARS]))
        if leaves:
            return _topic_of_leaves(leaves)
    text = asked[-1][:MAX_READ_CHARS] if asked else ""
    return "" if _CHAT_SECTION.search(text) or _XML_SECTION.search(text) else _phrase(text)


def _messages(body: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for message in body.get("messages", ()):
        match message:
            case {"role": str(role), "content": str(content)}:
                yield role, content
            case {"role": str(role), "content": list(parts)}:
                texts = [part["text"] for part in parts if isinstance(part, dict) and isinstance(part.get("text"), str)]
                yield role, "\n".join(texts)


def _leaves(text: str) -> Iterator[tuple[str, str]]:
    """Give the strings in the named inputs of a message, each with the name nearest to it."""
    trajectory = _TRAJECTORY.search(text)
    inputs = (text[: trajectory.start()] if trajectory else text).split("\n\nRespond with")[0]
    for name, value in (*_chat_sections(inputs), *_xml_sections(inputs)):
        yield from _strings(name, value.strip())


def _chat_sections(text: str) -> Iterator[tuple[str, str]]:
    parts = _CHAT_SECTION.split(text)
    yield from zip(parts[1::2], parts[2::2], strict=True)


def _xml_sections(text: str) -> Iterator[tuple[str, str]]:
    at = 0
    while opening := _XML_SECTION.search(text, at):
        end = text.find(f"\n</{opening[1]}>", opening.end() - 1)
        if end >= opening.end():
            yield opening[1], text[opening.end() : end]
        at = max(end, opening.end())


def _strings(name: str, text: str) -> Iterator[tuple[str, str]]:
    try:
        waiting: list[tuple[str, Any]] = [(name, json.loads(text))]
    except (ValueError, RecursionError):
        waiting = [(name, text)]
    while waiting:
        name, value = waiting.pop()
        match value:
            case str() if _is_prose(value):
                yield name, value
            case dict():
                waiting.extend(reversed(list(value.items())))
            case list():
                waiting.extend((name, item) for item in reversed(value))


def _is_prose(text: str) -> bool:
    return any(character.isalpha() for character in text) and "://" not in text and "@" not in text


def _topic_of_leaves(leaves: Sequence[tuple[str, str]]) -> str:
    ranks = {name: rank for rank, name in enumerate(TOPIC_NAMES)}
    _, text = min(leaves, key=lambda leaf: (ranks.get(leaf[0].lower(), len(ranks)), len(leaf[1])))
    phrase = _phrase(text)
    everything = " ".join(leaf for _, leaf in leaves)
    spellings = Counter(re.findall(rf"\b{re.escape(phrase)}\b", everything, re.IGNORECASE)) if phrase else Counter()
    return max(spellings, key=lambda spelling: (spellings[spelling], spelling.islower()), default=phrase)


def _phrase(text: str) -> str:
    """Reduce a text to a noun phrase: itself if it is short, else its longest run of telling words."""
    text = " ".join(text.split())
    for frame in _TITLE_FRAMES:
        if framed := frame.fullmatch(text):
            text = framed[1]
    words = clean(text).split()
    if not words:
        return ""
    is_request = words[0].lower() in _PLAIN_WORDS - {"a", "an", "the", "our", "my", "your"}
    is_sentence = any(word.lower() in _VERBS for word in words)
    if len(words) <= PHRASE_WORDS and not is_request and not is_sentence:
        return _cut(" ".join(words))
    return _cut(_telling_words(text) or " ".join(words[:PHRASE_WORDS]))


def _telling_words(text: str) -> str:
    """Give the phrase a text comes back to most often; the subject, if the text is a question."""
    question = _QUESTION.match(text)
    runs = list(_runs(text[question.end() :] if question else text))
    if question and runs and len(runs[0]) > 1:
        return " ".join(runs[0][:-1])
    phrases = Counter(" ".join(run[:RUN_WORDS]) for run in runs)
    return max(phrases, key=lambda phrase: (phrases[phrase], len(phrase.split()))) if phrases else ""


def _runs(text: str) -> Iterator[list[str]]:
    """Give the runs of words between words that tell nothing; an article stays with what it belongs to."""
    for clause in re.split(r"[.,;:!?()\n]", text):
        spread = (
            f"\n{word} " if word.lower() == "the" else word + " " if _tells(word) else "\n"
            for word in clean(clause).split()
        )
        for run in "".join(spread).split("\n"):
            words = run.split()
            if words and words[-1].lower() != "the":
                yield words


def _tells(word: str) -> bool:
    return word.lower() not in _PLAIN_WORDS


def clean(text: str) -> str:
    """Leave out whatever could be mistaken for markup: control characters, brackets, quotes, backslashes."""
    kept = (" " if unicodedata.category(c)[0] in "CZ" or c in '[]{}<>"“”`\\|*_~=' else c for c in text)
    words = (word for word in "".join(kept).split() if word.strip(_MARKS + "#"))
    return " ".join(words).lstrip(_MARKS + "#").rstrip(_MARKS)


def _cut(phrase: str) -> str:
    return phrase if len(phrase) <= MAX_TOPIC_CHARS else phrase[:MAX_TOPIC_CHARS].rsplit(" ", 1)[0]
