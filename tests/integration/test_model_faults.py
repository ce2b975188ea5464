"""Everything that goes wrong with model servers, watched from a terminal, a WebSocket and an SSE client."""

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import httpx
import pytest
import pytest_asyncio
from pydantic import BaseModel

from flock.artifacts import flock_type
from flock.engines import attempts, openai_stream
from flock.engines.dspy_engine import DSPyEngine
from flock.events import Event
from flock.orchestrator import Flock
from flock.runs import RunRecord
from flock.server.serving import Server
from tests.leaks import Held, left_behind
from tests.servers.fault import DEADLINE_S, HEADER, KEY, TOTAL_S, Fault
from tests.servers.faults import FAULTS, ITEMS, drawn
from tests.servers.process import OpenAIServer, run_openai_server
from tests.servers.script import Script
from tests.validators import check_streams
from tests.watching import Watchers, as_shown, lines_of, texts, watching

pytestmark = pytest.mark.asyncio(loop_scope="module")

LIMIT_S = 20.0
"""Nothing may hang: no case takes longer than this, whatever the machine is busy with."""

PATIENT = {
    "connect_timeout_s": 10.0,
    "first_token_timeout_s": 10.0,
    "progress_timeout_s": 10.0,
    "total_timeout_s": 30.0,
}
"""The deadlines that a fault is not about."""

STORM_SEED = 3
STORM_RUNS = 60

NEIGHBOUR = "neighbour"
BEFORE, AFTER = "A neighbour speaks, ", "and speaks on.\nTo its end."
NEIGHBOUR_SCRIPT = Script(
    steps=[("text", HEADER + BEFORE), ("gate", NEIGHBOUR), ("words", AFTER)], model=NEIGHBOUR, repeat=True
)


@flock_type(name="faults.Idea")
class Idea(BaseModel):
    topic: str = "owls"


@flock_type(name="faults.Post")
class Post(BaseModel):
    body: str


class Log(logging.Handler):
    """Keeps every record as the text that people would read."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.lines: list[str] = []
        self.setFormatter(logging.Formatter())

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(self.format(record))


@dataclass
class Site:
    """A served flock with an agent per fault, who watches it, and the server behind the models."""

    flock: Flock
    server: Server
    models: OpenAIServer
    watchers: Watchers
    log: Log
    engines: dict[str, DSPyEngine] = field(default_factory=dict)

    async def start(self, agent: str) -> RunRecord:
        return await self.flock.start_run(agent, [Idea()])

    async def status(self, run_id: str) -> str:
        """Give what REST tells of a run."""
        headers = {"authorization": f"Bearer {self.server.token}"}
        async with httpx.AsyncClient(base_url=self.server.url, headers=headers, trust_env=False, verify=False) as http:
            return (await http.get(f"/api/v1/runs/{run_id}")).raise_for_status().text

    def places(self) -> list[int]:
        """Give how much there is of what people could read; the terminal's lines come last."""
        return [len(texts) for texts in self._readable()]

    def written_since(self, places: Sequence[int]) -> list[str]:
        """Give what people could read since: frames, records of logs, lines of the terminal."""
        return [text for texts, place in zip(self._readable(), places, strict=True) for text in texts[place:]]

    def _readable(self) -> list[list[str]]:
        watchers = self.watchers
        return [watchers.socket.raw, watchers.sse.raw, self.log.lines, watchers.screen.lines]

    def seen(self, run_id: str) -> dict[str, list[Event]]:
        """Give what the viewers of the network have of a run."""
        return {"ws": self.watchers.socket.runs[run_id], "sse": self.watchers.sse.runs[run_id]}


@contextmanager
def logging_all() -> Iterator[Log]:
    root, log = logging.getLogger(), Log()
    before = root.level
    root.addHandler(log)
    root.setLevel(logging.DEBUG)
    try:
        yield log
    finally:
        root.setLevel(before)
        root.removeHandler(log)


def engine_for(fault: Fault, base_url: str) -> DSPyEngine:
    settings: dict[str, Any] = {**PATIENT}
    if fault.deadline is not None:
        settings[fault.deadline] = TOTAL_S if fault.deadline == "total_timeout_s" else DEADLINE_S
    return DSPyEngine(
        model=f"{fault.provider}/{fault.name}",
        base_url=base_url,
        api_key=KEY,
        max_retries=fault.max_retries,
        stream=fault.stream,
        **settings,
    )


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def site() -> AsyncIterator[Site]:
    with run_openai_server() as models, logging_all() as log, pytest.MonkeyPatch.context() as patch:
        patch.setattr(attempts, "BASE_DELAY_S", 0.01)
        patch.setattr(attempts, "RETRY_AFTER_CAP_S", 0.02)
        patch.setattr(openai_stream, "TAIL_TIMEOUT_S", DEADLINE_S)
        flock = Flock(f"openai/{NEIGHBOUR}", base_url=models.base_url, api_key=KEY, view=None)
        flock.agent(NEIGHBOUR).consumes(Idea).publishes(Post).engine(DSPyEngine(**PATIENT))
        engines = {}
        for fault in FAULTS:
            url = models.base_url if fault.door is None else await models.door(fault.door)
            engines[fault.name] = engine_for(fault, url)
            flock.agent(fault.name).consumes(Idea).publishes(Post).engine(engines[fault.name])
        await flock.prepare()
        async with flock, flock.serving(dashboard=True, port=0) as server, watching(flock, server) as watchers:
            site = Site(flock, server, models, watchers, log, engines)
            await warm_up(site)
            yield site


async def warm_up(site: Site) -> None:
    """Let a neighbour run alone, so that what the first run makes and keeps is there."""
    await site.models.script(NEIGHBOUR_SCRIPT)
    await site.models.release(NEIGHBOUR)
    run = await site.start(NEIGHBOUR)
    await site.watchers.until_final(run.run_id)
    await site.status(run.run_id)


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
    if fault.is_counted:
        assert len(requests) == len(fault.shown)
        assert all(seen["headers"]["authorization"] == f"Bearer {KEY}" for seen in requests)
    if fault.connections is not None:
        assert len({seen["connection"] for seen in requests}) == fault.connections
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


async def test_a_storm_of_faults_leaves_every_run_its_own_end(site: Site) -> None:
    faults = [fault for fault in drawn(STORM_SEED, STORM_RUNS) if not fault.gates]
    before = Held.now()
    async with asyncio.timeout(LIMIT_S):
        await site.models.reset()
        runs = []
        for fault in faults:
            await site.models.script(*fault.scripts_for(fault.name))
            runs.append(await site.start(fault.name))
        await site.watchers.until_final(*(run.run_id for run in runs))
    for fault, run in zip(faults, runs, strict=True):
        for events in site.seen(run.run_id).values():
            (stream,) = check_streams(events).values()
            assert stream.outcome is not None
            assert stream.outcome.status == fault.status
    for engine in site.engines.values():
        await engine.aclose()
    assert await left_behind(before) == []


async def test_no_run_ever_had_a_second_end(site: Site) -> None:
    for watcher in (site.watchers.socket, site.watchers.sse):
        streams = check_streams(watcher.events)
        assert streams.keys() == {run.run_id for run in site.flock.runs.all()}


async def test_the_list_of_faults_is_covered() -> None:
    assert {fault.item for fault in FAULTS} == set(ITEMS)
    assert len({fault.name for fault in FAULTS}) == len(FAULTS)
