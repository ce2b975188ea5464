"""The dashboard's benchmark: what is late, missing or different is told, and nothing else is."""

import pytest

from benchmarks.dashboard import CASES, table
from benchmarks.dashboard_streams import Manuscript, differing, lags, missing
from benchmarks.findings import Finding

MANUSCRIPTS = {"one": Manuscript("aa", [1.0, 2.0, 3.0]), "two": Manuscript("bb", [1.0, 2.0])}
TEXTS = {"runs": [["one", 3, 9, "aa"], ["two", 2, 6, "bb"]]}


def test_a_lag_is_from_when_a_token_was_written_to_the_first_frame_that_drew_it() -> None:
    frames = [(1.1, [("one", 1)]), (2.5, [("one", 2), ("two", 2)]), (3.5, [("one", 3), ("stranger", 7)])]
    assert lags(frames, MANUSCRIPTS, 0, 9) == pytest.approx([100, 500, 500, 500, 1500])


def test_a_lag_counts_only_for_what_was_written_in_the_watched_time() -> None:
    frames = [(4.0, [("one", 3)])]
    assert lags(frames, MANUSCRIPTS, 2, 3) == pytest.approx([2000])


def test_whole_texts_are_neither_missing_nor_different() -> None:
    assert missing(TEXTS, MANUSCRIPTS) == differing(TEXTS, MANUSCRIPTS) == 0


def test_a_lost_delta_and_another_text_are_counted() -> None:
    texts = {"runs": [["one", 1, 3, "cc"]]}
    assert missing(texts, MANUSCRIPTS) == 4
    assert differing(texts, MANUSCRIPTS) == 2


def test_the_table_tells_a_figure_beyond_its_goal() -> None:
    told = table([Finding("late", 300, 250, 250, "ms"), Finding("told", 1, unit="s")])
    assert "| late | 300.0 ms | 250 | beyond the bound |" in told
    assert "| told | 1.00 s |  |  |" in told


def test_every_case_has_a_name_of_its_own() -> None:
    assert len({case.name for case in CASES}) == len(CASES)
