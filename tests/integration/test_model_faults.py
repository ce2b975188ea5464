"""Everything that goes wrong with model servers, watched from a terminal, a WebSocket and an SSE client."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest
import pytest_asyncio

from flock.events import Event
from tests.faulty_site import AFTER, BEFORE, NEIGHBOUR, NEIGHBOUR_SCRIPT, Site, faulty_site
from tests.leaks import Held, left_behind
from tests.servers.fault import KEY, Fault, said
from tests.servers.faults import FAULTS, ITEMS, drawn
from tests.servers.script import Script
from tests.validators import check_streams
from tests.watching import as_shown, lines_of, texts

pytestmark = pytest.mark.asyncio(loop_scope="module")

LIMIT_S = 20.0
"""Nothing may hang: no case takes longer than this, whatever the machine is busy with."""

STORM_SEED = 3
STORM_RUNS = 60


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def site() -> AsyncIterator[Site]:
    async with faulty_site() as site:
        yield site


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
async def test_a_fault_ends_its_own_run_as_it_should_and_nothing_else(site: Site, fault: Fault) -> None:
    before, places = Held.now(), site.places()
    async with asyncio.timeout(LIMIT_S):
        await site.models.reset()
        await site.models.script(*fault.scripts_for(fault.name), NEIGHBOUR_SCRIPT)
        neighbour = await site.start(NEIGHBOUR)
        await site.models.wait_at_gate(NEIGHBOUR)
        run = await site.start(fault.name)
        await let_viewers_see(site, fault, run.run_id)
        await site.flock.wait_run(run.run_id)
        await site.models.release(NEIGHBOUR)
        await site.flock.wait_run(neighbour.run_id)
        await site.watchers.until_final(run.run_id, neighbour.run_id)
        requests = [seen for seen in await site.models.requests() if seen["body"]["model"] == fault.name]

    for events in site.seen(run.run_id).values():
        check_run(events, fault)
    check_screen(lines_of(fault.name, site.watchers.screen.lines[places[-1] :]), fault)
    for events in site.seen(neighbour.run_id).values():
        check_neighbour(events)
    check_requests(requests, fault)
    written = site.written_since(places)
    check_secret(*written, await site.status(run.run_id), repr(run))
    assert await left_behind(before, spare_files=int(fault.keeps)) == []
    await site.engines[fault.name].aclose()
    assert await left_behind(before) == []


async def let_viewers_see(site: Site, fault: Fault, run_id: str) -> None:
    """Hold the server back until the viewers have what came before the fault, where a fault asks for that."""
    for attempt in range(1, fault.gates + 1):
        await site.models.wait_at_gate(f"seen-{attempt}")
        wanted = fault.shown[attempt - 1].rstrip("\n[")
        for watcher in (site.watchers.socket, site.watchers.sse):
            await watcher.until(
                lambda: texts(site.seen(run_id)["ws"], "body")[attempt].startswith(wanted)  # noqa: B023 - awaited here
            )
        await site.models.release(f"seen-{attempt}")


def check_run(events: list[Event], fault: Fault) -> None:
    """Hold what one viewer saw of a run against what its fault has to give."""
    (stream,) = check_streams(events).values()
    assert stream.outcome is not None
    error = stream.outcome.error
    assert (stream.outcome.status, error and error.code) == (fault.status, fault.code), stream.outcome
    assert error is None or fault.says in error.message
    found = texts(events, "body")
    assert [found[number + 1] for number in range(stream.attempt)] == list(fault.shown)
    for output_type, text in fault.beside.items():
        assert texts(events, None, output_type)[stream.attempt] == text


def check_screen(lines: list[str], fault: Fault) -> None:
    """Hold the lines that a terminal shows of a run against its fault."""
    endings = [line for line in lines if line.startswith(("✓", "✗"))]
    assert len(endings) == 1
    words = {"completed": "✓ done", "failed": "✗ failed", "timed_out": "✗ timed out"}
    assert endings[0].startswith(words[fault.status])
    assert fault.code is None or f"[{fault.code}]" in endings[0]
    shown: list[list[str]] = [[]]
    for line in lines:
        if line.startswith("↻"):
            shown.append([])
        elif line.startswith("body │ "):
            shown[-1].append(line.removeprefix("body │ "))
    assert ["\n".join(texts) for texts in shown] == [as_shown(text) for text in fault.shown]


def check_neighbour(events: list[Event]) -> None:
    """See that a healthy run noticed nothing."""
    (stream,) = check_streams(events).values()
    assert stream.outcome is not None
    assert (stream.outcome.status, stream.attempt, stream.text("body")) == ("completed", 1, BEFORE + AFTER)


def check_requests(requests: list[dict[str, Any]], fault: Fault) -> None:
    """See that the server got as many calls as there were attempts, all with the key, over as few connections."""
    if fault.is_counted:
        assert len(requests) == len(fault.shown)
        assert all(seen["headers"]["authorization"] == f"Bearer {KEY}" for seen in requests)
    if fault.connections is not None:
        assert len({seen["connection"] for seen in requests}) == fault.connections


def check_secret(*written: str) -> None:
    """See that neither the key nor half of it is anywhere."""
    for text in written:
        for part in (KEY[:16], KEY[-16:]):
            assert part not in text


async def test_the_checks_find_what_differs_from_a_fault(site: Site) -> None:
    (fault,) = (fault for fault in FAULTS if fault.name == "clean-truncation")
    places = site.places()
    await site.models.reset()
    await site.models.script(*fault.scripts_for(fault.name))
    run = await site.start(fault.name)
    await site.watchers.until_final(run.run_id)
    events = site.watchers.socket.runs[run.run_id]
    lines = lines_of(fault.name, site.watchers.screen.lines[places[-1] :])
    check_run(events, fault)
    check_screen(lines, fault)
    first, second = fault.shown
    for other in (
        replace(fault, status="timed_out"),
        replace(fault, code="FLK-MODEL-TRANSPORT"),
        replace(fault, shown=(first, f"{second}more")),
        replace(fault, shown=(first[:-1], second)),
        replace(fault, shown=(second,)),
    ):
        with pytest.raises(AssertionError):
            check_run(events, other)
        with pytest.raises(AssertionError):
            check_screen(lines, other)
    with pytest.raises(AssertionError):
        check_screen([*lines, lines[-1]], fault)
    with pytest.raises(AssertionError):
        check_secret("nothing here", f"half of it: {KEY[:20]}")


async def test_the_check_of_a_neighbour_finds_what_happened_to_it(site: Site) -> None:
    await site.models.reset()
    await site.models.script(NEIGHBOUR_SCRIPT)
    await site.models.release(NEIGHBOUR)
    well = await site.start(NEIGHBOUR)
    await site.watchers.until_final(well.run_id)
    check_neighbour(site.watchers.socket.runs[well.run_id])
    (retried,) = (fault for fault in FAULTS if fault.name == "clean-truncation")
    for scripts in (retried.scripts_for(NEIGHBOUR), [Script(model=NEIGHBOUR, steps=[said(BEFORE)])]):
        await site.models.reset()
        await site.models.script(*scripts)
        disturbed = await site.start(NEIGHBOUR)
        await site.watchers.until_final(disturbed.run_id)
        with pytest.raises(AssertionError):
            check_neighbour(site.watchers.socket.runs[disturbed.run_id])


async def test_the_check_of_requests_finds_another_number_another_key_and_another_connection() -> None:
    fault = Fault("planted", "none", "busy", shown=("", ""), connections=1)
    seen = {"headers": {"authorization": f"Bearer {KEY}"}, "connection": 1}
    check_requests([seen, seen], fault)
    keyless = {**seen, "headers": {"authorization": "Bearer none"}}
    for requests in ([seen], [seen] * 3, [seen, keyless], [seen, {**seen, "connection": 2}]):
        with pytest.raises(AssertionError):
            check_requests(requests, fault)


async def test_a_storm_of_faults_leaves_every_run_its_own_end(site: Site) -> None:
    faults = [fault for fault in drawn(STORM_SEED, STORM_RUNS) if not fault.gates]
    before = Held.now()
    async with asyncio.timeout(LIMIT_S):
        runs = await site.storm(faults)
    for fault, run in zip(faults, runs, strict=True):
        for events in site.seen(run.run_id).values():
            (stream,) = check_streams(events).values()
            assert stream.outcome is not None
            assert stream.outcome.status == fault.status
    await site.forget_connections()
    assert await left_behind(before) == []


async def test_no_run_ever_had_a_second_end(site: Site) -> None:
    for watcher in (site.watchers.socket, site.watchers.sse):
        streams = check_streams(watcher.events)
        assert streams.keys() == {run.run_id for run in site.flock.runs.all()}


async def test_the_list_of_faults_is_covered() -> None:
    assert {fault.item for fault in FAULTS} == set(ITEMS)
    assert len({fault.name for fault in FAULTS}) == len(FAULTS)
