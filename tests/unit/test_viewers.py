"""Places for viewers, and their departure."""

import asyncio
from contextlib import ExitStack

import pytest

from flock.server.refusals import TooManyViewersError
from flock.server.viewers import Viewers


def test_places_are_given_back() -> None:
    viewers = Viewers(max_viewers=2, max_strangers=1)
    with ExitStack() as stack:
        for _ in range(2):
            stack.enter_context(viewers.place())
        with pytest.raises(TooManyViewersError), viewers.place():
            pass
        assert len(viewers) == 2
        stack.enter_context(viewers.threshold())
        with pytest.raises(TooManyViewersError), viewers.threshold():
            pass
    assert len(viewers) == 0
    with viewers.place(), viewers.threshold():
        pass


def test_a_place_can_be_taken_at_once_and_given_back_later() -> None:
    viewers = Viewers(max_viewers=1)
    taken = viewers.take()
    with pytest.raises(TooManyViewersError) as refusal:
        viewers.take()
    assert refusal.value.hint is not None
    assert "max_viewers" not in refusal.value.hint
    assert len(viewers) == 1
    taken.close()
    assert len(viewers) == 0


async def test_a_departure_ends_when_the_last_viewer_has_left() -> None:
    viewers = Viewers(max_viewers=2)
    with viewers.place(), viewers.place():
        departure = asyncio.create_task(viewers.depart())
        await viewers.departure.wait()
        assert not departure.done()
    await asyncio.wait_for(departure, 5)
    await viewers.depart()


async def test_a_departure_does_not_wait_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("flock.server.viewers.DEPARTURE_S", 0.01)
    viewers = Viewers(max_viewers=2)
    with viewers.place():
        await viewers.depart()
