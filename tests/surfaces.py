"""What each surface tells of the same runs, put into one form, so that lists can be compared."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import aclosing, asynccontextmanager

from msgspec.structs import replace

from flock.cursor import Cursor
from flock.events import ArtifactPublished, Event, Format, RunEvent, StreamingOutputEvent, decode_event
from tests.backend import Served
from tests.resuming import ResumingViewer, Surface

Told = dict[str, list[Event]]
"""By run: its events."""

LIVE: tuple[tuple[Surface, Format], ...] = (
    ("websocket", "full"),
    ("websocket", "compact"),
    ("sse", "full"),
    ("sse", "compact"),
)


def canonical(events: Iterable[Event], *, is_timeless: bool = False) -> Told:
    """Sort events by run, and join deltas that could be one. What belongs to no run is left out."""
    told: Told = {}
    for event in events:
        if not isinstance(event, RunEvent | ArtifactPublished) or event.run_id is None:
            continue
        own = told.setdefault(event.run_id, [])
        item = replace(event, timestamp=0.0) if is_timeless else event
        joined = _join(own[-1], item) if own else None
        if joined is None:
            own.append(item)
        else:
            own[-1] = joined
    return told


def _join(last: Event, event: Event) -> Event | None:
    """Give two deltas as one, None where they are none or belong to different places."""
    if not isinstance(last, StreamingOutputEvent) or not isinstance(event, StreamingOutputEvent) or event.is_final:
        return None
    follower = replace(event, timestamp=last.timestamp, content=last.content, sequence=last.sequence, count=last.count)
    if follower != last or last.sequence + last.count != event.sequence:
        return None
    return replace(last, content=last.content + event.content, count=last.count + event.count)


@asynccontextmanager
async def watching(site: Served, *, runs: int, after: Cursor | None = None) -> AsyncIterator[dict[str, list[Event]]]:
    """Watch on every live surface for as long as that many runs take to end; gives what each got, by its name.

    Live viewers say hello before the block begins; with a cursor they come for what is behind it.
    """
    got: dict[str, list[Event]] = {}
    port, headers = site.server.port, site.headers
    viewers = {
        f"{surface}, {encoding}": ResumingViewer(port, headers, surface=surface, format=encoding, cursor=after)
        for surface, encoding in LIVE
    }
    arrived = asyncio.Semaphore(0)
    async with asyncio.TaskGroup() as tasks:
        for viewer in viewers.values():
            tasks.create_task(viewer.watch(_counting(runs, arrived)))
        tasks.create_task(_watch_inside(site, got, runs, arrived, after))
        for _ in range(len(viewers) + 1):
            await arrived.acquire()
        yield got
    for name, viewer in viewers.items():
        (visit,) = viewer.visits
        got[name] = visit.events


async def replayed(site: Served, run_id: str, *, limit: int) -> list[Event]:
    """Read a run's events again over REST, page by page."""
    events: list[Event] = []
    place: dict[str, str] | None = {}
    while place is not None:
        page = (await site.get(f"/runs/{run_id}/events", limit=limit, **place)).json()
        events += [decode_event(json.dumps(item)) for item in page["items"]]
        place = {"cursor": page["next"]} if page["next"] else None
    return events


async def _watch_inside(
    site: Served, got: dict[str, list[Event]], runs: int, arrived: asyncio.Semaphore, after: Cursor | None
) -> None:
    is_enough = _counting(runs, arrived)
    seen = got["program"] = []
    async with aclosing(site.flock.events(None if after is None else str(after))) as feed:
        async for event in feed:
            seen.append(event)
            if is_enough([event]):
                return


def _counting(runs: int, arrived: asyncio.Semaphore) -> Callable[[list[Event]], bool]:
    finals = 0
    has_arrived = False

    def is_enough(events: list[Event]) -> bool:
        nonlocal finals, has_arrived
        if not has_arrived:
            has_arrived = True
            arrived.release()
        finals += sum(isinstance(event, StreamingOutputEvent) and event.is_final for event in events)
        return finals >= runs

    return is_enough
