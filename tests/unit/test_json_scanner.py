from typing import Any

import pytest

from flock.engines.fields import FieldDelta, FieldSpec
from flock.engines.json_scanner import JsonScanner, parse_literal
from flock.errors import FormatError
from flock.pointer import MAX_DEPTH


def scan(*pieces: str) -> tuple[Any, list[tuple[str, str, str]], int]:
    scanner = JsonScanner("f")
    out: list[FieldDelta] = []
    end = 0
    for piece in pieces:
        end = scanner.feed(piece, 0, out)
    scanner.finish(out)
    return scanner.value, [delta[1:] for delta in out], end


def test_leaves_are_streamed_at_their_paths() -> None:
    value, deltas, _ = scan('{"a/b": ["x", 1, {"~": tr', 'ue}], "e": [], "o": {}, "n": null, "": "y"}')
    assert value == {"a/b": ["x", 1, {"~": True}], "e": [], "o": {}, "n": None, "": "y"}
    assert deltas == [
        ("a~1b/0", "text", "x"),
        ("a~1b/1", "json", "1"),
        ("a~1b/2/~0", "json", "true"),
        ("e", "json", "[]"),
        ("o", "json", "{}"),
        ("n", "json", "null"),
        ("", "text", "y"),
    ]


def test_a_string_gives_one_delta_for_each_piece() -> None:
    _, deltas, _ = scan('["one\\ntwo\\nthree', " four", '\\u0021"]')
    assert deltas == [("0", "text", "one\ntwo\nthree"), ("0", "text", " four"), ("0", "text", "!")]


def test_it_stops_behind_the_value() -> None:
    assert scan("[1] and more")[2] == 3
    assert scan('"a" and more')[2] == 3
    assert scan("12 and more")[2] == 2


def test_a_number_at_the_end_of_the_text_is_whole() -> None:
    assert scan("-0.5e", "10") == (-0.5e10, [("", "json", "-0.5e10")], 2)


def test_habits_of_models_are_understood() -> None:
    value, deltas, _ = scan("""{'a': ['it\\'s', "o'clock",], "b": True, "c": None, "d": False,}""")
    assert value == {"a": ["it's", "o'clock"], "b": True, "c": None, "d": False}
    assert ("b", "json", "true") in deltas


def test_of_two_equal_keys_the_first_counts_and_the_second_is_silent() -> None:
    value, deltas, _ = scan('{"a": 1, "a": {"b": ["x", []]}, "c": "y"}')
    assert value == {"a": 1, "c": "y"}
    assert deltas == [("a", "json", "1"), ("c", "text", "y")]


def test_huge_integers_keep_every_digit() -> None:
    digits = "9" * 600
    assert scan(f"[{digits}]")[0] == [int(digits)]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[1 2]", "at '0' is broken: expected ',' or ']', found '2]'"),
        ('{"a" 1}', "expected ':' after the key 'a', found '1}'"),
        ("{a: 1}", "expected a key in quotes or '}', found 'a: 1}'"),
        ("{X: 1}", "expected a key in quotes or '}', found 'X: 1}'"),
        ("[,]", "expected a value, found ',]'"),
        ("[X]", "found 'X'"),
        ("[NaN]", "expected a number, true, false or null, found 'NaN'"),
        ("[Infinity]", "found 'Infinity'"),
        ("[1e999]", "found '1e999'"),
        ("[01]", "found '01'"),
        ("[+1]", "found '+1'"),
        ("[.5]", "found '.5'"),
        ("[1_0]", "found '1_0'"),
        ("[1} ", "expected ',' or ']', found '} '"),
        ("[// why\n1]", "expected a value"),
        ("[" + "9" * 601, "expected a number of at most 600 characters"),
        ('{"a": [1, {"b": "x', "of field 'f' at 'a/1/b' is cut off"),
        ("", "of field 'f' is cut off"),
        ("tru", "expected a number, true, false or null"),
    ],
)
def test_broken_json_is_refused_with_what_was_expected_and_where(text: str, message: str) -> None:
    with pytest.raises(FormatError) as caught:
        scan(text)
    assert message in str(caught.value)
    with pytest.raises(FormatError):
        scan(*text)


def test_json_needs_no_spaces() -> None:
    assert scan('{"a":1,"b":[2,3],"c":"x"}')[0] == {"a": 1, "b": [2, 3], "c": "x"}


def test_a_message_quotes_no_more_than_forty_characters() -> None:
    with pytest.raises(FormatError, match=f"after the key '{'k' * 40}', found"):
        scan(f'{{"{"k" * 60}" 1}}')
    with pytest.raises(FormatError, match=f"found '{'x' * 40}'\\.$"):
        scan("[1 " + "x" * 60)


def test_nesting_has_a_bound() -> None:
    assert scan("[" * MAX_DEPTH + "]" * MAX_DEPTH)[1][0][1:] == ("json", "[]")
    with pytest.raises(FormatError, match="nested deeper than 100 levels"):
        scan("[" * (MAX_DEPTH + 1))


def test_paths_have_a_bound_because_every_leaf_repeats_them() -> None:
    assert scan('{"%s": 1}' % ("k" * 1000))[1] == [("k" * 1000, "json", "1")]
    with pytest.raises(FormatError, match="longer than 1024 characters"):
        scan('{"%s": 1}' % ("k" * 1024))


def test_pointers_begin_where_the_scanner_was_told() -> None:
    scanner = JsonScanner("f", "/0/tags")
    out: list[FieldDelta] = []
    scanner.feed('["owl"]', 0, out)
    assert out == [FieldDelta("f", "0/tags/0", "text", "owl")]


def test_with_specs_the_keys_are_the_fields() -> None:
    specs = {"title": FieldSpec("title", "text"), "n": FieldSpec("n", "json")}
    scanner = JsonScanner(None, specs=specs)
    out: list[FieldDelta] = []
    scanner.feed('{"title": 1.50, "other": {"title": "no"}, "n": {"a": 2}, "n": 3}', 0, out)
    assert scanner.is_done
    assert scanner.value == {"title": "1.50", "n": {"a": 2}}
    assert out == [FieldDelta("title", "", "text", "1.50"), FieldDelta("n", "a", "json", "2")]


@pytest.mark.parametrize("token", ["nan", "-", "", "1.", "TRUE", "nil", "0x10", "١"])
def test_other_words_are_no_literals(token: str) -> None:
    assert parse_literal(token) is None
