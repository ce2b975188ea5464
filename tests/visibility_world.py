"""A random flock whose every text is a mark of its own: makes the real thing of a plan, and lets it run."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import combinations
from math import inf
from typing import Any
from uuid import uuid4

from pydantic import BaseModel

from flock.artifacts import Artifact, flock_type
from flock.board.base import Query
from flock.board.view import BoardView
from flock.engines.base import AgentView, EngineComponent
from flock.errors import RunError
from flock.events import ArtifactPublished
from flock.journal import Journal
from flock.orchestrator import Flock
from flock.runtime import Context, EvalInputs, EvalResult
from flock.server.metrics import ServerMetrics
from flock.tokens import Token
from flock.visibility import settled, shared
from tests.visibility_plan import (
    LABELS,
    NEVER_S,
    OLD_S,
    SCOPES,
    SOON_S,
    TENANTS,
    Clerk,
    Kind,
    Paper,
    Task,
    Who,
    allows,
    own_part,
    paper_of,
    parts_of,
    plain,
)

HELD = 2
"""The number of the note whose runs are held while viewers join."""


@flock_type(name="oracle.Note")
class Note(BaseModel):
    """What worlds are set off by."""

    number: int
    text: str


@flock_type(name="oracle.Memo")
class Memo(BaseModel):
    """What agents of worlds make; it sets nobody off."""

    text: str


@flock_type(name="oracle.Rumour")
class Rumour(BaseModel):
    """What agents only wait for."""

    text: str


class Writing(EngineComponent):
    """Writes the marks of its task; a clerk that reads the board writes down all it found there, too."""

    world: Any

    async def evaluate(self, agent: AgentView, ctx: Context, inputs: EvalInputs) -> EvalResult:
        task: Task = self.world.task(agent.name, inputs.first_as(Note).number)
        if task.clerk.reads_board:
            found = (await ctx.board.query(Query(), limit=1000)).items
            task.read.update({str(artifact.id): _text(artifact) for artifact in found})
        quoted = " ".join(task.read.values())
        ctx.writer.append(task.reasoning, output_type="reasoning")
        ctx.writer.append(f"{task.text} {quoted}", field="text")
        await self.world.pause()
        if task.fails:
            raise RunError(f"It broke at {task.result}.")
        return EvalResult.of(Memo(text=f"{task.result} {quoted}"))


@dataclass
class Thing:
    """Something that was made: an artifact or a run, and the plan it came from."""

    id: str
    of: Paper | Task
    correlation_id: str = ""


@dataclass
class World:
    """One random flock after all it had to do, and what is in it."""

    rng: random.Random
    clerks: list[Clerk] = field(default_factory=list)
    papers: list[Paper] = field(default_factory=list)
    artifacts: list[Thing] = field(default_factory=list)
    runs: list[Thing] = field(default_factory=list)
    _tasks: dict[tuple[str, int], Task] = field(default_factory=dict)
    _gate: asyncio.Event | None = None
    _at_gate: int = 0
    _arrival: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.is_short = self.rng.random() < 0.3
        journal = Journal(max_bytes=24_000) if self.is_short else Journal()
        self.flock = Flock(view=None, journal=journal)
        self.flock.streams.parallel_view = True
        self.metrics = ServerMetrics(self.flock.streams)

        self._hire()

    async def live(self, on_hold: Callable[[], Awaitable[None]]) -> None:
        """Let it run until nothing is left to do; while the runs of one note are at work, `on_hold` is awaited."""
        with self.metrics.listening():
            await self._publish(on_hold)
        await self._look_around()

    async def pause(self) -> None:
        """Be one of those at work, where these are held."""
        if self._gate is not None:
            self._at_gate += 1
            self._arrival.set()
            await self._gate.wait()

    async def _hold(self, on_hold: Callable[[], Awaitable[None]]) -> None:
        """Wait until all runs are at work, and let them go on when `on_hold` is done."""
        assert self._gate is not None
        while self._at_gate < len(tuple(self.flock.runs.unfinished)):
            self._arrival.clear()
            await self._arrival.wait()
        await on_hold()
        self._gate.set()
        self._gate = None

    def mark(self) -> str:
        """Draw a new mark."""
        return f"zq{self.rng.getrandbits(32):08x}zq"

    def task(self, agent: str, number: int) -> Task:
        """Give what an agent does with a note, drawn when it is first asked for."""
        if (agent, number) not in self._tasks:
            clerk = next(clerk for clerk in self.clerks if clerk.name == agent)
            text, reasoning, result = (self.mark() for _ in range(3))
            fails = self.rng.random() < 0.3
            self._tasks[agent, number] = Task(clerk, self.papers[number], fails, text, reasoning, result)
        return self._tasks[agent, number]

    def draw_kind(self, *, depth: int = 0) -> Kind:
        """Draw a visibility."""
        rng = self.rng
        match rng.choice(("public", "private", "labelled", "tenant", "tenant", "after")[: 6 if depth < 2 else 5]):
            case "public":
                return Kind("public")
            case "private":
                names = [clerk.name for clerk in self.clerks]
                return Kind("private", frozenset(rng.sample(names, rng.randint(0, min(3, len(names))))))
            case "labelled":
                return Kind("labelled", frozenset(rng.sample(LABELS, rng.randint(1, 2))))
            case "tenant":
                return Kind("tenant", frozenset([rng.choice(TENANTS)]))
            case _:
                is_open = rng.random() < 0.5
                return Kind(
                    "after", is_open=is_open, delay_s=0.0 if is_open else NEVER_S, inner=self.draw_kind(depth=depth + 1)
                )

    def draw_who(self, name: str = "") -> Who:
        """Draw an identity."""
        labels = frozenset(self.rng.sample(LABELS, self.rng.randint(0, 3)))
        return Who(name, labels, self.rng.choice((None, None, *TENANTS)))

    def draw_token(self) -> tuple[Token, Who]:
        """Draw a token, and who its holder is."""
        scopes = self.rng.choice(SCOPES)
        who = self.draw_who()
        token = Token(f"secret-{uuid4()}", scopes=scopes, tenant=who.tenant, labels=who.labels)
        if "admin" in scopes and who.tenant is None:
            who = Who(is_operator=True)
        return token, who

    def _hire(self) -> None:
        for _ in range(self.rng.randint(3, 6)):
            name, description = self.mark(), self.mark()
            out = None if self.rng.random() < 0.5 else self.draw_kind()
            heard = frozenset(clerk.name for clerk in self.clerks if self.rng.random() < 0.3)
            reads = self.rng.random() < 0.5
            self.clerks.append(Clerk(name, description, self.draw_who(name), out, heard, reads))
        for clerk in self.clerks:
            builder = self.flock.agent(clerk.name).description(clerk.description).consumes(Note)
            builder.identity(labels=clerk.who.labels, tenant=clerk.who.tenant).engine(Writing(world=self))
            builder.publishes(Memo, visibility=None if clerk.out is None else clerk.out.real())
            if clerk.hears_of:
                builder.consumes(Rumour, from_agents=clerk.hears_of)

    async def _publish(self, on_hold: Callable[[], Awaitable[None]]) -> None:
        for number in range(self.rng.randint(4, 7)):
            kind = self.draw_kind()
            how = self.rng.random()
            direct_to = self.rng.choice(self.clerks) if how < 0.3 else None
            is_old = how > 0.9
            if is_old and kind.name == "after":
                kind = Kind("after", is_open=True, delay_s=OLD_S / 2, inner=kind.inner)
            elif direct_to is None and self.rng.random() < 0.2:
                kind = Kind("after", is_open=True, delay_s=SOON_S, inner=self.draw_kind(depth=2))
            tag = "" if direct_to is not None else self.mark()
            paper = Paper(number, self.mark(), tag, kind, direct_to, is_old)
            self.papers.append(paper)
            self._gate = asyncio.Event() if number == HELD else None
            await self._put(paper, on_hold)
        self.curtain = await self.flock.publish_artifact(Rumour(text="the end"))

    async def _put(self, paper: Paper, on_hold: Callable[[], Awaitable[None]]) -> None:
        note, visibility = Note(number=paper.number, text=paper.text), paper.kind.real()
        if paper.direct_to is not None:
            await self.flock.start_run(paper.direct_to.name, [note], visibility=visibility)
        elif paper.is_old:
            made = datetime.now(UTC) - timedelta(seconds=OLD_S)
            tags = frozenset([paper.tag])
            old = Artifact(type="oracle.Note", payload=note, tags=tags, visibility=visibility, created_at=made)
            await self.flock.board.publish([old])
        else:
            artifact = await self.flock.publish_artifact(note, tags=[paper.tag], visibility=visibility)
            if paper.kind.delay_s == SOON_S:
                await self._opening(artifact)
        if self._gate is not None:
            await self._hold(on_hold)
        await self.flock.run_until_idle()

    async def _opening(self, artifact: Artifact) -> None:
        """Wait until an artifact is announced again, now that it is open; a slow machine opened it at once."""
        is_waiting = [opening.artifact is artifact for _, _, opening in self.flock._scheduler._openings._waiting]
        feed = self.flock.events(cursor=str(self.flock.journal.cursor(self.flock.journal.head)))
        while any(is_waiting):
            event = await anext(feed)
            if isinstance(event, ArtifactPublished) and event.artifact_id == str(artifact.id):
                break
        await feed.aclose()

    async def _look_around(self) -> None:
        for run in self.flock.runs.all():
            (given,) = run.inputs
            task = self.task(run.agent_name, _number(given))
            self.runs.append(Thing(run.run_id, task, str(run.correlation_id)))
        tasks = {thing.id: thing.of for thing in self.runs}
        for artifact in (await self.flock.board.query(Query(), limit=1000)).items:
            if artifact.id != self.curtain.id:
                of = tasks[artifact.run_id] if artifact.run_id else self.papers[_number(artifact)]
                self.artifacts.append(Thing(str(artifact.id), of, str(artifact.correlation_id)))

    # What may be seen of what was made.

    def sees_clerk(self, who: Who, clerk: Clerk) -> bool:
        """Whether somebody may know of an agent: of a tenant's only its own people."""
        return who.is_operator or clerk.who.tenant is None or clerk.who.tenant == who.tenant

    def sees_artifact(self, who: Who, of: Paper | Task) -> bool:
        """Whether somebody may see a note, or the memo of a task."""
        if isinstance(of, Paper):
            return allows(who, of.kind)
        if of.clerk.out is not None:
            return allows(who, of.clerk.out)
        return self.sees_clerk(who, of.clerk) and allows(who, of.paper.kind)

    def sees_run(self, who: Who, task: Task) -> bool:
        """Whether somebody may see a run: its agent, what it read and what it was to write."""
        is_let = task.clerk.out is None or allows(who, task.clerk.out)
        return is_let and self.sees_clerk(who, task.clerk) and allows(who, task.paper.kind)

    def gives_away(self) -> Iterator[str]:
        """Name what runs wrote down of the board though the agent, or somebody who sees the run, may not see it."""
        things = {thing.id: thing.of for thing in self.artifacts}
        labels = [frozenset(chosen) for count in range(len(LABELS) + 1) for chosen in combinations(LABELS, count)]
        people = [Who("", chosen, tenant) for chosen in labels for tenant in (None, *TENANTS)]
        people += [clerk.who for clerk in self.clerks]
        for run in self.runs:
            assert isinstance(run.of, Task)
            readers = [who for who in people if self.sees_clerk(who, run.of.clerk) and allows(who, run.of.paper.kind)]
            for artifact in run.of.read:
                if not all(self.sees_artifact(who, things[artifact]) for who in (run.of.clerk.who, *readers)):
                    yield f"{run.of} gives {things[artifact]} away"

    def misses(self) -> Iterator[str]:
        """Name what runs did not find on the board though all that keeps it from anybody keeps the run from them."""
        for run in self.runs:
            assert isinstance(run.of, Task)
            for thing in self.artifacts if run.of.clerk.reads_board else ():
                is_earlier = paper_of(thing.of).number < run.of.paper.number
                is_open = parts_of(thing.of) <= {plain(run.of.paper.kind), *own_part(run.of.clerk), Kind("public")}
                is_due = is_earlier and is_open and self.sees_artifact(run.of.clerk.who, thing.of)
                if is_due and thing.id not in run.of.read:
                    yield f"{run.of} misses {thing.of}"

    def should_run(self) -> set[tuple[str, int]]:
        """Say which agents are to have run on which notes."""
        return {
            (clerk.name, paper.number)
            for paper in self.papers
            for clerk in self.clerks
            if not paper.is_old
            and (clerk is paper.direct_to if paper.direct_to is not None else allows(clerk.who, paper.kind))
        }

    def has_run(self) -> set[tuple[str, int]]:
        """Say which agents have run on which notes."""
        return {(thing.of.clerk.name, thing.of.paper.number) for thing in self.runs if isinstance(thing.of, Task)}

    def boards(self) -> Iterator[tuple[Clerk, BoardView]]:
        """Give what each agent's context would show it of the board, had it read everything before."""
        agents = self.flock.agents.values()
        outputs = [visibility for agent in agents for visibility in agent.output_visibilities.values()]
        kinds = [*(paper.kind.real() for paper in self.papers), *outputs, *(agent.visibility for agent in agents)]
        everything = shared(settled(kind, age_s=inf) for kind in kinds)
        for clerk in self.clerks:
            yield clerk, BoardView(self.flock.board, self.flock.agents[clerk.name].identity, shown_as=everything)


def _number(note: Artifact) -> int:
    assert isinstance(note.payload, Note)
    return note.payload.number


def _text(artifact: Artifact) -> str:
    assert isinstance(artifact.payload, Note | Memo)
    return " ".join([artifact.payload.text, *artifact.tags])
