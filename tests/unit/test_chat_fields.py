import pytest

from flock.engines.fields import FieldDelta, FieldSpec, make_parser
from tests.unit.field_answers import Parsed, assert_streamed_exactly, parse

TITLE = FieldSpec("title", "text")
BODY = FieldSpec("body", "text")
NOTE = FieldSpec("note", "text", nullable=True)
DATA = FieldSpec("data", "json")
MAYBE = FieldSpec("maybe", "json", nullable=True)
FIELDS = [TITLE, BODY, NOTE, DATA, MAYBE]


def chat(*pieces: str) -> Parsed:
    """Parse an answer whole and character by character; both have to give the same."""
    parsed = parse("chat", FIELDS, *pieces)
    slow = parse("chat", FIELDS, *"".join(pieces))
    assert (parsed.values, parsed.text(None)) == (slow.values, slow.text(None))
    if parsed.error is None:
        assert_streamed_exactly(parsed)
        assert_streamed_exactly(slow)
    return parsed


def test_fields_stream_as_they_arrive_without_their_markers() -> None:
    parsed = parse("chat", FIELDS, "[[ ## ti", "tle ## ]]\nOw", "ls ", "hoot\n", "\n[[ ## body ## ]]", "\nAt night.")
    assert parsed.deltas == (
        FieldDelta("title", "", "text", "Ow"),
        FieldDelta("title", "", "text", "ls"),
        FieldDelta("title", "", "text", " hoot"),
        FieldDelta("body", "", "text", "At night."),
    )
    assert parsed.values == {"title": "Owls hoot", "body": "At night."}


@pytest.mark.parametrize(
    "header",
    ["[[ ## title ## ]]", "  \t[[ ## title ## ]]", "[[##title##]]", "[[  ##\ttitle  ##  ]]", "[[ ## title ## ]] "],
)
def test_headers_may_be_spaced_as_models_like(header: str) -> None:
    assert chat(f"{header}\nOwls\n[[ ## completed ## ]]").values == {"title": "Owls"}


def test_text_behind_a_header_is_of_its_field() -> None:
    assert chat("[[ ## title ## ]] Owls [[ ## body ## ]] too").values == {"title": "Owls [[ ## body ## ]] too"}
    assert chat("[[ ## title ## ]] [[ ## body ## ]] too").values == {"title": "[[ ## body ## ]] too"}


def test_a_bracket_on_the_line_before_does_not_hide_a_header() -> None:
    assert chat("[[ ## title ## ]]\nx\n[\n[[ ## body ## ]]\ny").values == {"title": "x\n[", "body": "y"}


@pytest.mark.parametrize(
    "text",
    [
        "[[wiki link]]",
        "[[ ## other ## ]]\nmore",
        "so [[ ## body ## ]]",
        "[[ ## body ##",
        "[[ ## body ## ] ]",
        "[",
        "[[1], [2]]",
        "a\r[[ ## body ## ]]",
        "a\u2028[[ ## body ## ]]",
        "a\n\r[[ ## body ## ]]",
        "a\n\x0c[[ ## body ## ]]",
        "a\nX[[ ## body ## ]]",
        "[[         ## body ## ]]",
        "[[ # # body ## ]]",
        "[[ ## Body ## ]]",
    ],
)
def test_what_is_no_header_is_text(text: str) -> None:
    assert chat(f"[[ ## title ## ]]\n{text}\n\n[[ ## completed ## ]]").values == {"title": text}


def test_only_whitespace_at_the_ends_is_no_part_of_a_value() -> None:
    value = "\u2028 a\r\nb\x0c\n\n  c\u00a0"
    assert chat(f"[[ ## title ## ]]\r\n\t{value}\r\n \n[[ ## body ## ]]\nx").values == {"title": value, "body": "x"}


def test_text_outside_the_fields_is_stray() -> None:
    parsed = chat("Sure! Here it is:\n[[ ## title ## ]]\nOwls\n[[ ## completed ## ]]\nAnything else?")
    assert parsed.text(None) == "Sure! Here it is:\n\nAnything else?"
    assert chat("So ```json x\n[[ ## title ## ]]\nOwls").text(None) == "So ```json x"


def test_the_first_section_of_a_field_counts_and_a_second_is_stray() -> None:
    parsed = chat("[[ ## title ## ]]\nOwls\n[[ ## body ## ]]\nHoot.\n[[ ## title ## ]]\nCats\n[[ ## note ## ]]\nn")
    assert parsed.values == {"title": "Owls", "body": "Hoot.", "note": "n"}
    assert parsed.text(None).strip() == "Cats"


def test_a_header_that_stutters_is_one_header() -> None:
    assert chat("[[ ## title ## ]]\n[[ ## title ## ]]\nOwls").values == {"title": "Owls"}
    assert chat("[[ ## data ## ]]\n[[ ## data ## ]]\n[1]\n[[ ## data ## ]]\n[2]").values == {"data": [1]}


def test_a_field_forgotten_before_completed_is_still_taken() -> None:
    parsed = chat("[[ ## title ## ]]\nOwls\n[[ ## completed ## ]]\n[[ ## body ## ]]\nHoot.")
    assert parsed.values == {"title": "Owls", "body": "Hoot."}


def test_a_field_that_is_missing_is_absent_and_one_that_is_empty_is_not() -> None:
    parsed = chat("[[ ## title ## ]]\n\n[[ ## completed ## ]]")
    assert parsed.values == {"title": ""}
    assert parsed.deltas == ()


@pytest.mark.parametrize(
    ("text", "value"), [("null", None), ("None", None), ("", None), ("nul", "nul"), ("NULL", "NULL")]
)
def test_a_text_that_may_be_null_is_null_only_if_it_says_exactly_so(text: str, value: str | None) -> None:
    assert chat(f"[[ ## note ## ]]\n{text}\n[[ ## completed ## ]]").values == {"note": value}
    assert chat(f"[[ ## note ## ]]\n{text} and more").values == {"note": f"{text} and more".strip()}


def test_null_is_held_back_until_it_is_certain() -> None:
    assert parse("chat", FIELDS, "[[ ## note ## ]]\nN", "one", " at all").deltas == (
        FieldDelta("note", "", "text", "None at all"),
    )
    assert parse("chat", FIELDS, "[[ ## note ## ]]\nN", "one", "\n").deltas == (FieldDelta("note", "", "json", "null"),)


def test_what_cannot_become_null_is_not_held_back() -> None:
    assert [delta.text for delta in parse("chat", FIELDS, "[[ ## note ## ]]\nno", "w").deltas] == ["no", "w"]


def test_a_text_that_may_not_be_null_says_what_it_says() -> None:
    assert chat("[[ ## title ## ]]\nNone").values == {"title": "None"}


def test_a_text_is_never_altered() -> None:
    text = '```json\n{"a": 1}\n```'
    assert chat(f"[[ ## title ## ]]\n{text}").values == {"title": text}


@pytest.mark.parametrize(
    ("text", "value", "stray"),
    [
        ('{"a": [1, "x"]}', {"a": [1, "x"]}, ""),
        ('```json\n{"a": 1}\n```', {"a": 1}, ""),
        ("```\n[1]\n```\nDone.", [1], "\nDone."),
        ("```python\n['a', 'b']\n```", ["a", "b"], ""),
        ("```json\n42\n```", 42, ""),
        ("```json\n42 ```", 42, ""),
        ("```json [1]", [1], ""),
        ("[1]\nI chose one.", [1], "\nI chose one."),
        ("[1] `x`", [1], " `x`"),
        ("```\n[1]`x", [1], "`x"),
        ("```\n[1]`x`y", [1], "`x`y"),
        ("```\n[1]` `x", [1], "` `x"),
        ("```\n[1]\u2028```", [1], "\u2028```"),
        ("42", 42, ""),
        ("42\nbecause", 42, "\nbecause"),
        ("-1.5e3", -1500.0, ""),
        ("True", True, ""),
        ("false", False, ""),
        ("None", None, ""),
        ('"quoted"', "quoted", ""),
        ('"quoted" he said', "quoted", " he said"),
    ],
)
def test_json_is_read_as_models_write_it(text: str, value: object, stray: str) -> None:
    parsed = chat(f"[[ ## data ## ]]\n{text}\n\n[[ ## completed ## ]]")
    assert parsed.values == {"data": value}
    assert type(parsed.values["data"]) is type(value)
    assert parsed.text(None) == stray


@pytest.mark.parametrize(
    "text",
    [
        "red",
        "X marks",
        "```json\n\u2028[1]\n```",
        "12 apples",
        "12 apples\nand pears",
        "42\u2028",
        "42 `x`",
        "```\n42 x\n```",
        "42.",
        "1e999",
        "NaN",
        "- a\n- b",
        "'quoted'",
        "truely",
        "9" * 601,
        "```",
        "```js\n1",
        "```\nred\n```",
        "`x`",
        "``",
    ],
)
def test_what_is_no_json_at_all_is_the_text_itself(text: str) -> None:
    parsed = chat(f"[[ ## data ## ]]\n{text}\n\n[[ ## completed ## ]]")
    assert parsed.values == {"data": text}
    assert parsed.text("data") == text


@pytest.mark.parametrize(("name", "value"), [("maybe", None), ("data", "")])
def test_an_empty_json_field_is_null_where_it_may_be(name: str, value: str | None) -> None:
    assert chat(f"[[ ## {name} ## ]]\n\n[[ ## completed ## ]]").values == {name: value}


def test_json_that_breaks_or_ends_early_is_refused_at_the_end() -> None:
    broken = chat('[[ ## data ## ]]\n{"a": [1 2]}\n[[ ## title ## ]]\nOwls')
    assert broken.error == "The JSON of field 'data' at 'a/0' is broken: expected ',' or ']', found '2]}'."
    assert broken.text("title") == "Owls"
    short = chat('[[ ## data ## ]]\n{"a": [1, "x\n[[ ## completed ## ]]')
    assert short.error == "The JSON of field 'data' at 'a/1' is cut off: the text ends before the value does."


@pytest.mark.parametrize("begun", ["[[ ##", "[[ ## bo", "[[##body", "[[ ## body ## ]"])
def test_a_header_that_had_begun_is_text_of_a_whole_answer_and_none_of_one_that_broke_off(begun: str) -> None:
    answer = f"[[ ## title ## ]]\none\n{begun}"
    whole, broken = make_parser("chat", [TITLE, BODY]), make_parser("chat", [TITLE, BODY])
    assert "".join(delta.text for delta in whole.feed(answer) + whole.close()) == f"one\n{begun}"
    assert "".join(delta.text for delta in broken.feed(answer) + broken.close(is_whole=False)) == "one"


@pytest.mark.parametrize("bracket", ["[", "[[", "[[ ", "[[ #"])
def test_a_bracket_at_the_end_of_an_answer_that_broke_off_is_text(bracket: str) -> None:
    parser = make_parser("chat", [TITLE])
    deltas = parser.feed(f"[[ ## title ## ]]\none\n{bracket}") + parser.close(is_whole=False)
    assert "".join(delta.text for delta in deltas) == f"one\n{bracket.rstrip()}"
