"""The one object that owns the terminal: a viewer of the journal like any other."""

import logging
import sys
from typing import TextIO

from flock.audience import Audience
from flock.cursor import Cursor
from flock.frames import FrameSource
from flock.sinks.outlet import Outlet
from flock.sinks.pump import Pump
from flock.sinks.rendering import Rendering, ViewName

logger = logging.getLogger(__name__)


class Terminal:
    """Shows all streams in one view on `out`, standard output unless another is given.

    A terminal that is slow or stopped lags behind and delays nobody; one that is gone, or a closed pipe, ends it
    quietly, and any other file that cannot be written leaves its error in `failure`. With a cursor it shows what
    comes after it, without one also what is running and recent.
    """

    def __init__(
        self,
        source: FrameSource,
        audience: Audience,
        *,
        view: ViewName = "focus",
        out: TextIO | None = None,
        cursor: Cursor | None = None,
    ) -> None:
        self._view: ViewName = view
        self._out = out
        self.failure: OSError | None = None
        self._pump = Pump(source, audience, "terminal", cursor)

    async def run(self) -> None:
        """Show what happens until cancelled."""
        out = sys.stdout if self._out is None else self._out
        rendering = Rendering(self._view, out)
        outlet = Outlet(out)
        try:
            await self._pump.run(rendering.take, outlet)
        except BrokenPipeError as exc:
            logger.info("The terminal is gone: %s", exc)
        except OSError as exc:
            self.failure = exc
            logger.info("The terminal is gone: %s", exc)
        except Exception:
            logger.exception("The terminal view failed; the runs go on without it")
        finally:
            outlet.close(rendering.end())

    async def drained(self) -> None:
        """Return when everything that is in the journal now was shown, or the terminal is gone."""
        await self._pump.drained()
