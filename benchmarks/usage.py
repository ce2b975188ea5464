"""What a round costs the process that serves: CPU time, and how late its event loop is."""

import asyncio
import time
from dataclasses import dataclass, field

from benchmarks.figures import quantile

TICK_S = 0.005


@dataclass
class Meter:
    """Measures from `start` to `stop`."""

    _cpu_s: float = 0.0
    _wall_s: float = 0.0
    _lags_s: list[float] = field(default_factory=list)
    _ticker: asyncio.Task[None] | None = None

    def start(self, *, has_lag: bool) -> int:
        """Begin; gives the moment on the monotonic clock, in nanoseconds."""
        self._lags_s.clear()
        self._ticker = asyncio.create_task(self._tick()) if has_lag else None
        self._cpu_s, self._wall_s = time.process_time(), time.perf_counter()
        return time.monotonic_ns()

    def stop(self) -> dict[str, float]:
        """End; gives CPU and wall seconds, and where asked for the lag of the event loop in milliseconds."""
        cpu_s, wall_s = time.process_time() - self._cpu_s, time.perf_counter() - self._wall_s
        spent = {"cpu_s": cpu_s, "wall_s": wall_s}
        if self._ticker is None:
            return spent
        self._ticker.cancel()
        lags_ms = sorted(lag * 1e3 for lag in self._lags_s) or [0.0]
        return {**spent, "lag_p50_ms": quantile(lags_ms, 0.5), "lag_p99_ms": quantile(lags_ms, 0.99)}

    async def _tick(self) -> None:
        while True:
            before = time.perf_counter()
            await asyncio.sleep(TICK_S)
            self._lags_s.append(time.perf_counter() - before - TICK_S)
