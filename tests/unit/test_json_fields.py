import pytest

from flock.engines.fields import FieldDelta, FieldSpec
from tests.unit.field_answers import Parsed, assert_streamed_exactly, parse

FIELDS = [
    FieldSpec("title", "text"),
    FieldSpec("note", "text", nullable=True),
    FieldSpec("data", "json", nullable=True),
]


def answer(*pieces: str) -> Parsed:
    """Parse an answer whole and character by character; both have to give the same."""
    parsed = parse("json", FIELDS, *pieces)
    slow = parse("json", FIELDS, *"".join(pieces))
    assert (parsed.values, parsed.text(None), parsed.error is None) == (
        slow.values,
        slow.text(None),
        slow.error is None,
    )
    if parsed.error is None:
        assert_streamed_exactly(parsed)
        assert_streamed_exactly(slow)
    return parsed


def test_fields_stream_without_quotes_and_escapes() -> None:
    parsed = parse("json", FIELDS, '{"ti', 'tle": "Ow', "ls\\", 'n\\"hoot\\"", "data": {"a": [tr', 'ue, "x"]}}')
    assert parsed.deltas == (
        FieldDelta("title", "", "text", "Ow"),
        FieldDelta("title", "", "text", "ls"),
        FieldDelta("title", "", "text", '\n"hoot"'),
        FieldDelta("data", "a/0", "json", "true"),
        FieldDelta("data", "a/1", "text", "x"),
    )
    assert parsed.values == {"title": 'Owls\n"hoot"', "data": {"a": [True, "x"]}}


@pytest.mark.parametrize(
    ("text", "stray"),
    [
        ('{"title": "Owls"}', ""),
        ('```json\n{"title": "Owls"}\n```', ""),
        ('```{"title": "Owls"}```', ""),
        ('Sure:\n\n{"title": "Owls"}\n\nBye', "Sure:\n\n\n\nBye"),
        ('The {topic} is {{x}}: {\n\t"title": "Owls"}', "The {topic} is {{x}}:"),
        ('{X} is {"title": "Owls"}', "{X} is"),
        ("{'title': 'Owls'}", ""),
        ('{"title": "Owls",}', ""),
        ('[{"title": "Owls"}]', "[]"),
        ('{"title": "Owls"} {"title": "Cats"}', ' {"title": "Cats"}'),
        ('{"title": "Owls"} `bye` ``x``', " `bye` ``x``"),
    ],
)
def test_the_object_is_found_in_what_stands_around_it(text: str, stray: str) -> None:
    parsed = answer(text)
    assert parsed.values == {"title": "Owls"}
    assert parsed.text(None).strip() == stray.strip()


def test_stray_text_is_shown_as_it_arrives() -> None:
    first, *_ = parse("json", FIELDS, "so `x` ", '{"title": "Owls"}').deltas
    assert first == FieldDelta(None, "", "text", "so `x`")


def test_keys_that_are_no_field_are_skipped_in_silence() -> None:
    parsed = answer('{"thoughts": {"title": ["no"]}, "title": "Owls", "score": 3}')
    assert parsed.values == {"title": "Owls"}
    assert parsed.text(None) == ""


def test_of_two_equal_keys_the_first_counts() -> None:
    assert answer('{"title": "Owls", "title": "Cats", "data": {"a": 1, "a": 2}}').values == {
        "title": "Owls",
        "data": {"a": 1},
    }


@pytest.mark.parametrize(("written", "value"), [("12", "12"), ("1.50", "1.50"), ("True", "True"), ("null", None)])
def test_a_literal_where_a_text_is_expected_is_the_text_it_is_written_as(written: str, value: str | None) -> None:
    assert answer(f'{{"title": {written}}}').values == {"title": value}


def test_null_is_null() -> None:
    parsed = answer('{"note": null, "data": None, "title": "null"}')
    assert parsed.values == {"note": None, "data": None, "title": "null"}
    assert parsed.deltas[0] == FieldDelta("note", "", "json", "null")


def test_a_container_where_a_text_is_expected_is_left_to_the_types() -> None:
    assert answer('{"title": ["Owls", 1]}').values == {"title": ["Owls", 1]}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"title": "Owls', "The JSON of field 'title' is cut off"),
        ('{"title": "Owls"', "The JSON of field 'title' is cut off"),
        ('{"title', "The JSON of the answer is cut off"),
        ('{"title" "Owls"}', "expected ':' after the key 'title', found '\"Owls\"}'"),
        ('{"data": NaN}', "The JSON of field 'data' is broken: expected a number, true, false or null, found 'NaN'"),
        ('{"other": 1}', "none of the fields expected"),
        ("{}", "it begins with '{}'"),
        ("{", "it begins with '{'"),
        ("{ \n\t", "it begins with '{'"),
        ("[1, 2]", "it begins with '[1, 2]'"),
    ],
)
def test_an_answer_that_cannot_be_parsed_is_refused(text: str, message: str) -> None:
    error = answer(text).error
    assert error is not None
    assert message in error


def test_nothing_more_is_streamed_once_the_json_is_broken() -> None:
    parsed = answer('{"title": "Owls", "data": [1 2], "note": "x"}')
    assert [delta.field for delta in parsed.deltas] == ["title", "data"]
    assert parsed.error is not None
