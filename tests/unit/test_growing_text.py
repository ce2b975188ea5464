from itertools import accumulate

from hypothesis import given
from hypothesis import strategies as st

from flock.growing_text import PIECE_BYTES, GrowingText

texts = st.lists(
    st.text(max_size=20) | st.sampled_from(["é" * PIECE_BYTES, "x" * (PIECE_BYTES - 1), "鳥"]), max_size=20
)


@given(texts)
def test_every_earlier_state_stays_a_prefix(parts: list[str]) -> None:
    text = GrowingText()
    lengths: list[int] = []
    for part in parts:
        text.append(part.encode())
        lengths.append(len(text))
    assert text.decode() == "".join(parts)
    for length, before in zip(lengths, accumulate(parts), strict=True):
        assert text.decode(length) == before


def test_nothing_is_no_text() -> None:
    assert (len(GrowingText()), GrowingText().decode(), GrowingText().decode(0)) == (0, "", "")
