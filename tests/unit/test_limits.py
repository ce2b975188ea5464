"""The bounds of a flock are checked where they are made."""

from typing import Any

import pytest

from flock.errors import ConfigurationError
from flock.orchestrator import Flock
from flock.scheduling.limits import Limits


@pytest.mark.parametrize(
    ("limits", "complaint"),
    [
        ({"max_parallel_runs": 0}, r"max_parallel_runs is 0\. .* at least 1\."),
        ({"max_parallel_runs": "3"}, "max_parallel_runs is '3'"),
        ({"max_runs_per_correlation": None}, "max_runs_per_correlation is None"),
        ({"max_waiting_runs": True}, "max_waiting_runs is True"),
        ({"max_fan_out": 1.5}, r"max_fan_out is 1\.5"),
        ({"max_depth": -1}, "max_depth is -1.* at least 0"),
        ({"max_seconds_per_correlation": -1}, "max_seconds_per_correlation is -1.*or None"),
        ({"max_seconds_per_correlation": float("nan")}, "max_seconds_per_correlation is nan"),
    ],
)
def test_what_is_no_bound_is_refused(limits: dict[str, Any], complaint: str) -> None:
    with pytest.raises(ConfigurationError, match=complaint):
        Limits(**limits)


def test_costs_may_be_unbounded_and_depth_may_be_none() -> None:
    Limits(max_tokens_per_correlation=None, max_seconds_per_correlation=None, max_depth=0, max_pending_openings=0)


def test_a_flock_takes_limits_only() -> None:
    anything: Any = {"max_depth": 3}
    with pytest.raises(ConfigurationError, match="are no Limits"):
        Flock(view=None, limits=anything)
