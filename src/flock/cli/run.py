"""`flk run`: publish, run until idle, show and record."""

import asyncio
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, nullcontext, suppress
from pathlib import Path
from typing import TextIO

import typer

from flock.artifacts import Publishable, read_publishable
from flock.errors import ConfigurationError, InputError
from flock.orchestrator import Flock
from flock.sinks.record import Recorder
from flock.sinks.rendering import ViewName
from flock.sinks.sanitize import visible_line

LAST_EVENTS_S = 10.0
"""How long the end of a recording may take to be written."""


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
    flock.view = view
    async with recording(flock, record) if record is not None else nullcontext():
        async with flock:
            await flock.publish_many(publications)
            await flock.run_until_idle(timeout=timeout_s)
    return _report(flock)


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
            with suppress(TimeoutError):
                await asyncio.wait_for(recorder.drained(), LAST_EVENTS_S)
            task.cancel()
            with suppress(asyncio.CancelledError, BrokenPipeError):
                await task


def _open(path: Path) -> TextIO | nullcontext[TextIO]:
    return nullcontext(sys.stdout) if path == Path("-") else path.open("w", encoding="utf-8")


def _check_consumers(flock: Flock, publications: Sequence[Publishable]) -> None:
    consumed = {name for agent in flock.agents.values() for name in agent.input_names}
    for publication in publications:
        name, _ = read_publishable(publication)
        if name not in consumed:
            known = ", ".join(sorted(consumed)) or "nothing"
            raise InputError(f"No agent consumes {name!r}.", hint=f"The agents of this flock consume {known}.")


def _report(flock: Flock) -> int:
    runs = list(flock.runs.all())
    if not runs:
        raise ConfigurationError(
            "No agent ran.", hint="What was published did not pass the agents' conditions, or lacks a partner."
        )
    failed = [run for run in runs if run.state != "completed"]
    for run in failed:
        error = run.outcome.error if run.outcome is not None else None
        reason = f": {error.message} [{error.code}]" if error is not None else ""
        typer.echo(f"flk: run of {visible_line(run.agent_name)} {run.state}{visible_line(reason)}", err=True)
    return 1 if failed else 0
