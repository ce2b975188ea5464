"""An event loop whose timers are exact to some microseconds."""

import asyncio
import math
import selectors
import time
from selectors import SelectorKey


class FineSelector(selectors.DefaultSelector):
    """Waits as long as it is told to.

    Others wait for whole milliseconds, as uvloop's timers do: the tokens of a hundred streams would come in bursts,
    and whoever reads them would be woken a fifth as often as by servers that know nothing of each other.
    """

    def select(self, timeout: float | None = None) -> list[tuple[SelectorKey, int]]:
        """Give what is ready, within less than a millisecond of its becoming so, or nothing after `timeout` seconds."""
        if timeout is None or timeout <= 0:
            return super().select(timeout)
        end_s = time.monotonic() + timeout
        whole_ms = math.floor(timeout * 1e3)
        if whole_ms and (ready := super().select((whole_ms - 0.5) / 1e3)):
            return ready
        time.sleep(max(0.0, end_s - time.monotonic()))
        return super().select(0)


def fine_loop() -> asyncio.AbstractEventLoop:
    """Make such a loop."""
    return asyncio.SelectorEventLoop(FineSelector())
