"""The streaming contract where it is measured: the processes and rows of `make bench`, with ten viewers."""

import asyncio
import random
from contextlib import AsyncExitStack
from itertools import product
from typing import get_args

import pytest

from benchmarks.cells import JSON, MAIN, THREE_FIELDS, Cell
from benchmarks.children import child
from benchmarks.contest import corner
from benchmarks.product import field_names
from benchmarks.stamps import Stretch, read_stamps
from flock.events import Event, Format, Gap, Snapshot, StreamingOutputEvent
from tests.histories import check_history, known_events
from tests.proxy import Proxy, random_cuts
from tests.resuming import ResumingViewer, Surface
from tests.surfaces import canonical

MAX_CUT_BYTES = 2**20
LATE_EVENTS = 5000
"""How many events others have seen when the late viewers come."""


class Progress:
    """What one viewer has seen: whether anything, many events, and every stream's end."""

    def __init__(self, streams: int) -> None:
        self.has_come = asyncio.Event()
        self.has_many = asyncio.Event()
        self._streams = streams
        self._events = 0
        self._ended: set[str] = set()

    def take(self, events: list[Event]) -> bool:
        """Take a frame; say whether all streams have ended."""
        self.has_come.set()
        self._events += len(events)
        if self._events >= LATE_EVENTS:
            self.has_many.set()
        for event in events:
            match event:
                case StreamingOutputEvent(is_final=True):
                    self._ended.add(event.run_id)
                case Snapshot() if event.outcome is not None:
                    self._ended.add(event.run_id)
        return len(self._ended) == self._streams


def check(viewer: ResumingViewer, cell: Cell) -> None:
    """Hold what one viewer got to the contract, and to what the model server sent."""
    seen = check_history(viewer.visits)
    assert not any(isinstance(event, Gap) for visit in viewer.visits for event in visit.events), viewer
    origins = set()
    for stream in seen.values():
        assert stream.outcome is not None
        assert stream.outcome.status == "completed"
        assert all(field.matches for field in stream.outcome.fields)
        text = " ".join(stream.text(field) for field in field_names(cell.fields))
        (stretch,) = read_stamps(text.encode()).stretches
        assert stretch == Stretch(stretch.stream, 0, cell.tokens)
        origins.add(stretch.stream)
    assert len(seen) == len(origins) == cell.streams, viewer


@pytest.mark.long
@pytest.mark.timeout(120)
@pytest.mark.parametrize("cell", [MAIN, THREE_FIELDS, JSON], ids=lambda cell: cell.name)
async def test_the_contract_holds_for_every_viewer_of_what_is_measured(cell: Cell) -> None:
    surfaces = list(product(get_args(Surface), get_args(Format)))
    async with AsyncExitStack() as stack:
        model = await stack.enter_async_context(child("benchmarks.model_server"))
        one = await stack.enter_async_context(corner(cell, "full", (await model.hear())["port"]))
        port: int = (await one.serving.hear())["port"]
        proxy = await stack.enter_async_context(Proxy(port, random_cuts(random.Random(1), max_bytes=MAX_CUT_BYTES)))
        steady = [ResumingViewer(port, {}, surface=surface, format=encoding) for surface, encoding in surfaces]
        cut = [ResumingViewer(proxy.port, {}, surface=surface, format=encoding) for surface, encoding in surfaces]
        late = [ResumingViewer(port, {}, surface="websocket", format=encoding) for encoding in get_args(Format)]
        async with asyncio.TaskGroup() as watching:
            seen = [Progress(cell.streams) for _ in steady]
            for viewer, progress in zip(steady, seen, strict=True):
                watching.create_task(viewer.watch(progress.take))
            for progress in seen:
                await progress.has_come.wait()
            for viewer in cut:
                watching.create_task(viewer.watch(Progress(cell.streams).take))
            one.serving.say("go")
            await seen[0].has_many.wait()
            for viewer in late:
                watching.create_task(viewer.watch(Progress(cell.streams).take))
        assert (await one.serving.hear())["completed"] == cell.streams
    for viewer in (*steady, *cut, *late):
        check(viewer, cell)
    told = [canonical(known_events(viewer.visits), is_timeless=True) for viewer in steady]
    assert all(other == told[0] for other in told)
    assert proxy.cuts
    resumed = sum(visit.asked is not None and len(visit.frames) > 1 for viewer in cut for visit in viewer.visits)
    print(f"figure: {cell.name}, {len(late)} of them late: {proxy.cuts} cuts, {resumed} resumed visits, no gap")
