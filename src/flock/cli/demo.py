"""`flk demo`: the demo app, served or in the terminal, with a new topic now and then."""

import asyncio
import socket
import sys
import threading
import webbrowser
from contextlib import suppress
from itertools import cycle
from os import environ
from typing import TYPE_CHECKING

import typer

from flock.cli import demo_app
from flock.cli.demo_app import Topic, flock
from flock.cli.run import run_app
from flock.errors import IdleTimeoutError

if TYPE_CHECKING:
    from flock.server.serving import Server

HOST = "127.0.0.1"
DEFAULT_PORT = 8000
TOPICS = ("owls", "tidal power", "sourdough bread", "the night train", "city gardens", "old maps")

REST_S = 4.0
"""How long a finished round stays before the next one begins."""

LOOK_S = 0.5
"""How often an idle demo looks whether somebody watches."""


async def show_demo(exit_after_s: float | None) -> None:
    """Show one round in the terminal."""
    await flock.prepare()
    with suppress(IdleTimeoutError):
        await run_app(flock, [Topic(name=TOPICS[0])], view="lines", record=None, timeout_s=exit_after_s)


async def serve_demo(port: int | None, exit_after_s: float | None, *, opens_browser: bool) -> None:
    """Serve until interrupted, or for `exit_after_s`; there is a new round while somebody watches.

    Only without a `port` is another one taken where the usual one is in use.
    """
    if port is None:
        port = _default_port()
    async with flock.serving(dashboard=True, host=HOST, port=port) as server, asyncio.TaskGroup() as tasks:
        writing = tasks.create_task(_keep_writing())
        _invite(server, opens_browser=opens_browser)
        try:
            async with asyncio.timeout(exit_after_s):
                await server.wait_stopped()
        except TimeoutError:
            pass
        finally:
            writing.cancel()
            _cancel_runs()
    await flock.shutdown(grace_s=0)


async def _keep_writing() -> None:
    for topic in cycle(TOPICS):
        await flock.publish(Topic(name=topic))
        await flock.run_until_idle()
        await asyncio.sleep(REST_S)
        while not flock.audience:  # noqa: ASYNC110 - viewers come without a word
            await asyncio.sleep(LOOK_S)


def _invite(server: "Server", *, opens_browser: bool) -> None:
    typer.echo(
        f"{len(flock.agents)} agents write side by side, on a simulated model: no key, no network.\n\n"
        f"  Open this once:  {server.browser_url()}\n\n"
        f"  The app behind it:  {demo_app.__file__}\n"
        "  In the terminal:    flk demo --terminal\n\n"
        "Ctrl-C ends it."
    )
    sys.stdout.flush()
    if opens_browser and sys.stdout.isatty() and _has_screen():
        threading.Thread(target=webbrowser.open, args=(server.browser_url(),), daemon=True).start()


def _has_screen() -> bool:
    """Whether a browser would get a window of its own, and not this terminal."""
    return sys.platform in ("darwin", "win32") or bool(environ.get("DISPLAY") or environ.get("WAYLAND_DISPLAY"))


def _default_port() -> int:
    if _is_free(DEFAULT_PORT):
        return DEFAULT_PORT
    typer.echo(f"Port {DEFAULT_PORT} is taken: the demo takes a free one.")
    return 0


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def _cancel_runs() -> None:
    for run in flock.runs.unfinished:
        flock.cancel(run.run_id)
