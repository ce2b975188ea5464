import gc
import json
from typing import Any, get_args

import jsonschema  # type: ignore[import-untyped]  # ships no types
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET

from flock.events import (
    WIRE_VERSION,
    AgentActivated,
    AgentCancelled,
    AgentCompleted,
    AgentFailed,
    AgentQueued,
    ArtifactPublished,
    ArtifactSlot,
    AttemptStarted,
    Channel,
    Delta,
    ErrorInfo,
    Event,
    FieldOutcome,
    FieldText,
    Gap,
    Hello,
    Metrics,
    Outcome,
    OutputType,
    Snapshot,
    StreamDecision,
    StreamingOutputEvent,
    TextKind,
    WireEvent,
    decode_event,
    encode_event,
    encode_frame,
    json_schema,
    wire_events,
)
from flock.streams import RunIds
from tests.unit.samples import BODY, REASONING, SCORE, make_stream, started
from tests.wire import from_compact

STREAM = make_stream(7, types=("Post", "Summary"))
OUTCOME = Outcome(
    status="failed",
    error=ErrorInfo(code="FLK-RUN", message="It did not work."),
    finish_reason="length",
    chunks=3,
    usage={"completion_tokens": 3, "details": {"reasoning_tokens": 1}},
    time_to_first_token_ms=1.5,
    duration_ms=20.25,
    fields=(
        FieldOutcome(artifact_id="a", field="title", sha256="0" * 64, matches=True),
        FieldOutcome(artifact_id="a", field="score", sha256="f" * 64, matches=False, value=[1, None, "owl"]),
    ),
)
IDS = RunIds(correlation_id="c", agent_name="writer", run_id="r")
TEXT = FieldText(output_type="llm_token", field="title", kind="text", step=1, artifact_id="a", text="Owls ☃")
SAMPLES: tuple[Event, ...] = (
    StreamingOutputEvent(**IDS, output_type="llm_token", content="Owls 🦉", sequence=4, field="title", count=2),
    StreamingOutputEvent(**IDS, output_type="log", content="", sequence=6, is_final=True, count=0, outcome=OUTCOME),
    started(STREAM),
    AttemptStarted(**IDS, attempt=2, reason="the answer failed validation"),
    AgentQueued(**IDS, reason="100 runs go on"),
    AgentActivated(**IDS, inputs=("i",)),
    AgentCompleted(**IDS, artifact_ids=("a", "b")),
    AgentFailed(**IDS, error=ErrorInfo(code="FLK-RUN", message="no")),
    AgentCancelled(**IDS, reason="the run was cancelled"),
    StreamDecision(**IDS, decision="queued", reason="cli mode", mode="cli", active_streams=1),
    ArtifactPublished(
        artifact_id="a",
        artifact_type="Post",
        agent_name="external",
        correlation_id="c",
        run_id=None,
        derived_from=(),
        tags=("t",),
    ),
    Metrics(
        active_streams=1,
        queued_streams=2,
        tokens_total=3,
        tokens_per_s=4.5,
        viewers=5,
        viewer_lag_events=6,
        journal_bytes=7,
        journal_events=8,
        process_memory_bytes=9,
    ),
    Hello(epoch="e", cursor="e-1", format="full", flush_interval_ms=33.0),
    Gap(reason="too_old", requested="e-1", cursor="e-9"),
    Snapshot(
        **IDS,
        stream=7,
        artifacts=(ArtifactSlot(artifact_id="a", type="Post"),),
        inputs=("i",),
        engine="E",
        model=None,
        simulated=False,
        priority="low",
        decision=None,
        reason=None,
        state="failed",
        started_at=1.0,
        activated_at=None,
        first_token_at=None,
        ended_at=2.0,
        attempt=2,
        next_sequence=9,
        fields=(TEXT,),
        outcome=OUTCOME,
    ),
)

channels = st.builds(
    Channel,
    st.sampled_from(get_args(OutputType)),
    st.none() | st.text(max_size=8),
    st.sampled_from(get_args(TextKind)),
    st.integers(1, 3),
    st.none() | st.integers(0, 1),
)
deltas = st.builds(
    Delta,
    st.just(STREAM),
    channels,
    st.integers(1, 3),
    st.integers(0, 2**40),
    st.text(min_size=1),
    st.floats(0, 2e9),
    st.integers(1, 9),
)


def test_the_samples_are_all_kinds_of_events() -> None:
    assert {type(sample) for sample in SAMPLES} == set(get_args(WireEvent))


def test_streaming_output_has_the_seven_fields_of_the_seed_to_the_letter() -> None:
    given: dict[str, Any] = {
        "correlation_id": "3a7c",
        "agent_name": "blog_writer",
        "run_id": "f00d",
        "output_type": "llm_token",
        "content": "Owls",
        "sequence": 0,
        "is_final": False,
    }
    on_the_wire = json.loads(encode_event(StreamingOutputEvent(**given)))
    assert given.items() <= on_the_wire.items()
    assert on_the_wire["type"] == "streaming_output"
    assert StreamingOutputEvent(**{**given, "is_final": True}).is_final


def test_streaming_output_adds_what_the_contract_says_and_no_more() -> None:
    on_the_wire = json.loads(encode_event(SAMPLES[1]))
    seed = {"correlation_id", "agent_name", "run_id", "output_type", "content", "sequence", "is_final"}
    added = {"type", "timestamp", "attempt", "step", "field", "kind", "count", "artifact_id", "outcome"}
    assert on_the_wire.keys() == seed | added
    assert "outcome" not in json.loads(encode_event(SAMPLES[0]))


@pytest.mark.parametrize("event", SAMPLES, ids=lambda event: type(event).__name__)
def test_every_event_survives_encoding_and_decoding(event: Event) -> None:
    assert decode_event(encode_event(event)) == event


@pytest.mark.parametrize("event", SAMPLES, ids=lambda event: type(event).__name__)
def test_the_schema_describes_every_event(event: Event) -> None:
    validator().validate(json.loads(encode_event(event)))


@pytest.mark.parametrize(
    "damage",
    [{"run_id": None}, {"output_type": "tokens"}, {"sequence": "4"}, {"type": "streaming"}, {"kind": "xml"}],
    ids=str,
)
def test_the_schema_refuses_a_damaged_event(damage: dict[str, Any]) -> None:
    assert not validator().is_valid(json.loads(encode_event(SAMPLES[0])) | damage)


def test_the_schema_is_a_schema_and_tells_the_types_apart() -> None:
    schema = json_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    assert set(schema["discriminator"]["mapping"]) == {
        "streaming_output",
        "stream_started",
        "attempt_started",
        "agent_queued",
        "agent_activated",
        "agent_completed",
        "agent_failed",
        "agent_cancelled",
        "stream_decision",
        "artifact_published",
        "metrics",
        "hello",
        "gap",
        "snapshot",
    }


@pytest.mark.parametrize("data", ["{}", '{"type": "owl"}', '{"type": "gap"}', "[]", "owl", ""])
def test_what_is_no_event_is_not_decoded(data: str) -> None:
    with pytest.raises(msgspec.DecodeError):
        decode_event(data)


def test_events_are_immutable() -> None:
    with pytest.raises(AttributeError):
        SAMPLES[0].timestamp = 0.0  # type: ignore[misc]  # that it is refused is what is tested


def test_events_of_text_are_nothing_for_the_garbage_collector_to_look_at() -> None:
    delta = Delta(STREAM, BODY, 1, 5, "owls", 0.0)
    assert not gc.is_tracked(delta)
    assert not gc.is_tracked(delta.event())


def test_an_outcome_without_usage_shares_nothing_with_another() -> None:
    Outcome(status="completed").usage["tokens"] = 1
    assert Outcome(status="completed").usage == {}


def test_a_value_that_is_none_is_told_from_no_value() -> None:
    sent, unsent = (
        FieldOutcome(artifact_id="a", field="f", sha256="", matches=False, value=value) for value in (None, UNSET)
    )
    assert json.loads(msgspec.json.encode(sent))["value"] is None
    assert "value" not in json.loads(msgspec.json.encode(unsent))
    assert msgspec.json.decode(msgspec.json.encode(unsent), type=FieldOutcome).value is UNSET


def test_a_delta_becomes_a_self_contained_event() -> None:
    event = Delta(STREAM, SCORE, 2, 5, "3", 1.5, 4).event()
    assert event == StreamingOutputEvent(
        timestamp=1.5,
        correlation_id="correlation-1",
        agent_name="writer",
        run_id="run-1",
        output_type="llm_token",
        content="3",
        sequence=5,
        attempt=2,
        field="score",
        kind="json",
        count=4,
        artifact_id="run-1-Post",
    )


def test_compact_says_the_usual_in_five_words_and_the_rest_in_full() -> None:
    assert Delta(STREAM, BODY, 1, 5, "owls", 0.0, 2).compact() == (7, "body", 5, 2, "owls")
    assert Delta(STREAM, SCORE, 1, 7, "3", 0.0).compact() == (7, ("score", "llm_token", "json", 1, 0), 7, 1, "3")
    assert Delta(STREAM, REASONING, 1, 8, "so", 0.0).compact() == (7, (None, "reasoning", "text", 1, None), 8, 1, "so")


@given(deltas)
def test_the_compact_form_says_all_that_the_full_form_says(delta: Delta) -> None:
    frame = json.loads(encode_frame("e-1", [delta], "compact"))
    restored = from_compact(frame["events"][0], {STREAM.number: STREAM}, attempt=delta.attempt)
    assert restored == msgspec.structs.replace(delta.event(), timestamp=0.0)


@given(st.lists(deltas | st.sampled_from(SAMPLES), max_size=5))
def test_a_full_frame_holds_its_cursor_and_its_events(items: list[Delta | Event]) -> None:
    frame = json.loads(encode_frame("0a1b-12", items, "full"))
    assert list(frame) == ["cursor", "events"]
    assert frame["cursor"] == "0a1b-12"
    assert [decode_event(json.dumps(event)) for event in frame["events"]] == wire_events(items)


def test_a_frame_is_these_bytes() -> None:
    gap = Gap(timestamp=1.0, reason="ahead", requested="e-9", cursor="e-1")
    delta = Delta(STREAM, BODY, 1, 0, "öwl", 1.0)
    assert (
        encode_frame("e-1", [gap, delta], "compact")
        == (
            '{"cursor":"e-1","events":[{"type":"gap","timestamp":1.0,"reason":"ahead","requested":"e-9","cursor":"e-1"},'
            '[7,"body",0,1,"öwl"]]}'
        ).encode()
    )
    assert encode_frame("e-1", [], "full") == b'{"cursor":"e-1","events":[]}'


def test_hello_names_the_version_of_the_wire() -> None:
    assert json.loads(encode_event(SAMPLES[12]))["version"] == WIRE_VERSION == 1


def validator() -> jsonschema.Draft202012Validator:
    return jsonschema.Draft202012Validator(json_schema())
