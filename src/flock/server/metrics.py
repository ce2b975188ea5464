"""Prometheus metrics, measured when they are scraped."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import get_args

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from flock.events import Admission, Outcome, Stream, StreamingOutputEvent
from flock.process import memory_bytes
from flock.server.refusals import ScopeError
from flock.streams import Streams
from flock.visibility import OPERATOR, PUBLIC, Identity

TTFT_BUCKETS_S = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)


class ServerMetrics:
    """The metrics of one server over the streams of one flock.

    Figures of single agents count all runs for those who see everything, and the public ones for everybody else. All
    others are sums over the process; who belongs to a tenant gets none of them.
    """

    def __init__(self, streams: Streams) -> None:
        self._streams = streams
        gauges = _Gauges(streams)
        self._all_runs = _RunFigures(gauges)
        self._public_runs = _RunFigures(gauges)

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Take note of every run that ends for as long as the block runs."""
        self._streams.on_final.append(self._note)
        try:
            yield
        finally:
            self._streams.on_final.remove(self._note)

    def render(self, *, seen_by: Identity = OPERATOR) -> bytes:
        """Give the metrics in Prometheus' text format; raises `ScopeError` for who belongs to a tenant."""
        if seen_by.tenant is not None:
            raise ScopeError("Metrics are about the whole process, not about a tenant.", hint="Take another token.")
        figures = self._all_runs if seen_by.sees_all else self._public_runs
        return generate_latest(figures.registry)

    def _note(self, event: StreamingOutputEvent, stream: Stream) -> None:
        if not event.outcome:
            return
        self._all_runs.count(event.agent_name, event.outcome)
        if stream.visibility == PUBLIC:
            self._public_runs.count(event.agent_name, event.outcome)


class _RunFigures:
    """Counts runs that ended, per agent, in a registry of its own beside the gauges."""

    def __init__(self, gauges: Collector) -> None:
        self.registry = CollectorRegistry()
        self.registry.register(gauges)
        self._first_token = Histogram(
            "flock_time_to_first_token_seconds",
            "Time from the start of a run to its first token",
            ["agent"],
            buckets=TTFT_BUCKETS_S,
            registry=self.registry,
        )
        self._runs = Counter("flock_runs", "Runs that ended", ["agent", "status"], registry=self.registry)

    def count(self, agent_name: str, outcome: Outcome) -> None:
        """Take note of one run's end."""
        self._runs.labels(agent_name, outcome.status).inc()
        if outcome.time_to_first_token_ms is not None:
            self._first_token.labels(agent_name).observe(outcome.time_to_first_token_ms / 1000)


class _Gauges(Collector):
    """What is true at the moment of a scrape."""

    def __init__(self, streams: Streams) -> None:
        self._streams = streams

    def collect(self) -> Iterator[Metric]:
        """Measure now."""
        streams, journal, audience = self._streams, self._streams.journal, self._streams.audience
        yield _gauge("flock_active_streams", "Streams that are live", streams.active)
        yield _gauge("flock_queued_streams", "Runs that wait, to run or to be shown", streams.queued)
        yield CounterMetricFamily(
            "flock_stream_tokens",
            "Tokens of answers and reasoning, counted from their pieces",
            journal.tokens_total,
        )
        decisions = CounterMetricFamily("flock_stream_decisions", "Whether runs stream to viewers", labels=["decision"])
        for admission in get_args(Admission):
            decisions.add_metric([admission], streams.decisions[admission])
        yield decisions
        yield _gauge("flock_viewers", "Attached viewers", len(audience))
        kinds = GaugeMetricFamily("flock_viewers_by_kind", "Attached viewers of each kind", labels=["kind"])
        for kind, count in sorted(audience.by_kind().items()):
            kinds.add_metric([kind], count)
        yield kinds
        yield _gauge("flock_viewer_lag_events", "Events the slowest viewer is behind", audience.max_lag)
        yield _gauge("flock_journal_bytes", "Bytes the journal holds", journal.size)
        yield _gauge("flock_journal_events", "Events the journal holds", journal.events)
        yield _gauge("flock_process_memory_bytes", "Resident memory of the process", memory_bytes())


def _gauge(name: str, description: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, description, value=value)
