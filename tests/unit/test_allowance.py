"""Tokens are counted as they come, by whoever shares the allowance, and corrected by what a provider reports."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flock.allowance import CHARS_PER_TOKEN, Allowance, count_tokens, reported_tokens
from flock.errors import TokenBudgetError
from flock.events import OutputType
from flock.journal import Journal
from flock.writer import StreamWriter
from tests.unit.samples import open_stream


def make_writer(allowance: Allowance, *, is_live: bool = True, run_id: str = "run-1") -> StreamWriter:
    journal = Journal()
    return StreamWriter(journal, open_stream(journal, run_id=run_id), is_live=is_live, allowance=allowance)


@pytest.mark.parametrize(("chars", "tokens"), [(1, 1), (CHARS_PER_TOKEN, 1), (CHARS_PER_TOKEN + 1, 2), (1600, 100)])
def test_a_piece_is_one_token_and_a_long_one_as_many_as_it_must_be(chars: int, tokens: int) -> None:
    assert count_tokens("x" * chars) == tokens


@pytest.mark.parametrize(
    ("usage", "tokens"),
    [
        ({"completion_tokens": 7, "total_tokens": 99}, 7),
        ({"output_tokens": 7, "input_tokens": 99}, 7),
        ({"completion_tokens": None, "output_tokens": 7}, 7),
        ({"completion_tokens": "7"}, None),
        ({}, None),
    ],
)
def test_what_a_provider_reports_is_what_its_model_wrote(usage: dict[str, object], tokens: int | None) -> None:
    assert reported_tokens(usage) == tokens


def test_an_allowance_that_is_used_up_is_not_passed_yet() -> None:
    allowance = Allowance("c-1", max_tokens=3)
    allowance.spend(3)
    assert allowance.error is None
    with pytest.raises(TokenBudgetError) as passed:
        allowance.spend(1)
    for word in ("c-1", "4 tokens", "more than 3", "max_tokens_per_correlation"):
        assert word in str(passed.value)


def test_an_allowance_that_is_passed_stays_so_for_all_who_share_it() -> None:
    allowance = Allowance(max_tokens=1)
    one, other = make_writer(allowance), make_writer(allowance, run_id="run-2")
    one.append("a")
    for writer in (other, one, other):
        with pytest.raises(TokenBudgetError):
            writer.append("b")
    with pytest.raises(TokenBudgetError):
        allowance.spend(0)
    assert allowance.error is not None


def test_without_a_bound_nothing_passes() -> None:
    allowance = Allowance()
    allowance.spend(10**30)
    assert allowance.error is None


@pytest.mark.parametrize("is_live", [True, False])
def test_the_token_that_passes_is_written_before_its_writer_raises(*, is_live: bool) -> None:
    writer = make_writer(Allowance(max_tokens=2), is_live=is_live)
    for word in ("a", "b"):
        writer.append(word, field="body")
    with pytest.raises(TokenBudgetError):
        writer.append("c", field="body")
    writer.end()
    assert writer.tokens == 3
    assert writer.chunks == (3 if is_live else 1)


@pytest.mark.parametrize(("output_type", "tokens"), [("reasoning", 1), ("log", 0), ("tool_call", 0), ("stdout", 0)])
def test_only_what_the_model_says_counts(output_type: OutputType, tokens: int) -> None:
    allowance = Allowance()
    make_writer(allowance).append("word", output_type=output_type)
    assert allowance.tokens == tokens


def test_every_attempt_counts_and_what_it_keeps_counts_once() -> None:
    allowance = Allowance()
    writer = make_writer(allowance)
    writer.append("kept", field="body", step=1)
    writer.append("void", field="body", step=2)
    writer.start_attempt("again", keep_steps_below=2)
    writer.append("new", field="body", step=2)
    assert allowance.tokens == writer.tokens == 3


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(1, 60))), st.integers(0, 20))
def test_however_runs_take_turns_they_write_no_more_than_one_token_piece_too_many(
    pieces: list[tuple[int, int]], max_tokens: int
) -> None:
    allowance = Allowance(max_tokens=max_tokens)
    writers = [make_writer(allowance, run_id=f"run-{number}") for number in range(3)]
    total = 0
    for number, chars in pieces:
        total += count_tokens("x" * chars)
        try:
            writers[number].append("x" * chars, field="body")
        except TokenBudgetError:
            assert total > max_tokens
        else:
            assert total <= max_tokens
    assert allowance.tokens == total == sum(writer.tokens for writer in writers)
