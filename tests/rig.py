"""A scheduler with everything it needs, and eyes on its journal."""

from collections.abc import AsyncIterator, Iterable
from uuid import UUID, uuid4

from pydantic import BaseModel

from flock.agent import Agent, AgentBuilder
from flock.artifacts import Artifact, types
from flock.audience import Audience
from flock.board.base import Query
from flock.board.memory import InMemoryBoard
from flock.engines.base import EngineComponent
from flock.events import Event, RunEvent, RuntimeMode, wire_events
from flock.frames import FrameSource
from flock.journal import Journal
from flock.reader import Reader
from flock.redaction import Redactor
from flock.runs import RunLog, RunRecord
from flock.runtime import Context
from flock.scheduler import Limits, Scheduler
from flock.selection import EVERYTHING, Selection
from flock.streams import Streams


class Rig:
    """A scheduler on a board in memory. `contexts` are those of the runs so far."""

    def __init__(
        self, *, limits: Limits | None = None, mode: RuntimeMode = "dashboard", journal: Journal | None = None
    ) -> None:
        self.mode: RuntimeMode = mode
        self.journal = journal or Journal(flush_interval_s=0)
        self.audience = Audience()
        self.streams = Streams(self.journal, self.audience, Redactor())
        self.board = InMemoryBoard()
        self.runs = RunLog()
        self.agents: dict[str, Agent] = {}
        self.contexts: list[Context] = []
        self.scheduler = Scheduler(
            board=self.board,
            streams=self.streams,
            runs=self.runs,
            agents=self.agents,
            make_context=self._make_context,
            mode=lambda: self.mode,
            limits=limits or Limits(),
        )

    def agent(self, name: str, engine: EngineComponent) -> AgentBuilder:
        """Register an agent."""
        agent = self.agents[name] = Agent(name=name)
        return AgentBuilder(agent, bind=lambda _: None).engine(engine)

    async def publish(
        self, *payloads: BaseModel, correlation_id: UUID | None = None, tags: Iterable[str] = ()
    ) -> list[Artifact]:
        """Publish from outside, under one correlation id."""
        correlation_id = correlation_id or uuid4()
        artifacts = [
            Artifact(
                type=types.name(type(payload)), payload=payload, correlation_id=correlation_id, tags=frozenset(tags)
            )
            for payload in payloads
        ]
        await self.scheduler.publish(artifacts)
        return artifacts

    async def work(self, *payloads: BaseModel, correlation_id: UUID | None = None) -> list[Artifact]:
        """Publish from outside, and wait until nothing is left to do."""
        artifacts = await self.publish(*payloads, correlation_id=correlation_id)
        await self.scheduler.idle()
        return artifacts

    def events(self, selection: Selection = EVERYTHING) -> list[Event]:
        """Give all events so far."""
        events: list[Event] = []
        offset = 0
        while offset < self.journal.head:
            batch = self.journal.read(offset, selection, max_bytes=2**30)
            offset = batch.end
            events += wire_events(batch.items)
        return events

    def of_agent(self, name: str) -> list[RunEvent]:
        """Give the events of one agent's runs."""
        return [event for event in self.events() if isinstance(event, RunEvent) and event.agent_name == name]

    async def follow(self) -> AsyncIterator[Event]:
        """Yield all events from the first one on."""
        reader = Reader(FrameSource(self.journal), cursor=self.journal.cursor(0))
        async for frame in reader.frames():
            for event in wire_events(frame.items):
                yield event

    async def until(self, kind: type[Event], count: int = 1, *, agent: str | None = None) -> None:
        """Return when there are that many events of this kind, of any agent or this one."""
        async for event in self.follow():
            if isinstance(event, kind) and (
                agent is None or not isinstance(event, RunEvent) or event.agent_name == agent
            ):
                count -= 1
            if not count:
                return

    def runs_of(self, agent: str) -> list[RunRecord]:
        """Give an agent's runs, in the order in which they were made."""
        runs = [run for run in self.runs.all() if run.agent_name == agent]
        return sorted(runs, key=lambda run: run.created_at)

    async def payloads(self, model: type[BaseModel]) -> list[BaseModel]:
        """Give the payloads of one type on the board."""
        page = await self.board.query(Query(type=frozenset([types.name(model)])), limit=10_000)
        return [artifact.payload for artifact in page.items]

    def _make_context(self, run: RunRecord) -> Context:
        ctx = Context(
            board=self.board,
            orchestrator=self,
            correlation_id=run.correlation_id,
            task_id=run.run_id,
            runtime_mode=self.mode,
        )
        self.contexts.append(ctx)
        return ctx
