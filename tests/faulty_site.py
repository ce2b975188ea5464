"""A served flock with an agent for each fault of model servers, three viewers, and the servers behind it."""

import logging
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
from pydantic import BaseModel

from flock.artifacts import flock_type
from flock.engines import attempts, openai_stream
from flock.engines.dspy_engine import DSPyEngine
from flock.events import Event
from flock.orchestrator import Flock
from flock.runs import RunRecord
from flock.server.serving import Server
from tests.servers.fault import DEADLINE_S, HEADER, KEY, TOTAL_S, Fault
from tests.servers.faults import FAULTS
from tests.servers.process import OpenAIServer, run_openai_server
from tests.servers.script import Script
from tests.watching import Watchers, watching

PATIENT = {
    "connect_timeout_s": 10.0,
    "first_token_timeout_s": 10.0,
    "progress_timeout_s": 10.0,
    "total_timeout_s": 30.0,
}
"""The deadlines that a fault is not about."""

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
        """Start a run of an agent."""
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

    async def storm(self, faults: Iterable[Fault]) -> list[RunRecord]:
        """Let runs with these faults go wrong all at once; gives them when all viewers have seen their ends."""
        await self.models.reset()
        runs = []
        for fault in faults:
            await self.models.script(*fault.scripts_for(fault.name))
            runs.append(await self.start(fault.name))
        await self.watchers.until_final(*(run.run_id for run in runs))
        return runs

    async def forget_connections(self) -> None:
        """Close the connections that engines keep for their next calls."""
        for engine in self.engines.values():
            await engine.aclose()

    def seen(self, run_id: str) -> dict[str, list[Event]]:
        """Give what the viewers of the network have of a run."""
        return {"ws": self.watchers.socket.runs[run_id], "sse": self.watchers.sse.runs[run_id]}


@contextmanager
def logging_all() -> Iterator[Log]:
    """Keep what is logged, down to DEBUG, for as long as the block runs."""
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
    """Make an engine that is patient but where the fault is about a deadline."""
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


@asynccontextmanager
async def faulty_site() -> AsyncIterator[Site]:
    """Serve a flock with an agent for each fault; what a retry waits for is shortened meanwhile."""
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
