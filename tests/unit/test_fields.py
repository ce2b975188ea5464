"""What all formats promise, held for random values, random garbage and every cut."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flock.engines.chat_fields import ChatFields
from flock.engines.fields import FieldDelta, FieldSpec, make_parser
from flock.engines.model import AnswerFormat
from tests.unit.field_answers import assert_same_result, assert_streamed_exactly, cut, parse, run
from tests.unit.random_answers import (
    FIELDS,
    FORMATS,
    GARBAGE,
    HEADER,
    NASTY_ANSWERS,
    WHITESPACE,
    WRITERS,
    Answer,
    answers,
    damaged,
    has_header,
)

GARBLED_ANSWERS = settings().max_examples * 2


@pytest.mark.parametrize("format", FORMATS)
@given(answer=answers())
def test_what_a_model_means_arrives_whole_and_is_streamed_exactly(format: AnswerFormat, answer: Answer) -> None:
    if format == "chat" and has_header(answer):
        return
    text = WRITERS[format](answer)
    parsed = parse(format, answer.fields, *cut(text, answer.cuts))
    assert_streamed_exactly(parsed)
    assert json.dumps(parsed.values) == json.dumps(answer.values)
    assert parsed.text(None) == ""
    assert_same_result(parsed, parse(format, answer.fields, text))
    assert_same_result(parsed, parse(format, answer.fields, *text))


@pytest.mark.parametrize("format", FORMATS)
@given(data=st.data(), cuts=st.lists(st.integers(0, 400), max_size=12))
@settings(max_examples=GARBLED_ANSWERS)
def test_garbage_gives_the_same_however_it_is_cut(format: AnswerFormat, data: st.DataObject, cuts: list[int]) -> None:
    text = data.draw(GARBAGE | damaged(NASTY_ANSWERS[format]))
    whole = parse(format, FIELDS, text)
    assert_same_result(whole, parse(format, FIELDS, *cut(text, cuts)))
    assert_same_result(whole, parse(format, FIELDS, *text))
    assert all(delta.text for delta in whole.deltas)
    if whole.error is None:
        assert_streamed_exactly(whole)


@given(text=GARBAGE, cuts=st.lists(st.integers(0, 200)))
def test_no_text_of_a_chat_answer_is_lost(text: str, cuts: list[int]) -> None:
    fields = [FieldSpec("title", "text"), FieldSpec("body", "text")]
    text = "[[ ## title ## ]]" + text
    parsed = parse("chat", fields, *cut(text, cuts))
    known = {"title", "body", "completed"}
    expected = HEADER.sub(lambda header: "" if header[1] in known else header[0], text)
    assert without_space("".join(delta.text for delta in parsed.deltas)) == without_space(expected)


def without_space(text: str) -> str:
    return text.translate(dict.fromkeys(map(ord, WHITESPACE)))


@pytest.mark.parametrize("format", FORMATS)
def test_markers_may_be_cut_at_any_two_places(format: AnswerFormat) -> None:
    text = NASTY_ANSWERS[format]
    whole = parse(format, FIELDS, text)
    assert_streamed_exactly(whole)
    assert len(whole.values) == len(FIELDS)
    for first in range(1, len(text)):
        for second in range(first, len(text), 7):
            assert_same_result(whole, parse(format, FIELDS, *cut(text, [first, second])))


class ForgetfulParser(ChatFields):
    """Takes a header only if it arrives in one piece."""

    def feed(self, text: str) -> list[FieldDelta]:
        self._held = ""
        return super().feed(text)


class DeafParser(ChatFields):
    """Streams all but the last delta of each piece."""

    def feed(self, text: str) -> list[FieldDelta]:
        return super().feed(text)[:-1]


def test_a_parser_that_needs_whole_headers_is_caught() -> None:
    text = "[[ ## title ## ]]\nowl\n[[ ## body ## ]]\nhoots"
    whole = run(ForgetfulParser(FIELDS), [text])
    assert_streamed_exactly(whole)
    with pytest.raises(AssertionError):
        assert_same_result(whole, run(ForgetfulParser(FIELDS), text))


def test_a_parser_that_streams_less_than_the_value_is_caught() -> None:
    with pytest.raises(AssertionError):
        assert_streamed_exactly(run(DeafParser(FIELDS), ["[[ ## title ## ]]\nowl\n[[ ## body ## ]]\nhoots"]))


@pytest.mark.parametrize("name", ["completed", "two words", ""])
def test_names_that_no_answer_can_hold_are_refused(name: str) -> None:
    with pytest.raises(ValueError, match="cannot name a field of a chat answer"):
        make_parser("chat", [FieldSpec(name, "text")])


def test_a_name_given_twice_is_refused() -> None:
    with pytest.raises(ValueError, match="'title' cannot name a field"):
        make_parser("json", [FieldSpec("title", "text"), FieldSpec("title", "json")])


@pytest.mark.parametrize(("format", "name"), [("chat", "chat"), ("json", "JSON"), ("xml", "XML")])
def test_an_answer_without_any_field_is_refused_with_what_it_says(format: AnswerFormat, name: str) -> None:
    expected = f"The answer has none of the fields expected ('title', 'body') in the {name} format; "
    assert parse(format, FIELDS[:2], "Sorry, I ", "cannot help.").error == (
        f"{expected}it begins with 'Sorry, I cannot help.'."
    )
    assert parse(format, FIELDS[:2], "So ", "sorry! " * 20).error == f"{expected}it begins with {SORRY!r}."
    assert parse(format, FIELDS[:2], " \n").error == f"{expected}it is empty."


SORRY = ("So " + "sorry! " * 20)[:60]


@pytest.mark.parametrize("format", FORMATS)
def test_without_expected_fields_all_text_is_stray(format: AnswerFormat) -> None:
    assert parse(format, [], "Just ", "chatter").text(None) == "Just chatter"
