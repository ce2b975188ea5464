from datetime import UTC, datetime

import pytest

from flock.audience import Audience


class Standing:
    """A viewer that is so many events behind."""

    def __init__(self, lag: int = 0) -> None:
        self.lag = lag


def test_viewers_count_while_they_attend() -> None:
    audience = Audience()
    assert len(audience) == 0
    with audience.attend(Standing(), "websocket"), audience.attend(Standing(), "sse"):
        with audience.attend(Standing(), "sse"):
            assert len(audience) == 3
            assert audience.by_kind() == {"websocket": 1, "sse": 2}
        assert audience.by_kind() == {"websocket": 1, "sse": 1}
    assert len(audience) == 0
    assert not audience.by_kind()


def test_a_viewer_that_breaks_off_is_not_counted_any_more() -> None:
    audience = Audience()

    def break_off() -> None:
        with audience.attend(Standing(), "terminal"):
            raise ConnectionError

    with pytest.raises(ConnectionError):
        break_off()
    assert len(audience) == 0


def test_the_lag_is_that_of_the_slowest_viewer() -> None:
    audience = Audience()
    assert audience.max_lag == 0
    slow = Standing(10)
    with audience.attend(Standing(3), "program"), audience.attend(slow, "websocket"):
        assert audience.max_lag == 10
        slow.lag = 1
        assert audience.max_lag == 3
    assert audience.max_lag == 0


def test_viewers_are_listed_those_that_have_watched_for_longest_first() -> None:
    audience = Audience()
    early, late = Standing(1), Standing(2)
    before = datetime.now(UTC)
    with audience.attend(early, "websocket"), audience.attend(late, "sse"):
        assert [(one.reader, one.kind) for one in audience.attendances] == [(early, "websocket"), (late, "sse")]
        assert before <= audience.attendances[0].since <= audience.attendances[1].since <= datetime.now(UTC)
    assert audience.attendances == []


def test_one_reader_may_attend_twice() -> None:
    audience = Audience()
    reader = Standing()
    with audience.attend(reader, "program"):
        with audience.attend(reader, "sse"):
            assert len(audience) == 2
        assert audience.by_kind() == {"program": 1}
    assert len(audience) == 0
