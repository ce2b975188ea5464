"""Measures the process once a second while somebody watches, as `metrics` events."""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Sequence

from flock.events import Metrics
from flock.process import memory_bytes
from flock.streams import Streams

INTERVAL_S = 1.0

HISTORY_S = 15 * 60
"""How far back samples are kept."""


class Meter:
    """Takes samples of streams, viewers, journal and memory, and keeps those of the last `HISTORY_S`."""

    def __init__(self, streams: Streams, *, clock: Callable[[], float] = time.time) -> None:
        self._streams = streams
        self._clock = clock
        self._last_total = streams.journal.tokens_total
        self._last_at = time.monotonic()
        self._history: deque[Metrics] = deque(maxlen=int(HISTORY_S / INTERVAL_S))

    def sample(self) -> Metrics:
        """Measure now; the token rate is over the time since the last sample."""
        streams, journal = self._streams, self._streams.journal
        now, total = time.monotonic(), journal.tokens_total
        elapsed_s = now - self._last_at
        rate = (total - self._last_total) / elapsed_s if elapsed_s > 0 else 0.0
        self._last_total, self._last_at = total, now
        return Metrics(
            active_streams=streams.active,
            queued_streams=streams.queued,
            tokens_total=total,
            tokens_per_s=round(rate, 1),
            viewers=len(streams.audience),
            viewer_lag_events=streams.audience.max_lag,
            journal_bytes=journal.size,
            journal_events=journal.events,
            process_memory_bytes=memory_bytes(),
        )

    def record(self) -> None:
        """Append a sample to the journal, and keep it."""
        sample = self.sample()
        self._history.append(sample)
        self._streams.journal.append(sample)

    def history(self) -> Sequence[Metrics]:
        """Give the samples of the last `HISTORY_S` as they were recorded, the oldest first."""
        start = self._clock() - HISTORY_S
        return [sample for sample in self._history if sample.timestamp > start]

    async def run(self) -> None:
        """Record a sample every second there is a viewer, until cancelled."""
        while True:
            await asyncio.sleep(INTERVAL_S)
            if len(self._streams.audience):
                self.record()
