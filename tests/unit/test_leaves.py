import pytest

from flock.leaves import leaves, plain, same


def test_leaves_are_named_by_escaped_pointers_in_order() -> None:
    value = {"b": [{"x/y": "one"}, None], "a~": {"": True}, "empty": [], "none": {}}
    assert list(leaves(value).items()) == [
        ("b/0/x~1y", ("text", "one")),
        ("b/1", ("json", None)),
        ("a~0/", ("json", True)),
        ("empty", ("json", [])),
        ("none", ("json", {})),
    ]


def test_a_scalar_is_its_own_leaf() -> None:
    assert leaves("owl") == {"": ("text", "owl")}
    assert leaves([]) == {"": ("json", [])}


def test_what_json_cannot_hold_is_refused() -> None:
    with pytest.raises(TypeError, match="a set at 'a' is not a JSON value"):
        leaves({"a": {1}})


def test_streamed_leaves_equal_to_the_value_are_the_same() -> None:
    streamed = {"a/0": ("text", "owl"), "a/1": ("json", "3"), "b": ("json", "{}")}
    assert same(streamed, {"a": ["owl", 3.0], "b": {}})  # type: ignore[arg-type]  # a literal dict loses its Literals


def test_an_empty_string_streams_nothing() -> None:
    assert same({}, "")
    assert same({"0": ("json", "1")}, [1, ""])


@pytest.mark.parametrize(
    ("text", "value"),
    [("1", True), ("true", 1), ("3", 4), ("[]", {}), ("{}", []), ("null", False), ("nonsense", 1), ('"3"', 3)],
)
def test_another_literal_is_not_the_same(text: str, value: object) -> None:
    assert not same({"": ("json", text)}, value)


def test_a_missing_extra_or_different_leaf_is_not_the_same() -> None:
    assert not same({}, 1)
    assert not same({"": ("text", "owl")}, "owls")
    assert not same({"0": ("text", "a"), "1": ("text", "b")}, ["a"])
    assert not same({"": ("text", "3")}, 3)
    assert not same({"": ("json", "3")}, "3")


def test_a_plain_value_is_what_the_wire_can_hold() -> None:
    assert plain({"a\ud800": ["\ud83e\udd89", float("nan"), (1, True, None)], "b": 2**80}) == {
        "a\ufffd": ["🦉", None, [1, True, None]],
        "b": 2**80,
    }
