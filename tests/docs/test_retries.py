"""`docs/retries.md` says what the code does and what the table of faults demands."""

import re
from pathlib import Path
from typing import get_args

import pytest

from flock.engines.answering import CORRECTIONS
from flock.engines.attempts import RETRY_AFTER_CAP_S, RetryPolicy
from flock.engines.dspy_engine import DSPyEngine
from flock.engines.openai_answer import MAX_PIECE_BYTES
from flock.engines.openai_errors import _HINTS, _RETRYABLE_KINDS, RETRYABLE_STATUSES
from flock.errors import ModelError
from tests.servers.fault import FaultClass
from tests.servers.faults import FAULTS

TEXT = (Path(__file__).parents[2] / "docs/retries.md").read_text()
ROWS = [[cell.strip() for cell in line.strip("|").split("|")] for line in TEXT.splitlines() if line.startswith("| ")]
TABLE = {name: cells for name, *cells in ROWS[2:]}
BUSY = ModelError("busy", status=503, retryable=True)


def explanation(name: str) -> str:
    """Give what the page says of one class."""
    found = re.search(rf"\*\*{name}\*\*: (.*?)(?=\n- |\n\n)", TEXT, re.DOTALL)
    assert found is not None
    return found[1]


def test_the_table_has_a_row_for_each_class_of_faults() -> None:
    assert TABLE.keys() == set(get_args(FaultClass))
    assert {fault.of_class for fault in FAULTS} == TABLE.keys()


@pytest.mark.parametrize("name", TABLE)
def test_the_faults_of_a_class_end_and_are_tried_again_as_its_row_says(name: str) -> None:
    status, code, again, after = TABLE[name]
    assert (again == "no") == (after == "")
    for fault in FAULTS:
        if fault.of_class == name:
            assert (fault.status, fault.code or "") == (status, code), fault.name
            if name != "harmless":
                calls = {"no": 1, "yes": 1 + fault.max_retries, "once": 1 + CORRECTIONS}[again]
                assert len(fault.shown) == calls, fault.name


def test_the_statuses_named_are_those_that_are_tried_again() -> None:
    busy = {int(number) for number in re.findall(r"\d{3}", explanation("busy"))}
    assert busy == RETRYABLE_STATUSES
    refused = {int(number) for number in re.findall(r"\d{3}", explanation("refused"))} - {429}
    assert not refused & RETRYABLE_STATUSES
    assert refused >= _HINTS.keys()
    assert set(re.findall(r"`(\w+)`", explanation("error in the stream"))) == _RETRYABLE_KINDS


def test_the_figures_are_those_of_the_code() -> None:
    policy = DSPyEngine().max_retries
    assert f"`DSPyEngine(max_retries={policy})`" in TEXT
    assert f"at most {RETRY_AFTER_CAP_S:g} s" in TEXT
    assert f"more than {MAX_PIECE_BYTES // 2**20} MiB in one" in TEXT


def test_pauses_double_and_vary_by_a_quarter() -> None:
    for retries, middle_s in ((0, 0.5), (1, 1.0), (2, 2.0)):
        delays = [RetryPolicy(3).delay_s(BUSY, retries) or 0.0 for _ in range(200)]
        assert middle_s * 0.75 <= min(delays) < middle_s < max(delays) <= middle_s * 1.25


@pytest.mark.parametrize(("asked_s", "waited_s"), [(0.0, 0.0), (7.5, 7.5), (31.0, 30.0), (1e300, 30.0), (-1.0, 0.0)])
def test_what_the_server_asks_for_is_obeyed_up_to_a_cap(asked_s: float, waited_s: float) -> None:
    error = ModelError("busy", status=429, retryable=True, retry_after_s=asked_s)
    assert RetryPolicy().delay_s(error, 0) == waited_s


def test_no_call_is_made_beyond_the_bound_or_for_what_no_waiting_cures() -> None:
    assert RetryPolicy(2).delay_s(BUSY, 2) is None
    assert RetryPolicy(0).delay_s(BUSY, 0) is None
    assert RetryPolicy(2).delay_s(ModelError("no", status=401), 0) is None
