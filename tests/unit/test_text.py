"""Text stays valid Unicode, however it was cut."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flock.text import Utf8Joiner, clean

ANY_TEXT = st.text(st.characters() | st.characters(categories=["Cs"]) | st.sampled_from("\ud83d\ude00\ufeff\0"))
PIECES = st.lists(ANY_TEXT, max_size=6)


def reference(text: str) -> str:
    joined = re.sub(
        "([\ud800-\udbff])([\udc00-\udfff])",
        lambda pair: chr(0x10000 + ((ord(pair[1]) - 0xD800) << 10) + (ord(pair[2]) - 0xDC00)),
        text,
    )
    return re.sub("[\ud800-\udfff]", "\ufffd", joined)


@pytest.mark.default(7)
@given(ANY_TEXT)
def test_cleaning_joins_pairs_replaces_lone_halves_and_touches_nothing_else(text: str) -> None:
    assert clean(text) == reference(text)
    assert clean(clean(text)) == clean(text)


@pytest.mark.default(7)
@given(PIECES)
def test_the_pieces_joined_equal_the_whole_cleaned(pieces: list[str]) -> None:
    joiner = Utf8Joiner()
    out = [joiner.feed(piece) for piece in pieces] + [joiner.end()]

    assert "".join(out) == reference("".join(pieces))
    for piece in out:
        piece.encode()


@pytest.mark.parametrize(
    ("pieces", "out"),
    [
        (["\ud83d", "\ude00"], ["", "😀", ""]),
        (["a\ud83d", "", "\ude00b"], ["a", "", "😀b", ""]),
        (["\ud83d", "x"], ["", "\ufffdx", ""]),
        (["\ude00"], ["\ufffd", ""]),
        (["\ud83d\ud83d", "\ude00"], ["\ufffd", "😀", ""]),
        (["end\ud83d"], ["end", "\ufffd"]),
        (["plain", "grün", "\0"], ["plain", "grün", "\0", ""]),
    ],
)
def test_only_half_a_character_at_the_end_of_a_piece_waits(pieces: list[str], out: list[str]) -> None:
    joiner = Utf8Joiner()

    assert [joiner.feed(piece) for piece in pieces] + [joiner.end()] == out


def test_a_joiner_that_ended_holds_nothing_back() -> None:
    joiner = Utf8Joiner()
    joiner.feed("\ud83d")

    assert joiner.end() == "\ufffd"
    assert joiner.end() == ""
    assert joiner.feed("\ude00") == "\ufffd"
