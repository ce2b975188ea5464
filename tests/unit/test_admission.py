"""The table under "Admission" in the streaming contract, row by row."""

from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flock.admission import MODES, NO_OUTPUT_REASON, PRIORITIES, Attached, Decision, StreamSettings, decide
from flock.events import Admission, RuntimeMode, StreamPriority

NOBODY = Attached()
TERMINAL = Attached(viewers=1)
LINES = Attached(viewers=1, parallel_view=True)
DEFAULT = StreamSettings()
ALONE = StreamSettings(parallel_streaming=False)
modes = st.sampled_from(get_args(RuntimeMode))
settings = st.builds(
    StreamSettings, st.booleans(), st.booleans(), st.booleans(), st.sampled_from(get_args(StreamPriority))
)
attached = st.builds(Attached, st.integers(0, 3), st.booleans())
actives = st.integers(0, 5)
requests = st.none() | st.booleans()


@pytest.mark.parametrize(
    ("mode", "given", "watchers", "active", "requested", "admission"),
    [
        # cli: one live stream at a time, the others' output is queued
        ("cli", DEFAULT, TERMINAL, 0, None, "stream"),
        ("cli", DEFAULT, TERMINAL, 1, None, "queued"),
        ("cli", DEFAULT, TERMINAL, 7, None, "queued"),
        # cli with a parallel view: all stream
        ("cli", DEFAULT, LINES, 1, None, "stream"),
        ("cli", DEFAULT, LINES, 7, None, "stream"),
        ("cli", ALONE, LINES, 0, None, "stream"),
        ("cli", ALONE, LINES, 1, None, "queued"),
        # dashboard: all stream, watched or not
        ("dashboard", DEFAULT, TERMINAL, 0, None, "stream"),
        ("dashboard", DEFAULT, TERMINAL, 9, None, "stream"),
        ("dashboard", DEFAULT, NOBODY, 9, None, "stream"),
        ("dashboard", DEFAULT, NOBODY, 0, False, "stream"),
        # parallel_streaming=False: streams only when nothing else does
        ("dashboard", ALONE, NOBODY, 0, None, "stream"),
        ("dashboard", ALONE, NOBODY, 1, None, "queued"),
        ("api", ALONE, TERMINAL, 0, True, "stream"),
        ("api", ALONE, TERMINAL, 1, True, "queued"),
        # api: as the request says, else if a viewer is attached
        ("api", DEFAULT, NOBODY, 0, True, "stream"),
        ("api", DEFAULT, NOBODY, 9, True, "stream"),
        ("api", DEFAULT, TERMINAL, 0, False, "off"),
        ("api", DEFAULT, TERMINAL, 9, None, "stream"),
        ("api", DEFAULT, NOBODY, 0, None, "off"),
        # no sink that shows live output: the run goes on without
        ("cli", DEFAULT, NOBODY, 0, None, "off"),
        ("cli", DEFAULT, NOBODY, 3, None, "off"),
        # the engine does not stream
        ("cli", StreamSettings(stream=False), TERMINAL, 0, None, "off"),
        ("dashboard", StreamSettings(stream=False), TERMINAL, 0, None, "off"),
        ("api", StreamSettings(stream=False), TERMINAL, 0, True, "off"),
        # no_output silences the terminal, and nothing else
        ("cli", StreamSettings(no_output=True), TERMINAL, 0, None, "off"),
        ("cli", StreamSettings(no_output=True), LINES, 0, None, "off"),
        ("dashboard", StreamSettings(no_output=True), TERMINAL, 2, None, "stream"),
        ("api", StreamSettings(no_output=True), TERMINAL, 2, None, "stream"),
    ],
)
def test_the_table_of_the_contract(
    mode: RuntimeMode,
    given: StreamSettings,
    watchers: Attached,
    active: int,
    requested: bool | None,
    admission: Admission,
) -> None:
    assert decide(mode, given, watchers, active, requested=requested).admission == admission


@pytest.mark.parametrize(
    ("mode", "given", "watchers", "active", "requested", "reason"),
    [
        ("cli", StreamSettings(stream=False), TERMINAL, 0, None, "the engine has stream=False"),
        ("cli", StreamSettings(no_output=True), TERMINAL, 0, None, NO_OUTPUT_REASON),
        ("api", DEFAULT, TERMINAL, 0, False, "the request did not ask for a stream"),
        ("api", DEFAULT, NOBODY, 0, None, "no viewer is attached"),
        ("cli", DEFAULT, NOBODY, 0, True, "no viewer is attached"),
        ("cli", DEFAULT, TERMINAL, 0, False, "no other stream is active"),
        ("cli", DEFAULT, TERMINAL, 1, None, "cli mode shows one live stream at a time"),
        ("api", ALONE, TERMINAL, 1, None, "the engine has parallel_streaming=False and another stream is active"),
        ("cli", DEFAULT, LINES, 1, None, "the view is parallel"),
        ("dashboard", DEFAULT, LINES, 1, None, "dashboard mode streams in parallel"),
    ],
)
def test_a_decision_says_why(
    mode: RuntimeMode,
    given: StreamSettings,
    watchers: Attached,
    active: int,
    requested: bool | None,
    reason: str,
) -> None:
    assert decide(mode, given, watchers, active, requested=requested).reason == reason


@given(modes, settings, attached, actives, requests)
def test_the_decision_is_pure_and_has_a_reason(
    mode: RuntimeMode, given: StreamSettings, watchers: Attached, active: int, requested: bool | None
) -> None:
    decision = decide(mode, given, watchers, active, requested=requested)
    assert decision == decide(mode, given, watchers, active, requested=requested)
    assert decision.admission in get_args(Admission)
    assert decision.reason


@given(settings, st.integers(0, 3), st.integers(1, 5), requests)
def test_a_terminal_never_has_a_second_live_stream(
    given: StreamSettings, viewers: int, active: int, requested: bool | None
) -> None:
    decision = decide("cli", given, Attached(viewers=viewers), active, requested=requested)
    assert decision.admission != "stream"


@given(modes, settings, attached, requests)
def test_where_nothing_is_active_nothing_is_queued(
    mode: RuntimeMode, given: StreamSettings, watchers: Attached, requested: bool | None
) -> None:
    assert decide(mode, given, watchers, 0, requested=requested).admission != "queued"


@given(modes, settings, attached, actives, requests)
def test_an_engine_that_streams_alone_never_joins_others(
    mode: RuntimeMode, given: StreamSettings, watchers: Attached, active: int, requested: bool | None
) -> None:
    if decide(mode, given, watchers, active, requested=requested).admission == "stream" and active:
        assert given.parallel_streaming


@given(modes, attached, actives, requests, st.booleans(), st.booleans())
def test_priority_orders_runs_and_decides_nothing(
    mode: RuntimeMode, watchers: Attached, active: int, requested: bool | None, parallel: bool, silent: bool
) -> None:
    decisions = {
        decide(
            mode,
            StreamSettings(parallel_streaming=parallel, no_output=silent, stream_priority=priority),
            watchers,
            active,
            requested=requested,
        )
        for priority in PRIORITIES
    }
    assert len(decisions) == 1


def test_higher_priority_comes_first() -> None:
    assert sorted(PRIORITIES, key=PRIORITIES.__getitem__) == ["high", "normal", "low"]
    assert PRIORITIES.keys() == set(get_args(StreamPriority))


def test_every_mode_has_its_row() -> None:
    assert MODES.keys() == set(get_args(RuntimeMode))


def test_a_silent_engine_is_told_apart_by_its_reason() -> None:
    decision = decide("cli", StreamSettings(no_output=True), TERMINAL, 0)
    assert decision == Decision("off", NO_OUTPUT_REASON)


def test_engines_stream_in_parallel_by_default() -> None:
    assert StreamSettings() == StreamSettings(
        stream=True, parallel_streaming=True, no_output=False, stream_priority="normal"
    )
