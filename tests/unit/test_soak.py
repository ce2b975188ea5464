"""The soak measures what it says: a leak is found, and what is full at half-time is none."""

import argparse
import random

import pytest

from benchmarks.soak import MAX_SLOPE_MB, MIN_MINUTES, Sample, Soak, slope_mb, soaking_minutes, verdict

MINUTES = 10
EVERY_S = 5.0


def measured(*, first_mb: float, leak_mb: float, noise_mb: float = 0.5) -> Soak:
    """Ten minutes of a process that fills its bounds in the first two, and leaks so much over all ten."""
    dice = random.Random(1)
    samples: list[Sample] = []
    for number in range(int(MINUTES * 60 / EVERY_S) + 1):
        seconds = number * EVERY_S
        megabytes = first_mb + 20 * min(seconds / 120, 1) + leak_mb * seconds / 600 + dice.uniform(-1, 1) * noise_mb
        samples.append(Sample(seconds, round(megabytes * 1e6)))
    return Soak(samples)


def test_the_slope_is_told_in_megabytes_per_ten_minutes() -> None:
    assert round(slope_mb([Sample(0, 0), Sample(60, 100_000), Sample(120, 200_000)]), 6) == 1


def test_what_is_full_early_is_no_leak() -> None:
    assert abs(measured(first_mb=100, leak_mb=0).slope_mb) < MAX_SLOPE_MB


def test_a_leak_is_found_under_the_noise() -> None:
    assert measured(first_mb=100, leak_mb=2.5).slope_mb > MAX_SLOPE_MB


def test_a_soak_that_was_too_short_has_no_verdict() -> None:
    assert verdict(MIN_MINUTES, MAX_SLOPE_MB + 1) == "memory grows by 2.00 MB in ten minutes"
    assert verdict(MIN_MINUTES, MAX_SLOPE_MB) is None
    assert verdict(MIN_MINUTES - 0.1, MAX_SLOPE_MB + 1) is None


@pytest.mark.parametrize("text", ["0", "-1", "nan", "inf", "soon"])
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError, match="not a number of minutes above 0"):
        soaking_minutes(text)
    assert soaking_minutes("0.2") == 0.2


def test_the_figures_say_what_was_done() -> None:
    soak = measured(first_mb=100, leak_mb=2, noise_mb=0)
    soak.endings.update({"completed": 1200, "failed": 3})
    soak.visits = {"visits": 7}
    memory = "100.0 MB at first, 121.0 MB at half-time, 122.0 MB at last"
    assert soak.figures() == [
        "figure: soak of 10 min: 1,200 completed, 3 failed",
        "figure: viewers came and went: 7 visits",
        f"figure: memory {memory}; +2.00 MB per 10 min over the second half, of 1",
    ]
