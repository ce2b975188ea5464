import pytest
from hypothesis import given
from hypothesis import strategies as st

from flock.cursor import NOWHERE, Cursor
from flock.errors import CursorError
from flock.journal import Journal

epochs = st.text("0123456789abcdef", min_size=1, max_size=32)


@given(epochs, st.integers(0, 10**18 - 1))
def test_a_cursor_is_read_as_it_was_written(epoch: str, offset: int) -> None:
    cursor = Cursor(epoch, offset)
    assert Cursor.parse(str(cursor)) == cursor
    assert str(cursor) == f"{epoch}-{offset}"


@given(st.text())
def test_any_text_is_a_cursor_or_refused(text: str) -> None:
    try:
        cursor = Cursor.parse(text)
    except CursorError:
        return
    assert Cursor.parse(str(cursor)) == cursor


@pytest.mark.parametrize(
    "text",
    ["", "-", "ab", "ab-", "-5", "ab-5-6", "ab--5", "ab-5 ", " ab-5", "ab-5\n", "ab-٣", "äb-5", "ab-1e3", "ab-0x1"],
)
def test_what_is_no_cursor_is_refused(text: str) -> None:
    with pytest.raises(CursorError, match="is not a cursor"):
        Cursor.parse(text)


@pytest.mark.parametrize("text", ["a" * 33 + "-1", "ab-" + "9" * 19, "x" * 100_000])
def test_a_long_cursor_is_refused_without_repeating_it(text: str) -> None:
    with pytest.raises(CursorError) as caught:
        Cursor.parse(text)
    assert len(str(caught.value)) < 200


def test_the_cursors_of_a_journal_can_be_parsed() -> None:
    journal = Journal()
    assert Cursor.parse(str(journal.cursor(12))) == (journal.epoch, 12)


def test_nowhere_is_a_cursor_that_no_journal_resumes_from() -> None:
    assert Cursor.parse(str(NOWHERE)) == NOWHERE
    assert Journal().locate(NOWHERE) == "other_epoch"
