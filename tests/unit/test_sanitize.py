"""What may reach a terminal, and what becomes visible first."""

import unicodedata
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flock.sinks.sanitize import MAX_LINE_CHARS, VisibleText, visible, visible_line

ANY_TEXT = st.text(alphabet=st.characters(codec=None, exclude_categories=()))
KEPT_FORMATS = {"\u00ad", "\u200b", "\u200c", "\u200d"}


def is_safe(char: str) -> bool:
    if char in "\n\t":
        return True
    if char in "\u2028\u2029" or unicodedata.category(char) in ("Cc", "Cs"):
        return False
    is_direction = unicodedata.bidirectional(char) in ("LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI")
    return not is_direction and char not in "\u061c\u200e\u200f"


@pytest.mark.default(6)
@given(ANY_TEXT)
def test_nothing_that_steers_a_terminal_comes_through(text: str) -> None:
    shown = visible(text)
    assert all(is_safe(char) for char in shown)
    shown.encode()


def test_the_check_itself_sees_a_planted_escape() -> None:
    assert not all(is_safe(char) for char in "\x1b[2J")
    assert not is_safe("\u202e")


@given(st.text(alphabet=st.characters(codec="utf-8", categories=("L", "N", "P", "S", "Zs"), include_characters="\n\t")))
def test_harmless_text_is_left_as_it_is(text: str) -> None:
    assert visible(text) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b]52;c;aGk=\x07", r"\x1b]52;c;aGk=\x07"),
        ("\x1b[2J", r"\x1b[2J"),
        ("\x9b31m", r"\x9b31m"),
        ("a\x00b\x7f", r"a\x00b\x7f"),
        ("\u202egnp", r"\u202egnp"),
        ("a\u2028b", r"a\u2028b"),
        ("\ud83d", r"\ud83d"),
        ("back\bspace", r"back\x08space"),
        ("[bold]not markup[/bold]", "[bold]not markup[/bold]"),
        ("👩‍👩‍👧 नमस्ते", "👩‍👩‍👧 नमस्ते"),
    ],
)
def test_what_is_dangerous_is_written_out(text: str, shown: str) -> None:
    assert visible(text) == shown


@given(ANY_TEXT, st.lists(st.integers(0, 50)))
def test_pieces_come_out_as_the_whole_does(text: str, cuts: list[int]) -> None:
    piecewise = VisibleText()
    places = [0, *sorted(min(cut, len(text)) for cut in cuts), len(text)]
    pieces = [piecewise.feed(text[start:end]) for start, end in pairwise(places)]
    assert "".join((*pieces, piecewise.end())) == visible(text.replace("\r\n", "\n"))


def test_a_crlf_between_two_pieces_is_a_newline_and_a_lone_return_is_visible() -> None:
    text = VisibleText()
    assert [text.feed("a\r"), text.feed("\nb\r"), text.feed("c\r"), text.end()] == ["a", "\nb", "\\x0dc", "\\x0d"]


def test_a_name_is_one_line_of_bounded_length() -> None:
    assert visible_line("two\nlines\x1b[0m\r\n") == r"two lines\x1b[0m"
    assert len(visible_line("x" * 10**6)) == MAX_LINE_CHARS + 1


def test_kept_format_characters_do_not_steer() -> None:
    assert visible("".join(sorted(KEPT_FORMATS))) == "".join(sorted(KEPT_FORMATS))
