"""`flk serve`: an app's flock behind REST, WebSocket and SSE."""

import asyncio
import sys
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager

import typer

from flock.cli.reporting import failure_line
from flock.events import Outcome, Stream, StreamingOutputEvent
from flock.hosting import Access
from flock.orchestrator import Flock

SOON_S = 0.1
"""When it is said what is waited for: once the wait is under way, so that a second Ctrl-C ends it."""


async def serve_app(flock: Flock, *, dashboard: bool, host: str, port: int, access: Access) -> None:
    """Serve until SIGINT, SIGTERM or SIGHUP."""
    serving = flock.serving(dashboard=dashboard, host=host, port=port, **access)
    async with AsyncExitStack() as ending:
        ending.enter_context(_failures_told(flock))
        async with serving as server:
            ending.push_async_callback(flock.shutdown, grace_s=0)
            agents = "1 agent" if len(flock.agents) == 1 else f"{len(flock.agents)} agents"
            typer.echo(f"Serving {agents} on {server.url}, API documentation at {server.url}/docs")
            if dashboard:
                typer.echo(f"Open this once:  {server.browser_url()}")
            if server.settings.token is None and server.token is not None:
                typer.echo(f"Token of this process:  {server.token}")
            if server.token is not None and (count := len(server.settings.tokens)):
                typer.echo(f"{'1 further token is' if count == 1 else f'{count} further tokens are'} in force.")
            sys.stdout.flush()
            await server.wait_stopped()
            asyncio.get_running_loop().call_later(SOON_S, _say_what_is_left, flock, server.settings.grace_s)


def _say_what_is_left(flock: Flock, grace_s: float) -> None:
    if count := len(list(flock.runs.unfinished)):
        runs = "1 run" if count == 1 else f"{count} runs"
        typer.echo(f"Finishing {runs}, at most {grace_s:g} s; Ctrl-C again stops at once.", err=True)


@contextmanager
def _failures_told(flock: Flock) -> Iterator[None]:
    """Print a line for every run that fails while the block runs."""
    flock.streams.on_final.append(_tell_failure)
    try:
        yield
    finally:
        flock.streams.on_final.remove(_tell_failure)


def _tell_failure(event: StreamingOutputEvent, stream: Stream) -> None:
    match event.outcome:
        case Outcome(status="failed" | "timed_out") as outcome:
            typer.echo(failure_line(event.agent_name, outcome), err=True)
