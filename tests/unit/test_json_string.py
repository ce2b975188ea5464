import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flock.engines.json_string import JsonString


def decode(*pieces: str, quote: str = '"') -> tuple[str, bool]:
    string = JsonString(quote)
    parts: list[str] = []
    for piece in pieces:
        assert string.feed(piece, 0, parts) == len(piece)
    return "".join(parts), string.is_closed


@given(text=st.text(), ascii_only=st.booleans())
def test_any_text_survives_escaping_and_any_cut(*, text: str, ascii_only: bool) -> None:
    written = json.dumps(text, ensure_ascii=ascii_only)[1:]
    assert decode(written) == (text, True)
    assert decode(*written) == (text, True)


@pytest.mark.parametrize(
    ("written", "text"),
    [
        (r"\ud83d\ude00", "😀"),
        (r"\ud800\udc00\udbff\udfff", "\U00010000\U0010ffff"),
        (r"\ud7ff\ue000\ud800\ue000", "\ud7ff\ue000\ufffd\ue000"),
        (r"\udc00\udfff\udbff", "\ufffd\ufffd\ufffd"),
        (r"\ud83d!", "\ufffd!"),
        (r"\ud83d", "\ufffd"),
        (r"\ud83d\ud83d\ude00", "\ufffd😀"),
        (r"\ude00\n", "\ufffd\n"),
        (r"\ud83d\\", "\ufffd\\"),
        ("line\nbreak\x00\t", "line\nbreak\x00\t"),
        (r"\q \( \u12 \usepackage", r"\q \( \u12 \usepackage"),
        (r"it\'s", "it's"),
        (r"a\/b", "a/b"),
    ],
)
def test_escapes_are_resolved_however_they_are_cut(written: str, text: str) -> None:
    assert decode(written + '"') == (text, True)
    assert decode(*written, '"') == (text, True)


def test_it_ends_behind_its_own_quote_and_no_other() -> None:
    string = JsonString("'")
    parts: list[str] = []
    assert string.feed('a "quote"\' rest', 0, parts) == len('a "quote"\'')
    assert parts == ['a "quote"']
    assert string.is_closed


def test_an_escaped_quote_does_not_end_it() -> None:
    assert decode('\\"', "still", "\\\\", '"') == ('"still\\', True)
    assert decode("open") == ("open", False)
