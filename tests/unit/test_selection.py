import pytest
from hypothesis import given
from hypothesis import strategies as st

from flock.events import ArtifactPublished, Metrics, Stream
from flock.selection import EVERYTHING, Selection
from tests.unit.samples import activated, make_stream

names = st.sampled_from(["a", "b", "c"])
streams = st.builds(
    lambda run_id, agent, correlation, types: make_stream(
        run_id=run_id, agent_name=agent, correlation_id=correlation, types=types
    ),
    names,
    names,
    names,
    st.lists(names, max_size=2),
)
selections = st.builds(Selection, *[st.frozensets(names, max_size=2)] * 4)
METRICS = Metrics(
    active_streams=0,
    queued_streams=0,
    tokens_total=0,
    tokens_per_s=0,
    viewers=0,
    viewer_lag_events=0,
    journal_bytes=0,
    journal_events=0,
    process_memory_bytes=0,
)


def published(
    *, type: str = "Post", agent: str = "external", correlation: str = "c", run_id: str | None = None
) -> ArtifactPublished:
    return ArtifactPublished(
        artifact_id="1",
        artifact_type=type,
        agent_name=agent,
        correlation_id=correlation,
        run_id=run_id,
        derived_from=(),
        tags=(),
    )


def test_everything_is_selected_where_nothing_is_asked_for() -> None:
    assert Selection.of() == EVERYTHING
    assert EVERYTHING.is_everything
    assert EVERYTHING.takes_stream(make_stream())
    assert EVERYTHING.takes(METRICS, None)
    assert EVERYTHING.takes(published(), None)


@pytest.mark.parametrize(
    "selection",
    [
        Selection.of(run_id=["nobody"]),
        Selection.of(correlation_id=["nobody"]),
        Selection.of(agent=["nobody"]),
        Selection.of(type=["nobody"]),
    ],
)
def test_every_key_leaves_something_out(selection: Selection) -> None:
    assert not selection.is_everything
    assert not selection.takes_stream(make_stream())


def test_several_values_of_one_key_mean_any_of_them() -> None:
    selection = Selection.of(agent=["writer", "editor"])
    assert selection.takes_stream(make_stream(agent_name="writer"))
    assert selection.takes_stream(make_stream(agent_name="editor"))
    assert not selection.takes_stream(make_stream(agent_name="critic"))


def test_several_keys_mean_all_of_them() -> None:
    selection = Selection.of(agent=["writer"], correlation_id=["c-1"])
    assert selection.takes_stream(make_stream(agent_name="writer", correlation_id="c-1"))
    assert not selection.takes_stream(make_stream(agent_name="writer", correlation_id="c-2"))
    assert not selection.takes_stream(make_stream(agent_name="editor", correlation_id="c-1"))


@given(selections, streams)
def test_a_stream_is_selected_by_its_constants(selection: Selection, stream: Stream) -> None:
    wanted = (
        (selection.run_id, {stream.run_id}),
        (selection.correlation_id, {stream.correlation_id}),
        (selection.agent, {stream.agent_name}),
        (selection.type, {slot.type for slot in stream.artifacts}),
    )
    assert selection.takes_stream(stream) is all(not asked or bool(asked & has) for asked, has in wanted)


@given(selections, streams)
def test_all_events_of_a_stream_are_selected_or_none(selection: Selection, stream: Stream) -> None:
    assert selection.takes(activated(stream), stream) is selection.takes_stream(stream)
    assert selection.takes(published(type="other"), stream) is selection.takes_stream(stream)


def test_artifacts_from_outside_are_selected_by_type_correlation_and_producer() -> None:
    event = published(type="Idea", correlation="c-1")
    assert Selection.of(type=["Idea"]).takes(event, None)
    assert Selection.of(correlation_id=["c-1"], agent=["external"]).takes(event, None)
    assert not Selection.of(type=["Post"]).takes(event, None)
    assert not Selection.of(correlation_id=["c-2"]).takes(event, None)
    assert not Selection.of(agent=["writer"]).takes(event, None)
    assert not Selection.of(run_id=["run-1"]).takes(event, None)


def test_metrics_are_for_those_who_watch_everything() -> None:
    assert not Selection.of(agent=["writer"]).takes(METRICS, None)


def test_equal_selections_are_one_key() -> None:
    assert hash(Selection.of(agent=["a", "b"])) == hash(Selection.of(agent=["b", "a", "a"]))
    assert Selection.of(agent=["a", "b"]) == Selection.of(agent=["b", "a", "a"])
