"""A random flock whose every text is a mark of its own, and a second, naive statement of who may see what.

Nothing here asks flock's own rule: a visibility is a plain `Kind`, and `allows` decides over it. `World` makes the real
thing of it, lets it run, and says which marks belong to what.
"""

import random
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from math import inf
from typing import Any, Self
from uuid import uuid4

from pydantic import BaseModel

from flock.artifacts import Artifact, flock_type
from flock.board.base import Query
from flock.board.view import BoardView
from flock.engines.base import AgentView, EngineComponent
from flock.errors import RunError
from flock.journal import Journal
from flock.orchestrator import Flock
from flock.runtime import Context, EvalInputs, EvalResult
from flock.server.metrics import ServerMetrics
from flock.tokens import Scope, Token
from flock.visibility import (
    AfterVisibility,
    LabelledVisibility,
    PrivateVisibility,
    PublicVisibility,
    TenantVisibility,
    Visibility,
    settled,
    shared,
)

TENANTS = ("acme", "beta", "gamma")
LABELS = ("red", "green", "blue")
NEVER_S = 1e6
OLD_S = 100.0
SCOPES: tuple[tuple[Scope, ...], ...] = (("read",), ("read", "publish"), ("read", "publish"), ("admin",), ("publish",))
MARK = re.compile(r"zq[0-9a-f]{8}zq")
MARK_CHARS = 12


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


@dataclass(frozen=True)
class Kind:
    """One of the visibilities, as the oracle knows it; `inner` is what one that opens later becomes."""

    name: str
    values: frozenset[str] = frozenset()
    is_open: bool = True
    delay_s: float = 0.0
    inner: "Kind | None" = None

    def real(self) -> Visibility:
        """Make the product's visibility of it."""
        match self.name:
            case "public":
                return PublicVisibility()
            case "private":
                return PrivateVisibility(self.values)
            case "labelled":
                return LabelledVisibility(self.values)
            case "tenant":
                return TenantVisibility(*self.values)
            case _:
                assert self.inner is not None
                return AfterVisibility(self.delay_s, self.inner.real())


@dataclass(frozen=True)
class Who:
    """Somebody who looks: an agent, or the holder of a token."""

    agent: str = ""
    labels: frozenset[str] = frozenset()
    tenant: str | None = None
    is_operator: bool = False


NOBODY = Who()


def allows(who: Who, kind: Kind) -> bool:
    """Say the rule once more, as simply as it can be said."""
    if who.is_operator or kind.name == "public":
        return True
    if kind.name == "private":
        return who.agent in kind.values
    if kind.name == "labelled":
        return all(label in who.labels for label in kind.values)
    if kind.name == "tenant":
        return who.tenant in kind.values
    assert kind.inner is not None
    return kind.is_open and allows(who, kind.inner)


@dataclass(frozen=True)
class Clerk:
    """An agent, as planned."""

    name: str
    description: str
    who: Who
    out: Kind | None
    hears_of: frozenset[str]


@dataclass(frozen=True)
class Paper:
    """A note, as planned; `is_direct` ones set nobody off, but are the input of a run that is asked for."""

    number: int
    text: str
    tag: str
    kind: Kind
    direct_to: Clerk | None = None
    is_old: bool = False


@dataclass(frozen=True)
class Task:
    """One run, as planned: `fails` or makes a memo."""

    clerk: Clerk
    paper: Paper
    fails: bool
    text: str
    reasoning: str
    result: str


class Writing(EngineComponent):
    """Writes the marks of its task."""

    world: Any

    async def evaluate(self, agent: AgentView, ctx: Context, inputs: EvalInputs) -> EvalResult:
        task: Task = self.world.task(agent.name, inputs.first_as(Note).number)
        ctx.writer.append(task.reasoning, output_type="reasoning")
        ctx.writer.append(task.text, field="text")
        if task.fails:
            raise RunError(f"It broke at {task.result}.")
        return EvalResult.of(Memo(text=task.result))


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

    def __post_init__(self) -> None:
        self.is_short = self.rng.random() < 0.3
        journal = Journal(max_bytes=24_000) if self.is_short else Journal()
        self.flock = Flock(view=None, journal=journal)
        self.flock.streams.parallel_view = True
        self.metrics = ServerMetrics(self.flock.streams)

    @classmethod
    async def made(cls, rng: random.Random) -> Self:
        """Draw a world and let it run until nothing is left to do."""
        world = cls(rng)
        world._hire()
        with world.metrics.listening():
            await world._publish()
        await world._look_around()
        return world

    def mark(self) -> str:
        """Draw a new mark."""
        return f"zq{self.rng.getrandbits(32):08x}zq"

    def task(self, agent: str, number: int) -> Task:
        """Give what an agent does with a note, drawn when it is first asked for."""
        if (agent, number) not in self._tasks:
            clerk = next(clerk for clerk in self.clerks if clerk.name == agent)
            marks = (self.mark() for _ in range(3))
            self._tasks[agent, number] = Task(clerk, self.papers[number], self.rng.random() < 0.3, *marks)
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
            self.clerks.append(Clerk(name, description, self.draw_who(name), out, heard))
        for clerk in self.clerks:
            builder = self.flock.agent(clerk.name).description(clerk.description).consumes(Note)
            builder.identity(labels=clerk.who.labels, tenant=clerk.who.tenant).engine(Writing(world=self))
            builder.publishes(Memo, visibility=None if clerk.out is None else clerk.out.real())
            if clerk.hears_of:
                builder.consumes(Rumour, from_agents=clerk.hears_of)

    async def _publish(self) -> None:
        for number in range(self.rng.randint(4, 7)):
            kind = self.draw_kind()
            how = self.rng.random()
            direct_to = self.rng.choice(self.clerks) if how < 0.3 else None
            is_old = how > 0.9
            if is_old and kind.name == "after":
                kind = Kind("after", is_open=True, delay_s=OLD_S / 2, inner=kind.inner)
            tag = "" if direct_to is not None else self.mark()
            paper = Paper(number, self.mark(), tag, kind, direct_to, is_old)
            self.papers.append(paper)
            await self._put(paper)
        self.curtain = await self.flock.publish_artifact(Rumour(text="the end"))

    async def _put(self, paper: Paper) -> None:
        note, visibility = Note(number=paper.number, text=paper.text), paper.kind.real()
        if paper.direct_to is not None:
            run = await self.flock.start_run(paper.direct_to.name, [note], visibility=visibility)
            await self.flock.wait_run(run.run_id)
        elif paper.is_old:
            made = datetime.now(UTC) - timedelta(seconds=OLD_S)
            tags = frozenset([paper.tag])
            old = Artifact(type="oracle.Note", payload=note, tags=tags, visibility=visibility, created_at=made)
            await self.flock.board.publish([old])
        else:
            await self.flock.publish_artifact(note, tags=[paper.tag], visibility=visibility)
        await self.flock.run_until_idle()

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


def artifact_marks(of: Paper | Task) -> set[str]:
    """Give the marks in an artifact's JSON."""
    return {of.text, of.tag} - {""} if isinstance(of, Paper) else {of.result, of.clerk.name}


def run_marks(task: Task) -> set[str]:
    """Give the marks in a run's JSON: its outcome tells the error, or the value that differs from the stream's text."""
    return {task.clerk.name, task.result}


def stream_marks(task: Task) -> set[str]:
    """Give the marks in a run's stream."""
    return {task.text, task.reasoning} | run_marks(task)


def announced_marks(of: Paper | Task) -> set[str]:
    """Give the marks in the event that says an artifact is there."""
    return {of.tag} - {""} if isinstance(of, Paper) else {of.clerk.name}


def marks_in(text: bytes | str) -> set[str]:
    """Find all marks in a text."""
    return set(MARK.findall(text.decode() if isinstance(text, bytes) else text))
