"""`Flock`: the composition root and facade. It puts the parts together and holds no logic of its own."""

import asyncio
import os
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from types import TracebackType
from typing import TYPE_CHECKING, Self, Unpack, get_args
from uuid import UUID, uuid4

from pydantic import BaseModel

from flock.agent import Agent, AgentBuilder
from flock.artifacts import Artifact, Publishable, read_publishable, types
from flock.audience import Audience
from flock.board.base import Board, Query
from flock.board.memory import InMemoryBoard
from flock.board.view import BoardView
from flock.cursor import Cursor
from flock.engines.base import ModelDefaults
from flock.errors import (
    ClosedError,
    ConfigurationError,
    IdleTimeoutError,
    InputError,
    UnknownNameError,
)
from flock.events import RuntimeMode
from flock.feed import EventFeed
from flock.frames import FrameSource
from flock.hosting import Access, Hosting, announce
from flock.journal import Journal
from flock.reader import Reader
from flock.redaction import Redactor
from flock.roster import Roster
from flock.runs import RunLog, RunRecord, raise_for_outcome
from flock.runtime import Context
from flock.scheduler import Limits, Scheduler
from flock.scheduling.joins import PendingJoin
from flock.scheduling.rights import rights_of
from flock.screen import Screen, View
from flock.selection import Selection
from flock.streams import Streams
from flock.tokens import Token, check_tokens
from flock.visibility import OPERATOR, PUBLIC, Identity, Visibility, check_visibility

if TYPE_CHECKING:
    from flock.server.serving import Server

LAST_WORDS_S = 5.0
"""How long a shutdown waits for a terminal that takes nothing."""

Values = str | Iterable[str]
"""One value or several alternatives, as selections take them."""

ArtifactList = list[Artifact]
IdList = list[str]
"""`Flock.list` takes the word `list` inside the class."""


class Flock:
    """A blackboard, its agents, and everybody who watches.

    `model` is what agents use that do not say otherwise: any DSPy or LiteLLM name (`openai/…`, `ollama/…`,
    `anthropic/…`) or `demo/writer`, which needs no key; `DEFAULT_MODEL`, `OPENAI_API_KEY` and `OPENAI_BASE_URL` are
    read from the environment. `view` is how a terminal program shows its streams, None for not at all. When it is
    served, the holder of `token` may do and see everything, those of `tokens` what theirs say.
    A flock belongs to one event loop at a time.
    """

    def __init__(
        self,
        model: str | None = None,
        *,
        base_url: str | None = None,
        api_key: str | None = None,
        board: Board | None = None,
        token: str | None = None,
        tokens: Sequence[Token] = (),
        view: View | None = "focus",
        journal: Journal | None = None,
        limits: Limits | None = None,
    ) -> None:
        if limits is not None and not isinstance(limits, Limits):
            raise ConfigurationError(
                f"{limits!r} are no Limits.", hint="Pass limits=Limits(max_depth=10), for example."
            )
        if model is not None and not isinstance(model, str):
            raise ConfigurationError(f"{model!r} is not a model's name.", hint="For example 'demo/writer'.")
        self.redactor = Redactor(
            [secret for secret in (api_key, token, *(one.secret for one in check_tokens(tokens))) if secret]
        )
        self.board: Board = board if board is not None else InMemoryBoard()
        self.journal = journal if journal is not None else Journal()
        self.frames = FrameSource(self.journal)
        self.audience = Audience()
        self.streams = Streams(self.journal, self.audience, self.redactor)
        self.runs = RunLog()
        defaults = ModelDefaults(model or os.environ.get("DEFAULT_MODEL"), base_url, api_key)
        self._roster = Roster(defaults, self.redactor)
        self._is_closed = False
        self._screen = Screen(self.frames, self.audience, self.streams, _view(view))
        self._scheduler = Scheduler(
            board=self.board,
            streams=self.streams,
            runs=self.runs,
            agents=self._roster.agents,
            make_context=self._make_context,
            mode=lambda: self.runtime_mode,
            limits=limits or Limits(),
        )
        self._hosting = Hosting(self._scheduler, self._roster, self.redactor, token, tokens)

    @property
    def agents(self) -> Mapping[str, Agent]:
        """All agents by name."""
        return self._roster.agents

    @property
    def model(self) -> str | None:
        """The model of agents that do not say otherwise."""
        return self._roster.defaults.model

    @property
    def runtime_mode(self) -> RuntimeMode:
        """`cli` until the flock is served, then `dashboard` or `api`."""
        return self._hosting.mode

    @property
    def view(self) -> View | None:
        """How the terminal shows streams in cli mode; None for not at all. Takes effect when work begins."""
        return self._screen.view

    @view.setter
    def view(self, view: View | None) -> None:
        self._screen.view = _view(view)

    @property
    def active_streams(self) -> int:
        """How many streams are live now."""
        return self.streams.active

    @property
    def is_closed(self) -> bool:
        """Whether the flock was shut down."""
        return self._is_closed or self._scheduler.is_closing

    def agent(self, name: str) -> AgentBuilder:
        """Start building an agent; raises `DuplicateNameError` for a name in use."""
        return self._roster.add(name)

    async def publish(
        self,
        value: Publishable | Sequence[Publishable],
        *,
        correlation_id: UUID | None = None,
        tags: Iterable[str] = (),
        visibility: Visibility = PUBLIC,
    ) -> Artifact | ArtifactList:
        """Publish an instance of a flock type, `{"type": NAME, "payload": {…}}`, or a list of them.

        `visibility` says who may see it: only agents that may are set off.
        Gives the artifact, or the list of artifacts where a list was given; agents start at once. Raises
        `InputError` for what is no artifact, `ConfigurationError` where an agent is incomplete, `ClosedError` after
        shutdown.
        """
        if isinstance(value, BaseModel | Mapping) or not isinstance(value, Iterable):
            return await self.publish_artifact(value, correlation_id=correlation_id, tags=tags, visibility=visibility)
        return await self.publish_many(value, correlation_id=correlation_id, tags=tags, visibility=visibility)

    async def publish_many(
        self,
        values: Iterable[Publishable],
        *,
        correlation_id: UUID | None = None,
        tags: Iterable[str] = (),
        visibility: Visibility = PUBLIC,
    ) -> ArtifactList:
        """Publish several values at once, all or none, under one correlation id."""
        correlation_id = _correlation(correlation_id) or uuid4()
        artifacts = [_artifact(value, correlation_id, tags=tags, visibility=visibility) for value in values]
        self._check_ready()
        self._screen.show(self.runtime_mode)
        await self._scheduler.publish(artifacts)
        return artifacts

    async def publish_artifact(
        self,
        value: Publishable,
        *,
        correlation_id: UUID | None = None,
        tags: Iterable[str] = (),
        visibility: Visibility = PUBLIC,
    ) -> Artifact:
        """Publish one value; the typed form of `publish`."""
        (artifact,) = await self.publish_many([value], correlation_id=correlation_id, tags=tags, visibility=visibility)
        return artifact

    async def prepare(self) -> None:
        """Load what the first runs need, such as the model stack; without it the first run does.

        Raises `ConfigurationError` where an agent is incomplete. Serving prepares in the background.
        """
        self._check_ready()
        await self._roster.prepare()

    async def run_until_idle(self, *, timeout: float | None = None) -> None:
        """Return when nothing runs or waits and the terminal has shown it all.

        Raises `IdleTimeoutError` after `timeout` seconds; the runs go on. Joins that wait for further artifacts do
        not count as work.
        """
        try:
            async with asyncio.timeout(timeout):
                await self._settle()
        except TimeoutError:
            busy = sorted({run.agent_name for run in self.runs.unfinished})
            raise IdleTimeoutError(
                f"Not idle after {timeout} s: {', '.join(busy) or 'the terminal'} still at work.",
                hint="Give it more time, or cancel the runs.",
            ) from None

    async def direct_invoke(
        self,
        agent_or_builder: Agent | AgentBuilder,
        inputs: Publishable | Artifact | Sequence[Publishable | Artifact],
        *,
        correlation_id: UUID | None = None,
        visibility: Visibility = PUBLIC,
    ) -> ArtifactList:
        """Run one agent on these inputs, one or several, whatever it consumes; give the artifacts it published.

        The inputs go on the board, new ones with this `visibility`, and set nobody else off. Raises the run's error as
        `RunError`; cancelling the caller cancels the run.
        """
        agent = agent_or_builder.agent if isinstance(agent_or_builder, AgentBuilder) else agent_or_builder
        if not isinstance(agent, Agent) or self.agents.get(agent.name) is not agent:
            raise InputError(f"{agent_or_builder!r} is no agent of this flock.", hint="Pass what flock.agent(…) gave.")
        several = [inputs] if isinstance(inputs, Artifact | BaseModel | Mapping) else inputs
        run = await self._start(agent, several, correlation_id=correlation_id, visibility=visibility)
        try:
            await self._scheduler.wait(run.run_id)
        except asyncio.CancelledError:
            self._scheduler.cancel(run.run_id)
            raise
        await self._show_rest()
        raise_for_outcome(run)
        return list(run.artifacts)

    async def start_run(
        self,
        agent_name: str,
        inputs: Sequence[Publishable],
        *,
        correlation_id: UUID | None = None,
        stream: bool | None = None,
        visibility: Visibility = PUBLIC,
    ) -> RunRecord:
        """Start one run of an agent and give its record at once; `stream` is whether the request wants to stream."""
        agent = self._agent(agent_name)
        return await self._start(
            agent, inputs, correlation_id=correlation_id, visibility=visibility, requested_stream=stream
        )

    async def wait_run(self, run_id: str) -> RunRecord:
        """Return the record of a run when it has ended."""
        return await self._scheduler.wait(run_id)

    def cancel(self, run_id: str) -> bool:
        """Cancel a run; False if it had ended. Raises `UnknownNameError`."""
        return self._scheduler.cancel(run_id)

    def cancel_correlation(self, correlation_id: UUID) -> IdList:
        """Cancel all unfinished runs of a correlation; gives their ids."""
        return self._scheduler.cancel_correlation(correlation_id)

    def retry(self, run_id: str) -> RunRecord:
        """Run a finished run's agent again on the same inputs; raises `InputError` while it has not ended."""
        run = self.runs.get(run_id)
        if not run.is_finished:
            raise InputError(f"Run {run_id} is still {run.state}.", hint="Cancel it first, or wait for its end.")
        agent = self._agent(run.agent_name)
        self._check_open()
        self._roster.check_runnable(agent)
        self._screen.show(self.runtime_mode)
        return self._scheduler.start(agent, run.inputs, correlation_id=run.correlation_id, retry_of=run_id)

    def pending_joins(self, *, seen_by: Identity = OPERATOR) -> Sequence[PendingJoin]:
        """Give the artifacts that wait for their partners, oldest first, of what `seen_by` may see."""
        return self._scheduler.pending_joins(seen_by=seen_by)

    async def get(self, artifact_id: UUID | str) -> Artifact | None:
        """Give an artifact by id, None if it is not on the board (any more); raises `InputError` for no UUID."""
        try:
            return await self.board.get(artifact_id if isinstance(artifact_id, UUID) else UUID(artifact_id))
        except ValueError:
            raise InputError(f"{artifact_id!r} is not an artifact id.", hint="Ids are UUIDs.") from None

    async def list(
        self,
        model: type[BaseModel] | str | None = None,
        *,
        produced_by: Values = (),
        correlation_id: UUID | None = None,
        tags: Values = (),
        limit: int = 100,
    ) -> ArtifactList:
        """List the oldest `limit` artifacts of one type, by producer, correlation or tags; `board.query` has pages."""
        name = model if isinstance(model, str | None) else types.name(model)
        query = Query(
            type=frozenset([name] if name else []),
            produced_by=_values(produced_by),
            correlation_id=correlation_id,
            tags=_values(tags),
        )
        return [*(await self.board.query(query, limit=limit)).items]

    def events(
        self,
        cursor: str | None = None,
        *,
        run_id: Values = (),
        correlation_id: Values = (),
        agent: Values = (),
        type: Values = (),
        seen_by: Identity = OPERATOR,
    ) -> EventFeed:
        """Watch: an async iterator of `hello`, snapshots of what is known, then what happens.

        Given is what `seen_by` may see, by default everything.
        It ends when it is closed, or has given everything of a flock that was shut down.
        With the `cursor` of an earlier feed or frame nothing that came after it is missed. Raises `CursorError`.
        """
        selection = Selection(_values(run_id), _values(correlation_id), _values(agent), _values(type), seen_by)
        place = None if cursor is None else Cursor.parse(cursor)
        return EventFeed(Reader(self.frames, selection=selection, cursor=place, ends=True), self.audience)

    async def serve(
        self, *, dashboard: bool = False, host: str = "127.0.0.1", port: int = 8000, **access: Unpack[Access]
    ) -> None:
        """Serve REST, WebSocket and SSE until SIGINT or SIGTERM; with `dashboard` the web page, too.

        Takes what `serving` takes. Raises `ServingError` where the port is taken, the flock is served already, or a
        public host has no token.
        """
        async with AsyncExitStack() as ending:
            async with self.serving(dashboard=dashboard, host=host, port=port, **access) as server:
                ending.push_async_callback(self.shutdown, grace_s=0.0)
                announce(server)
                await server.wait_stopped()

    @asynccontextmanager
    async def serving(
        self, *, dashboard: bool = False, host: str = "127.0.0.1", port: int = 8000, **access: Unpack[Access]
    ) -> AsyncIterator["Server"]:
        """Serve for as long as the block runs; gives the server with its `url`. Port 0 picks a free one.

        `access` says who may come in: `token`, `insecure_no_auth`, `allowed_hosts`, `allowed_origins`, see `Access`.
        At the end of the block running runs get a grace period; then the flock takes new work again.
        """
        self._check_ready()
        async with self._hosting.serving(self, dashboard=dashboard, host=host, port=port, access=access) as server:
            yield server

    async def shutdown(self, *, grace_s: float = 10.0) -> None:
        """Take no new work, give running runs `grace_s` seconds, then interrupt them; close models and board.

        Cancelled, it interrupts them at once, and closes everything all the same.
        """
        self._is_closed = True
        async with AsyncExitStack() as ending:
            ending.push_async_callback(self.board.aclose)
            ending.callback(self.journal.pulse.end)
            ending.push_async_callback(self._roster.aclose)
            ending.push_async_callback(self._screen.stop)
            await self._scheduler.shutdown(grace_s=grace_s)
            with suppress(TimeoutError):
                async with asyncio.timeout(LAST_WORDS_S):
                    await self._screen.drained()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.shutdown(grace_s=0.0 if error is not None else 10.0)

    def _check_ready(self) -> None:
        self._check_open()
        self._roster.check()

    def _check_open(self) -> None:
        if self.is_closed:
            raise ClosedError("This flock was shut down.", hint="Make a new Flock for new work.")

    def _agent(self, name: str) -> Agent:
        agent = self.agents.get(name)
        if agent is None:
            raise UnknownNameError.of("agent", name, self.agents)
        return agent

    async def _settle(self) -> None:
        """Return when nothing is left to do or to show at one and the same moment."""
        while True:
            await self._scheduler.idle()
            await self._screen.drained()
            if self._scheduler.is_idle:
                await self._screen.stop()
                return

    async def _show_rest(self) -> None:
        """Let the terminal show what there is, and close it where nothing else is at work; a run waits for neither."""
        if self._scheduler.is_inside_run:
            return
        await self._screen.drained()
        if self._scheduler.is_idle:
            await self._screen.stop()

    async def _start(
        self,
        agent: Agent,
        inputs: Sequence[Publishable | Artifact],
        *,
        correlation_id: UUID | None,
        visibility: Visibility,
        requested_stream: bool | None = None,
    ) -> RunRecord:
        if not inputs:
            raise InputError(f"A run of {agent.name!r} needs at least one input.")
        self._check_open()
        self._roster.check_runnable(agent)
        correlation_id = _correlation(correlation_id)
        known = [value for value in inputs if isinstance(value, Artifact)]
        correlation_id = correlation_id or (known[0].correlation_id if known else uuid4())
        artifacts = [
            value if isinstance(value, Artifact) else _artifact(value, correlation_id, visibility=visibility)
            for value in inputs
        ]
        await self._scheduler.note([artifact for artifact in artifacts if artifact not in known])
        self._screen.show(self.runtime_mode)
        return self._scheduler.start(agent, artifacts, correlation_id=correlation_id, requested_stream=requested_stream)

    def _make_context(self, run: RunRecord) -> Context:
        agent = self.agents[run.agent_name]
        return Context(
            board=BoardView(self.board, agent.identity, shown_as=rights_of(agent, run.inputs).read),
            orchestrator=self,
            correlation_id=run.correlation_id,
            task_id=run.run_id,
            runtime_mode=self.runtime_mode,
        )


def _artifact(
    value: Publishable, correlation_id: UUID, *, visibility: Visibility, tags: Iterable[str] = ()
) -> Artifact:
    name, payload = read_publishable(value)
    return Artifact(
        type=name,
        payload=payload,
        correlation_id=correlation_id,
        tags=_values(tags),
        visibility=check_visibility(visibility),
    )


def _view(view: View | None) -> View | None:
    if view not in (None, *get_args(View)):
        raise ConfigurationError(f"There is no view {view!r}.", hint="Take 'focus', 'lines', or None to show nothing.")
    return view


def _correlation(value: object) -> UUID | None:
    if value is None or isinstance(value, UUID):
        return value
    raise InputError(f"{value!r} is not a correlation id.", hint="Pass a uuid.UUID, or none to draw one.")


def _values(values: Values) -> frozenset[str]:
    return frozenset([values] if isinstance(values, str) else values)
