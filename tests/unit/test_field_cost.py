"""A parser's work grows as the answer does, even if it arrives character by character. Counted, not timed."""

import sys
from collections.abc import Callable, Sequence
from types import FrameType
from typing import Any

import pytest

from flock.engines.chat_fields import ChatFields
from flock.engines.fields import FieldDelta, FieldParser, FieldSpec, make_parser
from flock.engines.model import AnswerFormat
from tests.unit.field_answers import run
from tests.unit.random_answers import FIELDS


class RereadingParser(ChatFields):
    """Looks at all it has for every piece."""

    def __init__(self, specs: Sequence[FieldSpec]) -> None:
        super().__init__(specs)
        self.answer = ""

    def feed(self, text: str) -> list[FieldDelta]:
        self.answer += text
        answer = self.answer
        return super().feed(text) if answer else []

    def more(self, text: str) -> str | None:
        return None


def work(parser: FieldParser, text: str) -> int:
    """Feed a text character by character; count the lines of Python run and the characters at hand in each."""
    steps = 0

    def trace(frame: FrameType, event: str, arg: object) -> Callable[..., Any] | None:
        nonlocal steps
        if not frame.f_globals["__name__"].startswith("flock.") and frame.f_code is not RereadingParser.feed.__code__:
            return None
        steps += 1 + sum(len(value) for value in frame.f_locals.values() if isinstance(value, str))
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        run(parser, text)
    finally:
        sys.settrace(before)
    return steps


def growth(make: Callable[[], FieldParser], start: str, unit: str) -> float:
    """Give the cost of twice the text, as a multiple of the cost of the text."""
    count = 400 // len(unit)
    return work(make(), start + unit * count * 2) / work(make(), start + unit * count)


LONG: list[tuple[AnswerFormat, str, list[str]]] = [
    ("chat", "[[ ## title ## ]]", ["a", " ", "\n", "\n [", "\n[[ ## tit", "a\n[[ ##"]),
    ("chat", "[[ ## tags ## ]]", ["a", "`", "1", "[", " ", '["a",', '{"a":', '"', '["a", 1, true], ']),
    ("chat", '[[ ## tags ## ]]["', ["a", "\\", "\\n", "\\ud83d", " "]),
    ("chat", "[[ ## body ## ]]", ["n", "nul ", " "]),
    ("chat", "", ["owl ", "[", "\n[[ ## other ## ]]"]),
    ("json", "", ["a", "{", "{ ", " ", "`", "```js"]),
    ("json", "{", [" "]),
    ("json", '{"title": "', ["a", "\\", "\\u00e9", "\\ud83d\\ude00"]),
    ("json", '{"tags": [', ["1, ", " ", '"a", ', "{}, ", '{"a": ["b", null]}, ', "9"]),
    ("json", "{", ['"title": "a", ', '"other": [1, {"title": 2}], ']),
    ("json", '{"title": "a"}', ["a", "`", " "]),
    ("xml", "", ["<", "a < b ", "<body ", "<p>", " ", "&am"]),
    ("xml", "<title>", ["a", "<", "</titl", "&", "&amp;", "&#x1F6", " ", "<b>", "<![CDATA[]]>"]),
    ("xml", "<title><![CDATA[", ["a", "]", "]]"]),
    ("xml", "<tags>", ["<item>a</item>", "<item/>", " ", "a", "<", '<item key="']),
    ("xml", "<größe>", ["<entry key='a'>b</entry>", "<a>1</a> ", "<a>"]),
]


@pytest.mark.parametrize(
    ("format", "start", "unit"), [(name, start, unit) for name, start, units in LONG for unit in units]
)
def test_an_answer_twice_as_long_costs_twice_as_much(format: AnswerFormat, start: str, unit: str) -> None:
    assert growth(lambda: make_parser(format, FIELDS), start, unit) < 2.2


def test_a_parser_that_reads_again_is_caught() -> None:
    assert growth(lambda: RereadingParser(FIELDS), "[[ ## title ## ]]", "a") > 2.5
