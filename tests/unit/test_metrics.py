"""The metrics say what is true when they are asked."""

import re

import pytest
from prometheus_client.parser import text_string_to_metric_families

from flock.admission import StreamSettings
from flock.audience import Audience
from flock.events import Outcome, Stream, StreamingOutputEvent
from flock.journal import Journal
from flock.redaction import Redactor
from flock.server.metrics import ServerMetrics
from flock.server.refusals import ScopeError
from flock.streams import Streams
from flock.visibility import OPERATOR, PUBLIC, Identity, TenantVisibility, Visibility


class Lagging:
    lag = 7


def values(metrics: ServerMetrics, seen_by: Identity = OPERATOR) -> dict[str, float]:
    families = text_string_to_metric_families(metrics.render(seen_by=seen_by).decode())
    return {
        sample.name + "".join(f" {name}={value}" for name, value in sorted(sample.labels.items())): sample.value
        for family in families
        for sample in family.samples
    }


def final(
    *, agent: str = "writer", status: str = "completed", first_token_ms: float | None = 120.0
) -> StreamingOutputEvent:
    outcome = Outcome(status=status, time_to_first_token_ms=first_token_ms)  # type: ignore[arg-type] # from a test
    return StreamingOutputEvent(
        correlation_id="c", agent_name=agent, run_id="r", output_type="log", content="", sequence=0, is_final=True,
        count=0, outcome=outcome,
    )  # fmt: skip


def stream(visibility: Visibility = PUBLIC) -> Stream:
    return Stream(number=1, correlation_id="c", agent_name="writer", run_id="r", artifacts=(), visibility=visibility)


def test_every_promised_name_is_there_from_the_start() -> None:
    metrics = ServerMetrics(Streams(Journal(), Audience(), Redactor()))
    text = metrics.render().decode()
    for name in (
        "flock_active_streams",
        "flock_queued_streams",
        "flock_time_to_first_token_seconds",
        "flock_stream_tokens_total",
        "flock_stream_decisions_total",
        "flock_viewers",
        "flock_viewer_lag_events",
        "flock_journal_bytes",
        "flock_journal_events",
        "flock_process_memory_bytes",
    ):
        assert re.search(rf"^(# HELP )?{name}\b", text, re.MULTILINE), name


def test_gauges_are_measured_when_they_are_asked() -> None:
    journal, audience = Journal(), Audience()
    streams = Streams(journal, audience, Redactor())
    metrics = ServerMetrics(streams)
    journal.append(final())
    with audience.attend(Lagging(), "websocket"), streams.queue():
        seen = values(metrics)
    assert seen["flock_viewers"] == seen["flock_queued_streams"] == seen["flock_journal_events"] == 1
    assert seen["flock_viewers_by_kind kind=websocket"] == 1
    assert seen["flock_viewer_lag_events"] == 7
    assert seen["flock_journal_bytes"] == journal.size
    assert seen["flock_process_memory_bytes"] > 0
    assert values(metrics)["flock_viewers"] == 0


def test_decisions_are_counted_by_what_was_decided() -> None:
    streams = Streams(Journal(), Audience(), Redactor())
    streams.decisions.update(["stream", "stream", "off"])
    seen = values(ServerMetrics(streams))
    counted = [seen[f"flock_stream_decisions_total decision={name}"] for name in ("stream", "queued", "off")]
    assert counted == [2, 0, 1]


def test_tokens_are_pieces_of_answers_and_reasoning_and_nothing_else() -> None:
    streams = Streams(Journal(), Audience(), Redactor())
    stream = streams.open(
        run_id="r", agent_name="writer", correlation_id="c", artifacts=[], inputs=[], engine="test", model=None,
        is_simulated=False, priority="normal",
    )  # fmt: skip
    with stream, stream.running("dashboard", StreamSettings()) as (writer, _):
        for output_type in ("llm_token", "llm_token", "reasoning", "log", "tool_call", "tool_result", "stdout"):
            writer.append("x", output_type=output_type)
    assert values(ServerMetrics(streams))["flock_stream_tokens_total"] == 3


def test_runs_that_end_are_counted_while_the_server_listens() -> None:
    streams = Streams(Journal(), Audience(), Redactor())
    metrics = ServerMetrics(streams)
    with metrics.listening():
        for listener in streams.on_final:
            listener(final(), stream())
            listener(final(status="failed", first_token_ms=None), stream())
    assert streams.on_final == []
    seen = values(metrics)
    assert seen["flock_time_to_first_token_seconds_count agent=writer"] == 1
    assert seen["flock_time_to_first_token_seconds_sum agent=writer"] == 0.12
    assert seen["flock_runs_total agent=writer status=completed"] == 1
    assert seen["flock_runs_total agent=writer status=failed"] == 1


def test_who_does_not_see_all_is_told_of_agents_whose_runs_are_public_and_of_sums() -> None:
    streams = Streams(Journal(), Audience(), Redactor())
    metrics = ServerMetrics(streams)
    with metrics.listening():
        for listener in streams.on_final:
            listener(final(agent="open"), stream())
            listener(final(agent="secret"), stream(TenantVisibility("acme")))
    everything = values(metrics)
    assert everything["flock_runs_total agent=secret status=completed"] == 1
    assert everything["flock_time_to_first_token_seconds_count agent=secret"] == 1
    shown = values(metrics, Identity(labels=frozenset({"staff"})))
    assert shown["flock_runs_total agent=open status=completed"] == 1
    assert shown.keys() == {name for name in everything if "secret" not in name}


def test_who_belongs_to_a_tenant_gets_no_figures_of_the_process() -> None:
    metrics = ServerMetrics(Streams(Journal(), Audience(), Redactor()))
    with pytest.raises(ScopeError, match="whole process"):
        metrics.render(seen_by=Identity(tenant="acme"))
