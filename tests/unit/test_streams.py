"""Whatever happens in a run: one final event, last of all, and nobody counted who is not there."""

import asyncio
import re
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from traceback import format_exception
from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET
from pydantic import BaseModel, RootModel

from flock.admission import StreamSettings
from flock.artifacts import Artifact
from flock.audience import Audience
from flock.errors import DeadlineError, FlockError, FormatError, OutputTooLargeError, TruncatedError
from flock.events import (
    AgentActivated,
    AgentCancelled,
    AgentCompleted,
    AgentFailed,
    AgentQueued,
    ArtifactSlot,
    Event,
    Outcome,
    RunEvent,
    Snapshot,
    Stream,
    StreamDecision,
    StreamingOutputEvent,
    StreamPriority,
    StreamStarted,
    encode_event,
)
from flock.journal import Journal
from flock.redaction import Redactor
from flock.selection import Selection
from flock.streams import MAX_ERROR_CHARS, OpenStream, Streams
from flock.visibility import TenantVisibility
from tests.conftest import is_lost_assertion
from tests.unit.replica import Replica
from tests.unit.samples import events_of, started

SECRET = "sk-proj-0123456789abcdefABCDEF"
QUIET = StreamSettings(stream=False)


class Post(BaseModel):
    """What the runs publish."""

    body: str = ""


class Somebody:
    """A viewer that attends."""

    lag = 0


@pytest.fixture
def streams() -> Streams:
    return Streams(Journal(flush_interval_s=0), Audience(), Redactor([SECRET]))


def open_run(
    streams: Streams, run_id: str = "run-1", *, agent_name: str = "writer", priority: StreamPriority = "normal"
) -> OpenStream:
    return streams.open(
        run_id=run_id,
        agent_name=agent_name,
        correlation_id="c",
        artifacts=[ArtifactSlot(artifact_id=str(artifact_id(run_id)), type="Post")],
        inputs=["input-1"],
        engine="TestEngine",
        model="demo/writer",
        is_simulated=True,
        priority=priority,
    )


def artifact_id(run_id: str) -> UUID:
    return UUID(int=sum(run_id.encode()))


def post(body: str, run_id: str = "run-1") -> Artifact:
    return Artifact(id=artifact_id(run_id), type="Post", payload=Post(body=body))


def run_of(streams: Streams, run_id: str = "run-1") -> list[RunEvent]:
    """Give a run's events, after a look at what must hold of every run that has ended."""
    events = [event for event in events_of(streams.journal) if isinstance(event, RunEvent) and event.run_id == run_id]
    check_end(events)
    return events


def check_end(events: list[RunEvent]) -> None:
    assert isinstance(events[0], StreamStarted)
    finals = [event for event in events if isinstance(event, StreamingOutputEvent) and event.is_final]
    assert len(finals) == 1
    assert events[-1] is finals[0], "something followed the final event"
    assert isinstance(events[-2], AgentCompleted | AgentFailed | AgentCancelled)
    assert finals[0].count == 0
    assert finals[0].outcome is not UNSET


def final_of(streams: Streams, run_id: str = "run-1") -> tuple[RunEvent, Outcome]:
    """Give the event before the end, and the outcome."""
    *_, announced, final = run_of(streams, run_id)
    assert isinstance(final, StreamingOutputEvent)
    assert isinstance(final.outcome, Outcome)
    return announced, final.outcome


def snapshot_of(streams: Streams) -> Snapshot:
    """Give what a viewer that comes now is told of the only run."""
    _, (mark,) = streams.journal.marks()
    return mark.snapshot()


def kinds(events: list[RunEvent]) -> list[str]:
    return [type(event).__name__ for event in events]


def noted(error: Exception, note: str) -> Exception:
    error.add_note(note)
    return error


def test_a_run_that_succeeds_says_so_in_this_order(streams: Streams) -> None:
    with open_run(streams) as stream:
        with stream.waiting("100 runs go on"):
            pass
        with stream.running("dashboard", StreamSettings()) as (writer, decision):
            writer.append("Ow", field="body")
            writer.append("ls", field="body")
            stream.complete([post("Owls")], finish_reason="stop", usage={"completion_tokens": 2})
    events = run_of(streams)
    assert kinds(events) == [
        "StreamStarted",
        "AgentQueued",
        "AgentActivated",
        "StreamDecision",
        "StreamingOutputEvent",
        "AgentCompleted",
        "StreamingOutputEvent",
    ]
    assert decision.admission == "stream"
    completed, outcome = final_of(streams)
    assert isinstance(completed, AgentCompleted)
    assert completed.artifact_ids == (str(artifact_id("run-1")),)
    assert (outcome.status, outcome.error) == ("completed", None)
    assert (outcome.finish_reason, outcome.usage, outcome.chunks) == ("stop", {"completion_tokens": 2}, 2)
    assert outcome.time_to_first_token_ms is not None
    assert 0 <= outcome.time_to_first_token_ms <= outcome.duration_ms
    assert [(field.field, field.matches) for field in outcome.fields] == [("body", True)]
    assert stream.outcome == outcome


def test_a_snapshot_tells_what_the_events_of_the_run_told(streams: Streams) -> None:
    with open_run(streams) as stream:
        with stream.waiting("100 runs go on"):
            waiting = snapshot_of(streams)
        with stream.running("dashboard", StreamSettings()) as (writer, _):
            silent = snapshot_of(streams)
            writer.log("looks around")
            logging = snapshot_of(streams)
            writer.append("Ow", field="body")
            speaking = snapshot_of(streams)
            writer.append("ls", field="body")
            stream.complete([post("Owls")])
    ended = snapshot_of(streams)
    started, _, activated, decision, *_, final = run_of(streams)
    assert isinstance(decision, StreamDecision)
    told = (waiting, silent, logging, speaking, ended)
    assert [one.started_at for one in told] == [started.timestamp] * 5
    assert [one.activated_at for one in told] == [None, *[activated.timestamp] * 4]
    assert [one.ended_at for one in told] == [None, None, None, None, final.timestamp]
    assert [one.reason for one in told] == ["100 runs go on", *[decision.reason] * 4]
    assert [one.first_token_at is None for one in told] == [True, True, True, False, False]
    assert speaking.first_token_at == ended.first_token_at
    assert activated.timestamp <= (ended.first_token_at or 0) <= final.timestamp


def test_a_run_whose_output_waits_has_its_first_token_when_the_model_says_it(streams: Streams) -> None:
    with open_run(streams) as stream, stream.running("api", StreamSettings()) as (writer, decision):
        writer.append("Owls", field="body")
        snapshot = snapshot_of(streams)
        stream.complete([post("Owls")])
    assert (decision.admission, snapshot.fields) == ("off", ())
    assert snapshot.first_token_at is not None


def test_the_snapshot_of_a_cancelled_run_says_why(streams: Streams) -> None:
    with suppress(asyncio.CancelledError), open_run(streams) as stream, stream.waiting("100 runs go on"):
        raise asyncio.CancelledError
    *_, cancelled, _ = run_of(streams)
    assert isinstance(cancelled, AgentCancelled)
    assert snapshot_of(streams).reason == cancelled.reason


def test_every_event_names_its_run_and_is_found_by_what_the_run_publishes(streams: Streams) -> None:
    with open_run(streams) as stream:
        with stream.waiting("100 runs go on"):
            pass
        with stream.running("dashboard", StreamSettings()) as (writer, _):
            writer.append("Owls", field="body")
            stream.complete([post("Owls")])
    events = run_of(streams)
    assert {(event.correlation_id, event.agent_name, event.run_id) for event in events} == {("c", "writer", "run-1")}
    assert events_of(streams.journal, selection=Selection.of(type=["Post"])) == events
    assert events_of(streams.journal, selection=Selection.of(type=["Summary"])) == []


def test_the_final_event_is_a_log_without_text_that_counts_all_attempts(streams: Streams) -> None:
    with open_run(streams) as stream, stream.running("dashboard", StreamSettings()) as (writer, _):
        writer.append("owls", field="body")
        writer.start_attempt("again")
        writer.append("Ow", field="body")
        writer.append("ls", field="body")
        stream.complete([post("Owls")])
    final = run_of(streams)[-1]
    assert isinstance(final, StreamingOutputEvent)
    assert (final.output_type, final.content, final.field, final.artifact_id) == ("log", "", None, None)
    assert (final.sequence, final.count, final.attempt, final.outcome) == (3, 0, 2, stream.outcome)


def test_times_are_milliseconds_from_where_the_run_began_to_run(streams: Streams) -> None:
    with open_run(streams) as stream:
        outer = time.perf_counter()
        with stream.running("dashboard", StreamSettings()) as (writer, _):
            inner = time.perf_counter()
            writer.append("Owls", field="body")
            first_token_ms = (time.perf_counter() - outer) * 1000
            stream.complete([post("Owls")])
            shortest_ms = (time.perf_counter() - inner) * 1000
    longest_ms = (time.perf_counter() - outer) * 1000
    outcome = final_of(streams)[1]
    assert outcome.time_to_first_token_ms is not None
    assert 0 < outcome.time_to_first_token_ms <= round(first_token_ms, 3)
    assert round(shortest_ms, 3) <= outcome.duration_ms <= round(longest_ms, 3)
    assert outcome.duration_ms == round(outcome.duration_ms, 3)


@pytest.mark.parametrize(("model", "clean_model"), [("demo/wr\ud800iter", "demo/wr\ufffditer"), (None, None)])
def test_a_run_starts_with_its_constants(streams: Streams, model: str | None, clean_model: str | None) -> None:
    slots = (ArtifactSlot(artifact_id="a", type="Post"),)
    for number in (1, 2):
        with streams.open(
            run_id=f"run-{number}",
            agent_name="editor",
            correlation_id="c",
            artifacts=[*slots],
            inputs=["input-1", "input-2"],
            engine="Test\ud800Engine",
            model=model,
            is_simulated=True,
            priority="high",
            visibility=TenantVisibility("acme"),
        ) as stream:
            stream.complete([])
        assert stream.stream == Stream(
            number=number,
            correlation_id="c",
            agent_name="editor",
            run_id=f"run-{number}",
            artifacts=slots,
            inputs=("input-1", "input-2"),
            engine="Test\ufffdEngine",
            model=clean_model,
            simulated=True,
            priority="high",
            visibility=TenantVisibility("acme"),
        )
        first = run_of(streams, f"run-{number}")[0]
        assert first == msgspec.structs.replace(started(stream.stream), timestamp=first.timestamp)


def test_an_assertion_that_fails_in_a_run_fails_its_test(streams: Streams, caplog: pytest.LogCaptureFixture) -> None:
    with open_run(streams):
        raise AssertionError
    assert [is_lost_assertion(record.getMessage()) for record in caplog.records] == [True]
    caplog.clear()


def test_the_decision_says_why_in_which_mode_and_how_many_are_active(streams: Streams) -> None:
    with ExitStack() as stack:
        for index in range(3):
            stream = stack.enter_context(open_run(streams, f"{index}"))
            stack.enter_context(stream.running("dashboard", StreamSettings()))
            stream.complete([])
    decisions = [event for event in events_of(streams.journal) if isinstance(event, StreamDecision)]
    assert [event.active_streams for event in decisions] == [1, 2, 3]
    assert {event.mode for event in decisions} == {"dashboard"}
    assert all(event.reason for event in decisions)


def test_an_error_of_flock_ends_the_run_with_its_code_and_is_no_news_for_the_log(
    streams: Streams, caplog: pytest.LogCaptureFixture
) -> None:
    with open_run(streams) as stream:
        assert stream.outcome is None
        raise FormatError("The answer has no title.", hint="Ask again.")
    failed, outcome = final_of(streams)
    assert isinstance(failed, AgentFailed)
    assert outcome.status == "failed"
    assert outcome.error == failed.error
    assert (failed.error.code, failed.error.message) == ("FLK-FORMAT", "The answer has no title. Ask again.")
    assert outcome.finish_reason is None
    assert stream.outcome == outcome
    assert caplog.records == []


@pytest.mark.parametrize(
    ("error", "code", "message"),
    [
        (ValueError("no"), "FLK-RUN", "ValueError: no"),
        (KeyError("title"), "FLK-RUN", "KeyError: 'title'"),
        (RuntimeError(), "FLK-RUN", "RuntimeError"),
        (ExceptionGroup("several", [FormatError("bad")]), "FLK-FORMAT", "bad"),
        (ExceptionGroup("outer", [ExceptionGroup("inner", [ValueError("no")])]), "FLK-RUN", "ValueError: no"),
        (ExceptionGroup("two", [ValueError(), KeyError()]), "FLK-RUN", "ExceptionGroup: two (2 sub-exceptions)"),
        (ValueError("half \ud800"), "FLK-RUN", "ValueError: half \ufffd"),
        (noted(ValueError("no"), "in the title"), "FLK-RUN", "ValueError: no\nin the title"),
    ],
    ids=["error", "key", "no text", "only one of a group", "group in a group", "several", "no Unicode", "with a note"],
)
def test_any_other_error_ends_the_run_as_failed(streams: Streams, error: Exception, code: str, message: str) -> None:
    with open_run(streams):
        raise error
    _, outcome = final_of(streams)
    assert outcome.status == "failed"
    assert outcome.error is not None
    assert (outcome.error.code, outcome.error.message) == (code, message)


@pytest.mark.default(11)
@pytest.mark.parametrize("kind", [ValueError, FormatError])
def test_secrets_reach_neither_viewers_nor_logs(
    streams: Streams, caplog: pytest.LogCaptureFixture, kind: type[Exception]
) -> None:
    with open_run(streams):
        raise kind(f"Incorrect API key provided: {SECRET}")
    _, outcome = final_of(streams)
    assert outcome.error is not None
    assert "[redacted]" in outcome.error.message
    assert all(SECRET.encode() not in encode_event(event) for event in events_of(streams.journal))
    assert SECRET not in caplog.text


def test_an_unexpected_error_is_logged_with_its_place(streams: Streams, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    with open_run(streams):
        raise ValueError("private")
    (record,) = caplog.records
    place = rf"{re.escape(__file__)}:\d+"
    assert re.fullmatch(rf"Run run-1 of writer failed: ValueError at {place}", record.getMessage())


def test_the_trace_of_an_unexpected_error_is_for_debug_only_and_tells_no_secret(
    streams: Streams, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    error = ValueError(f"private {SECRET}")
    with open_run(streams):
        raise error
    trace = "".join(format_exception(error)).replace(SECRET, "[redacted]")
    assert caplog.records[-1].getMessage() == f"Run run-1\n{trace}"


def test_an_error_without_a_traceback_is_logged_from_nowhere(
    streams: Streams, caplog: pytest.LogCaptureFixture
) -> None:
    with open_run(streams):
        raise ExceptionGroup("several", [ValueError("never raised")])
    assert "failed: ValueError at nowhere" in caplog.text


def test_a_very_long_error_is_cut(streams: Streams) -> None:
    with open_run(streams):
        raise ValueError("x" * 2**20)
    _, outcome = final_of(streams)
    assert outcome.error is not None
    assert len(outcome.error.message) == MAX_ERROR_CHARS


def test_an_error_that_cannot_be_shown_ends_the_run_all_the_same(streams: Streams) -> None:
    class Unspeakable(Exception):  # noqa: N818 - it is what it says
        def __str__(self) -> str:
            raise RuntimeError

    with open_run(streams):
        raise Unspeakable
    _, outcome = final_of(streams)
    assert outcome.error is not None
    assert "Unspeakable" in outcome.error.message


def test_a_deadline_that_passed_is_told_apart(streams: Streams) -> None:
    with open_run(streams):
        raise DeadlineError("No token for 60 s.")
    announced, outcome = final_of(streams)
    assert isinstance(announced, AgentFailed)
    assert outcome.status == "timed_out"
    assert outcome.error is not None
    assert (outcome.error.code, outcome.error.message) == ("FLK-MODEL-DEADLINE", "No token for 60 s.")


def test_a_failed_answer_keeps_the_providers_reason(streams: Streams) -> None:
    with open_run(streams):
        raise TruncatedError("The answer was cut off.", finish_reason="length")
    assert final_of(streams)[1].finish_reason == "length"


@pytest.mark.parametrize(
    ("is_stopping", "status", "reason"),
    [(False, "cancelled", "the run was cancelled"), (True, "interrupted", "the process is shutting down")],
)
async def test_a_cancelled_run_ends_and_cancelling_passes_through(
    streams: Streams, is_stopping: bool, status: str, reason: str
) -> None:
    started = asyncio.Event()

    async def work() -> None:
        with open_run(streams) as stream, stream.running("dashboard", StreamSettings()) as (writer, _):
            writer.append("half a word", field="body")
            started.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(work())
    await started.wait()
    assert streams.active == 1
    if is_stopping:
        streams.is_stopping = True
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    announced, outcome = final_of(streams)
    assert isinstance(announced, AgentCancelled)
    assert (announced.reason, outcome.status, outcome.error) == (reason, status, None)
    assert outcome.chunks == 1
    assert streams.active == 0


@pytest.mark.parametrize("error", [KeyboardInterrupt, GeneratorExit])
def test_what_ends_the_process_interrupts_the_run_and_passes_through(
    streams: Streams, error: type[BaseException]
) -> None:
    def work() -> None:
        with open_run(streams):
            raise error

    with pytest.raises(error):
        work()
    announced, outcome = final_of(streams)
    assert isinstance(announced, AgentCancelled)
    assert outcome.status == "interrupted"


def test_a_run_that_asks_the_process_to_exit_has_failed_and_goes_no_further(
    streams: Streams, caplog: pytest.LogCaptureFixture
) -> None:
    with open_run(streams):
        raise SystemExit(2)
    announced, outcome = final_of(streams)
    assert isinstance(announced, AgentFailed)
    assert outcome.status == "failed"
    assert outcome.error is not None
    assert (outcome.error.code, outcome.error.message) == ("FLK-RUN", "SystemExit: 2")
    assert "failed: SystemExit at" in caplog.text


def test_a_run_that_ends_without_a_result_has_failed(streams: Streams) -> None:
    with open_run(streams):
        pass
    _, outcome = final_of(streams)
    assert outcome.status == "failed"
    assert outcome.error is not None
    assert (outcome.error.code, outcome.error.message) == (FlockError.code, "The run ended without a result.")


@pytest.mark.parametrize("error", [ValueError("late"), FormatError("late"), asyncio.CancelledError()], ids=repr)
def test_what_is_published_is_completed_whatever_follows(
    streams: Streams, caplog: pytest.LogCaptureFixture, error: BaseException
) -> None:
    with suppress(asyncio.CancelledError), open_run(streams) as stream:
        stream.complete([post("")])
        raise error
    announced, outcome = final_of(streams)
    assert isinstance(announced, AgentCompleted)
    assert (outcome.status, outcome.error) == ("completed", None)
    assert bool(caplog.records) == isinstance(error, Exception)


def test_text_of_a_run_that_does_not_stream_comes_whole_before_its_end(streams: Streams) -> None:
    with open_run(streams) as stream:
        with stream.running("dashboard", QUIET) as (writer, decision):
            writer.append("Ow", field="body")
            writer.append("ls", field="body")
            stream.complete([post("Owls")])
    events = run_of(streams)
    assert decision.admission == "off"
    assert kinds(events)[-3:] == ["StreamingOutputEvent", "AgentCompleted", "StreamingOutputEvent"]
    assert Replica().take(events).text("run-1") == "Owls"
    outcome = final_of(streams)[1]
    assert (outcome.chunks, outcome.fields[0].matches) == (1, True)


def test_output_that_passes_its_bound_fails_the_run(streams: Streams) -> None:
    streams.journal.max_output_bytes = 10
    with open_run(streams) as stream, stream.running("dashboard", StreamSettings()) as (writer, _):
        writer.append("x" * 8, field="body")
        writer.append("x" * 8, field="body")
    _, outcome = final_of(streams)
    assert outcome.error is not None
    assert outcome.error.code == OutputTooLargeError.code


def test_text_that_finds_no_room_at_the_end_fails_the_run_unless_it_is_published() -> None:
    for is_published in (False, True):
        streams = Streams(Journal(max_bytes=20_000, recent_runs=0), Audience(), Redactor())
        with open_run(streams, "other") as other, other.running("dashboard", StreamSettings()) as (filler, _):
            filler.append("x" * 6000, field="body")
            with open_run(streams) as stream, stream.running("dashboard", QUIET) as (writer, _):
                writer.append("y" * 6000, field="body")
                if is_published:
                    stream.complete([post("y" * 6000)])
            other.complete([])
        outcome = stream.outcome
        assert outcome is not None
        if is_published:
            assert outcome.status == "completed"
            assert outcome.fields[0].value == "y" * 6000
        else:
            assert outcome.status == "failed"
            assert outcome.error is not None
            assert outcome.error.code == OutputTooLargeError.code


def test_a_field_that_was_changed_brings_its_value(streams: Streams) -> None:
    with open_run(streams) as stream, stream.running("dashboard", StreamSettings()) as (writer, _):
        writer.append("owls", field="body")
        stream.complete([post("Owls")])
    (field,) = final_of(streams)[1].fields
    assert (field.artifact_id, field.field) == (str(artifact_id("run-1")), "body")
    assert (field.matches, field.value) == (False, "Owls")


class Odd(BaseModel):
    """A payload that JSON cannot hold."""

    model_config = {"arbitrary_types_allowed": True}
    data: bytes = b"\xff"


@pytest.mark.parametrize(
    ("payload", "fields"),
    [(Odd(), 0), (RootModel[list[int]]([1]), 1), (Post(body="\ud800"), 1)],
    ids=["not JSON", "no object", "not Unicode"],
)
def test_no_payload_costs_a_run_its_end(
    streams: Streams, caplog: pytest.LogCaptureFixture, payload: BaseModel, fields: int
) -> None:
    with open_run(streams) as stream:
        stream.complete([Artifact(type="Post", payload=payload)])
    _, outcome = final_of(streams)
    assert (outcome.status, len(outcome.fields)) == ("completed", fields)
    assert [record.getMessage() for record in caplog.records] == (
        [] if fields else ["The artifacts of run run-1 cannot be compared with its stream"]
    )


def test_usage_is_shown_whatever_objects_it_is_made_of(streams: Streams) -> None:
    class Details:
        def __str__(self) -> str:
            return "details"

    with open_run(streams) as stream:
        stream.complete(
            [], finish_reason="st\ud800p", usage={"tokens": {1: 3}, "details": Details(), "\ud800": float("nan")}
        )
    _, outcome = final_of(streams)
    assert outcome.usage == {"tokens": {"1": 3}, "details": "details", "\ufffd": None}
    assert outcome.finish_reason == "st\ufffdp"


def test_usage_that_cannot_be_shown_costs_only_itself(streams: Streams, caplog: pytest.LogCaptureFixture) -> None:
    endless: dict[str, object] = {}
    endless["endless"] = endless
    with open_run(streams) as stream:
        stream.complete([], usage=endless)
    assert final_of(streams)[1].usage == {}
    assert [record.getMessage() for record in caplog.records] == ["The usage of run run-1 cannot be shown"]


def test_listeners_hear_each_end_once_and_cannot_spoil_it(streams: Streams, caplog: pytest.LogCaptureFixture) -> None:
    heard: list[tuple[str, str]] = []

    def deaf(event: StreamingOutputEvent, stream: Stream) -> None:
        raise ValueError("deaf")

    streams.on_final += [deaf, lambda event, stream: heard.append((event.run_id, stream.run_id))]
    for run_id in ("1", "2"):
        with open_run(streams, run_id) as stream:
            stream.complete([])
    assert heard == [("1", "1"), ("2", "2")]
    assert [record.getMessage() for record in caplog.records] == [
        "A listener failed on the end of run 1",
        "A listener failed on the end of run 2",
    ]


def test_runs_that_wait_and_runs_whose_output_waits_are_queued(streams: Streams) -> None:
    with streams.audience.attend(Somebody(), "terminal"), ExitStack() as stack:
        first = stack.enter_context(open_run(streams, "1"))
        with first.waiting("no turn is free"):
            assert (streams.queued, streams.active) == (1, 0)
        stack.enter_context(first.running("cli", StreamSettings()))
        second = stack.enter_context(open_run(streams, "2"))
        with second.running("cli", StreamSettings()) as (_, decision):
            assert decision.admission == "queued"
            assert (streams.queued, streams.active) == (1, 1)
        assert (streams.queued, streams.active) == (0, 1)
    assert (streams.queued, streams.active) == (0, 0)
    waits = [event for event in run_of(streams, "1") if isinstance(event, AgentQueued)]
    assert [event.reason for event in waits] == ["no turn is free"]


def test_a_terminal_has_one_live_stream_after_the_other(streams: Streams) -> None:
    with streams.audience.attend(Somebody(), "terminal"):
        for run_id in ("1", "2"):
            with open_run(streams, run_id) as stream, stream.running("cli", StreamSettings()) as (_, decision):
                assert decision.admission == "stream"
                stream.complete([])


def test_a_decision_is_kept_though_the_slot_becomes_free(streams: Streams) -> None:
    with streams.audience.attend(Somebody(), "terminal"), ExitStack() as stack:
        first = stack.enter_context(ExitStack())
        live = first.enter_context(open_run(streams, "1"))
        first.enter_context(live.running("cli", StreamSettings()))
        second = stack.enter_context(open_run(streams, "2"))
        writer, _ = stack.enter_context(second.running("cli", StreamSettings()))
        first.close()
        head = streams.journal.head
        writer.append("still held", field="body")
        assert streams.journal.head == head
        second.complete([post("still held", "2")])
    assert Replica().take(run_of(streams, "2")).text("2") == "still held"


def test_a_parallel_view_lets_all_stream(streams: Streams) -> None:
    streams.parallel_view = True
    with streams.audience.attend(Somebody(), "terminal"), ExitStack() as stack:
        for index in range(3):
            stream = stack.enter_context(open_run(streams, f"{index}"))
            stack.enter_context(stream.running("cli", StreamSettings()))
        assert streams.active == 3


def test_what_a_request_asks_counts_in_api_mode(streams: Streams) -> None:
    for requested, admission in ((True, "stream"), (False, "off"), (None, "off")):
        with open_run(streams, f"{requested}") as stream:
            with stream.running("api", StreamSettings(), requested=requested) as (_, decision):
                assert decision.admission == admission


def test_the_snapshot_of_a_run_knows_its_state(streams: Streams) -> None:
    states = []

    def note() -> None:
        (mark,) = streams.journal.marks()[1]
        states.append((mark.state, mark.decision))

    with open_run(streams) as stream:
        note()
        with stream.running("dashboard", StreamSettings()):
            note()
            stream.complete([])
    note()
    assert states == [("queued", None), ("running", "stream"), ("completed", "stream")]


errors = st.sampled_from(
    [
        None,
        ValueError("no"),
        FormatError("no"),
        DeadlineError("no"),
        OutputTooLargeError("no"),
        asyncio.CancelledError(),
        KeyboardInterrupt(),
        SystemExit(1),
        FlockError("no"),
        ExceptionGroup("one", [TimeoutError()]),
    ]
)
runs = st.tuples(errors, st.sampled_from(["dashboard", "cli", "api"]), st.booleans(), st.booleans())


@given(st.lists(runs, min_size=1, max_size=5), st.booleans())
def test_however_runs_end_each_has_one_final_event_and_nobody_is_left_active(
    fates: list[tuple[BaseException | None, str, bool, bool]], is_stopping: bool
) -> None:
    streams = Streams(Journal(), Audience(), Redactor())
    streams.is_stopping = is_stopping
    with streams.audience.attend(Somebody(), "terminal"):
        _nest(streams, iter([(f"{number}", *fate) for number, fate in enumerate(fates)]))
    assert (streams.active, streams.queued) == (0, 0)
    events = events_of(streams.journal)
    for number, (error, _, is_published, _) in enumerate(fates):
        own = [event for event in events if isinstance(event, RunEvent) and event.run_id == f"{number}"]
        check_end(own)
        outcome = final_of(streams, f"{number}")[1]
        assert (outcome.status == "completed") == is_published
        assert (
            isinstance(error, Exception | SystemExit) or is_published or (outcome.error is None) == (error is not None)
        )
    Replica().take([event for event in events if isinstance(event, Event)])


def _nest(streams: Streams, fates: Iterator[tuple[str, BaseException | None, str, bool, bool]]) -> None:
    """Run one run inside the other, so that they overlap."""
    for run_id, error, mode, is_published, is_dirty in fates:
        with suppress(asyncio.CancelledError, KeyboardInterrupt):
            with open_run(streams, run_id) as stream:
                with stream.running(mode, StreamSettings()) as (writer, _):  # type: ignore[arg-type]  # one of the modes
                    writer.append("text\ud83e" if is_dirty else "text", field="body")
                    _nest(streams, fates)
                    if is_published:
                        stream.complete([post("text", run_id)])
                    if error is not None:
                        raise error


async def test_many_runs_at_once_are_all_active_and_then_none(streams: Streams) -> None:
    gate = asyncio.Event()

    async def work(run_id: str) -> None:
        with open_run(streams, run_id) as stream, stream.running("dashboard", StreamSettings()) as (writer, _):
            writer.append(run_id, field="body")
            await gate.wait()
            stream.complete([post(run_id, run_id)])

    async with asyncio.TaskGroup() as group:
        for index in range(10):
            group.create_task(work(f"{index}"))
        while streams.active < 10:
            await asyncio.sleep(0)
        gate.set()
    assert streams.active == 0
    for index in range(10):
        assert final_of(streams, f"{index}")[1].status == "completed"


def test_a_run_is_activated_with_its_inputs(streams: Streams) -> None:
    with open_run(streams) as stream, stream.running("dashboard", StreamSettings()):
        stream.complete([])
    (event,) = [event for event in run_of(streams) if isinstance(event, AgentActivated)]
    assert event.inputs == ("input-1",)
