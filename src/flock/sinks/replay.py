"""Play a recording again, with the rhythm it had."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from typing import TextIO

import msgspec

from flock.errors import InputError
from flock.events import Event, decode_event
from flock.sinks.outlet import Outlet
from flock.sinks.rendering import Rendering, ViewName

MAX_PAUSE_S = 5.0
"""Longer silences of a recording are cut to this."""


async def replay(recording: Iterable[bytes], out: TextIO, *, view: ViewName = "focus", speed: float = 1.0) -> None:
    """Show the events of these lines; `speed` 2 is twice as fast, 0 as fast as it goes.

    Raises `InputError` with the line's number where one is no event. A closed pipe ends it quietly.
    """
    rendering = Rendering(view, out)
    outlet = Outlet(out)
    try:
        async for event in _paced(_read(recording), speed):
            text = rendering.take([event])
            if text:
                await outlet.write(text)
        rest = rendering.end()
        if rest:
            await outlet.write(rest)
    except BrokenPipeError:
        return
    finally:
        outlet.close()


async def _paced(events: Iterable[Event], speed: float) -> AsyncIterator[Event]:
    before: float | None = None
    due = asyncio.get_running_loop().time()
    for event in events:
        if speed > 0:
            if before is not None and event.timestamp > before:
                due += min((event.timestamp - before) / speed, MAX_PAUSE_S)
            before = event.timestamp if before is None else max(before, event.timestamp)
            delay_s = due - asyncio.get_running_loop().time()
            if delay_s > 0:
                await asyncio.sleep(delay_s)
        yield event


def _read(recording: Iterable[bytes]) -> Iterable[Event]:
    for number, line in enumerate(recording, start=1):
        if line.strip():
            try:
                yield decode_event(line)
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as exc:
                raise InputError(
                    f"Line {number} of the recording is no event: {exc}.", hint="Record with `flk run … --record FILE`."
                ) from exc
