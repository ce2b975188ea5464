"""Positions of a log, held against a list."""

from hypothesis import given
from hypothesis import strategies as st

from flock.board.positions import Positions


@given(st.lists(st.integers(1, 400)), st.integers(0, 500))
def test_positions_equal_a_list_that_grows_at_the_end_and_shrinks_at_the_front(steps: list[int], after: int) -> None:
    positions, model, head = Positions(), list[int](), 0
    for step in steps:
        if step % 2:
            for _ in range(step):
                head += 1 + step % 3
                positions.append(head)
                model.append(head)
        else:
            for _ in range(min(step, len(model))):
                positions.drop_first()
                model.pop(0)
        assert len(positions) == len(model)
        place = after if not model else model[0] + after - 50
        assert list(positions.after(place)) == [position for position in model if position > place]
        assert list(positions.before(place)) == [position for position in reversed(model) if position < place]
