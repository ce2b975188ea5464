"""Viewers whose connections are cut anywhere come back with their cursor: nothing is lost, nothing is doubled."""

from collections.abc import Iterator

import pytest

from flock.cursor import Cursor
from flock.frame import Frame
from flock.journal import Journal
from flock.reader import Reader
from tests.cutting import cut_and_check

CUTS = 500
CUTS_BEYOND_REACH = 150
SMALL_BYTES = 24 * 2**10
"""A journal that reaches back less far than many a viewer is away."""


@pytest.mark.timeout(180)
async def test_nothing_is_lost_and_nothing_doubled_over_hundreds_of_cuts() -> None:
    tally = await cut_and_check(cuts=CUTS, seed=1)
    assert tally.cuts >= CUTS
    assert tally.resumed >= CUTS / 3
    assert tally.gaps == 0


async def test_who_comes_back_too_late_is_told_and_has_the_whole_text_again() -> None:
    tally = await cut_and_check(cuts=CUTS_BEYOND_REACH, seed=2, journal=Journal(max_bytes=SMALL_BYTES))
    assert tally.gaps > 0


@pytest.mark.parametrize("shift", [1, -1])
async def test_a_server_that_resumes_one_event_off_is_found_out(monkeypatch: pytest.MonkeyPatch, shift: int) -> None:
    opening = Reader._open

    def open_elsewhere(self: Reader, cursor: Cursor | None) -> Iterator[Frame]:
        yield from opening(self, cursor)
        if cursor is not None:
            self._offset = max(0, min(self._offset + shift, self.journal.head))

    monkeypatch.setattr(Reader, "_open", open_elsewhere)
    with pytest.raises((AssertionError, ExceptionGroup)):
        await cut_and_check(cuts=20, seed=3)
