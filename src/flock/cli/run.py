"""`flk run`: publish, run until idle, show and record."""

import asyncio
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, nullcontext, suppress
from pathlib import Path
from typing import TextIO

import typer

from flock.artifacts import Publishable, read_publishable
from flock.cli.reporting import failure_line
from flock.errors import ConfigurationError, IdleTimeoutError, InputError
from flock.orchestrator import Flock
from flock.screen import Screen
from flock.sinks.record import Recorder
from flock.sinks.rendering import ViewName

LAST_EVENTS_S = 10.0
"""How long the end of a recording or of the view may take to be written."""


async def run_app(
    flock: Flock,
    publications: Sequence[Publishable],
    *,
    view: ViewName | None,
    record: Path | None,
    timeout_s: float | None,
) -> int:
    """Give the exit code: 0 where every run completed."""
    _check_consumers(flock, publications)
    async with recording(flock, record) if record is not None else nullcontext(), showing(flock, view) as screen:
        async with flock:
            screen.show(flock.runtime_mode)
            await flock.publish_many(publications)
            await _finish(flock, screen, timeout_s)
    if screen.failure is not None:
        raise screen.failure
    return _report(flock, is_shown=view is not None)


@asynccontextmanager
async def showing(flock: Flock, view: ViewName | None) -> AsyncIterator[Screen]:
    """Give a screen in place of the flock's own; what is left when the block ends has a while to be shown."""
    flock.view = None
    screen = Screen(flock.frames, flock.audience, flock.streams, view)
    try:
        yield screen
    finally:
        try:
            with suppress(TimeoutError):
                async with asyncio.timeout(LAST_EVENTS_S):
                    await screen.drained()
        finally:
            await screen.stop()


async def _finish(flock: Flock, screen: Screen, timeout_s: float | None) -> None:
    try:
        async with asyncio.timeout(timeout_s):
            await flock.run_until_idle()
            await screen.drained()
    except TimeoutError:
        busy = sorted({run.agent_name for run in flock.runs.unfinished})
        raise IdleTimeoutError(
            f"Not idle after {timeout_s} s: {', '.join(busy) or 'the terminal'} still at work.",
            hint="Give it more time with --timeout.",
        ) from None


@asynccontextmanager
async def recording(flock: Flock, path: Path) -> AsyncIterator[None]:
    """Record what happens inside the block; the file is complete when the block has ended."""
    journal = flock.journal
    with _open(path) as out:
        recorder = Recorder(flock.frames, flock.audience, out, cursor=journal.cursor(journal.head))
        task = asyncio.create_task(recorder.run())
        try:
            yield
        finally:
            try:
                with suppress(TimeoutError):
                    async with asyncio.timeout(LAST_EVENTS_S):
                        await recorder.drained()
            finally:
                task.cancel()
                await asyncio.wait([task])
            with suppress(asyncio.CancelledError, BrokenPipeError):
                task.result()


def _open(path: Path) -> TextIO | nullcontext[TextIO]:
    return nullcontext(sys.stdout) if path == Path("-") else path.open("w", encoding="utf-8")


def _check_consumers(flock: Flock, publications: Sequence[Publishable]) -> None:
    consumed = {name for agent in flock.agents.values() for name in agent.input_names}
    for publication in publications:
        name, _ = read_publishable(publication)
        if name not in consumed:
            known = ", ".join(sorted(consumed)) or "nothing"
            raise InputError(f"No agent consumes {name!r}.", hint=f"The agents of this flock consume {known}.")


def _report(flock: Flock, *, is_shown: bool) -> int:
    runs = list(flock.runs.all())
    if not runs:
        raise ConfigurationError(
            "No agent ran.", hint="What was published did not pass the agents' conditions, or lacks a partner."
        )
    failed = [run for run in runs if run.state != "completed"]
    for run in failed if not is_shown else ():
        if run.outcome is not None:
            typer.echo(failure_line(run.agent_name, run.outcome), err=True)
    return 1 if failed else 0
