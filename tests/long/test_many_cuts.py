"""Ten thousand cuts: the same as the normal test's hundreds, with other seeds and for longer."""

import time

import pytest

from flock.journal import Journal
from tests.cutting import Tally, cut_and_check

ROUNDS = 40
CUTS_PER_ROUND = 250
CUTS_BEYOND_REACH = 2000
SMALL_BYTES = 24 * 2**10


@pytest.mark.long
@pytest.mark.timeout(1200)
async def test_nothing_is_lost_and_nothing_doubled_over_ten_thousand_cuts() -> None:
    began = time.monotonic()
    tallies = [await cut_and_check(cuts=CUTS_PER_ROUND, seed=100 + number) for number in range(ROUNDS)]
    cuts = sum(tally.cuts for tally in tallies)
    resumed = sum(tally.resumed for tally in tallies)
    runs = sum(tally.runs for tally in tallies)
    took_s = time.monotonic() - began
    print(f"figure: {cuts:,} cuts, {resumed:,} resumed visits, {runs:,} runs: nothing lost or doubled ({took_s:.0f} s)")
    assert cuts >= ROUNDS * CUTS_PER_ROUND
    assert resumed >= cuts / 3
    assert not any(tally.gaps for tally in tallies)


@pytest.mark.long
@pytest.mark.timeout(600)
async def test_everybody_who_comes_back_too_late_is_told() -> None:
    tally: Tally = await cut_and_check(cuts=CUTS_BEYOND_REACH, seed=7, journal=Journal(max_bytes=SMALL_BYTES))
    print(f"figure: {tally.cuts:,} cuts of viewers of a small journal: {tally.gaps:,} gaps, every text whole again")
    assert tally.gaps
