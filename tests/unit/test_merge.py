"""What merging does with deltas by themselves; `test_journal` holds what readers get."""

import pytest

from flock.events import Delta
from flock.merge import Merge
from tests.unit.samples import BODY, make_stream

STREAM = make_stream()
FIRST = Delta(STREAM, BODY, 1, 5, "a", 0.0)


def merged(*deltas: Delta) -> Merge:
    merge = Merge(None)
    assert merge.add(deltas, None, 2**20) == len(deltas)
    return merge


def test_what_goes_on_is_joined_and_given_again_when_asked_again() -> None:
    merge = merged(FIRST, Delta(STREAM, BODY, 1, 6, "b", 1.0), Delta(STREAM, BODY, 1, 7, "c", 2.0))
    assert merge.result() == merge.result() == (Delta(STREAM, BODY, 1, 5, "abc", 0.0, 3),)


@pytest.mark.parametrize(
    "other",
    [Delta(STREAM, BODY, 1, 7, "c", 0.0), Delta(STREAM, BODY, 2, 6, "b", 0.0)],
    ids=["a gap", "another attempt"],
)
def test_what_does_not_go_on_stands_by_itself(other: Delta) -> None:
    assert merged(FIRST, other).result() == (FIRST, other)
