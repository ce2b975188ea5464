"""Measures the process once a second while somebody watches, as `metrics` events."""

import asyncio
import time

from flock.events import Metrics
from flock.process import memory_bytes
from flock.streams import Streams

INTERVAL_S = 1.0


class Meter:
    """Takes samples of streams, viewers, journal and memory."""

    def __init__(self, streams: Streams) -> None:
        self._streams = streams
        self._last_total = streams.journal.tokens_total
        self._last_at = time.monotonic()

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

    async def run(self) -> None:
        """Append a sample every second there is a viewer, until cancelled."""
        while True:
            await asyncio.sleep(INTERVAL_S)
            if len(self._streams.audience):
                self._streams.journal.append(self.sample())
