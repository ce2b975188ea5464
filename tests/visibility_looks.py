"""One token looks at everything in one world: what is found on each surface, and what has to be."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterable, Mapping, Set
from dataclasses import dataclass, field
from typing import TypeVar

from fastapi import FastAPI

from flock.selection import EVERYTHING
from flock.server.closes import OUT_OF_SCOPE
from tests.security.asgi import UNFINISHED, Answer, HeaderList, ask, watch, watch_socket
from tests.visibility_plan import (
    MARK_CHARS,
    NOBODY,
    Clerk,
    Kind,
    Paper,
    Task,
    Who,
    announced_marks,
    artifact_marks,
    marks_in,
    run_marks,
    stream_marks,
)
from tests.visibility_world import Thing, World

T = TypeVar("T")

SAMPLE = 4
"""How many things of a kind each asker looks at one by one, in each world."""


@dataclass(frozen=True)
class Asker:
    """Who looks, and with which scopes."""

    who: Who
    secret: str = field(repr=False)
    scopes: frozenset[str]

    @property
    def headers(self) -> HeaderList:
        """What is sent with every request."""
        return [("host", "localhost"), ("authorization", f"Bearer {self.secret}"), ("content-type", "application/json")]


@dataclass(frozen=True)
class Finding:
    """One look: what was found, and between what it has to be."""

    surface: str
    answer: Answer
    must: frozenset[str]
    may: frozenset[str]
    status: int

    @property
    def problem(self) -> str | None:
        """Say what is wrong, None where nothing is."""
        found = marks_in(self.answer.body)
        if self.answer.status != self.status:
            return f"{self.surface}: {self.answer.status} instead of {self.status}: {self.answer.body[:200]!r}"
        if found - self.may:
            return f"{self.surface}: leaks {found - self.may}"
        return f"{self.surface}: lacks {self.must - found}" if self.must - found else None


@dataclass(frozen=True)
class Wanted:
    """A selection of a live surface, as the oracle knows it: several keys mean all of them."""

    values: Mapping[str, frozenset[str]]

    @property
    def query(self) -> str:
        """Give it as a query."""
        return "&".join(f"{key}={value}" for key, values in self.values.items() for value in sorted(values))

    def takes(self, thing: Thing, run: Thing | None) -> bool:
        """Whether it takes the events about a thing that belongs to this run, or to none."""
        agent, of_type = (
            (thing.of.clerk.name, "oracle.Memo") if isinstance(thing.of, Task) else ("external", "oracle.Note")
        )
        facts = {
            "run_id": None if run is None else run.id,
            "correlation_id": thing.correlation_id,
            "agent": agent,
            "type": of_type,
        }
        return all(facts[key] in values for key, values in self.values.items())


class Looking:
    """One asker in one world, who looks at everything."""

    def __init__(self, app: FastAPI, world: World, asker: Asker) -> None:
        self.app = app
        self.world = world
        self.asker = asker
        self.who = asker.who
        self.rng = world.rng

    async def attending(self, has_begun: asyncio.Event, form: str) -> Answer:
        """Watch from now on until the world's last word."""
        try:
            path, until = f"/api/v1/events?format={form}", b"oracle.Rumour"
            return await watch(self.app, path, self.asker.headers, until=until, has_begun=has_begun)
        finally:
            has_begun.set()

    def attended(self, answer: Answer, *, from_start: bool) -> Finding:
        """Hold what was watched while the world was at work against what is known in the end."""
        surface = f"live {'from the start' if from_start else 'from the middle'} by {self.asker}"
        if "read" not in self.asker.scopes:
            return Finding(surface, answer, frozenset(), frozenset(), 403)
        shown = _union(map(stream_marks, self._visible_runs().values()))
        everything = shown | self._announced()
        must = everything if from_start else shown
        return self._finding(surface, answer, must, frozenset(everything), 200)

    async def reading(self) -> AsyncIterator[Finding]:
        """Look at every surface."""
        for part in (
            self._artifacts,
            self._runs,
            self._correlations,
            self._agents,
            self._live,
            self._selections,
            self._rest,
        ):
            async for finding in part():
                yield finding

    async def _artifacts(self) -> AsyncIterator[Finding]:
        things = self.world.artifacts
        for query in ("limit=1000", "limit=1000&type=oracle.Note", f"limit=1000&produced_by={self._clerk().name}"):
            shown = [thing for thing in things if _fits(query, thing.of)]
            yield await self._get(f"/artifacts?{query}", self._marks(shown))
        yield await self._paged(self._marks(things))
        for thing in self._some(things):
            sees = self.world.sees_artifact(self.who, thing.of)
            yield await self._get(f"/artifacts/{thing.id}", self._marks([thing]), sees=sees)

    async def _runs(self) -> AsyncIterator[Finding]:
        clerk = self._clerk()
        runs = self._visible_runs()
        yield await self._get("/runs?limit=1000", _union(run_marks(task) for task in runs.values()))
        mine = [task for task in runs.values() if task.clerk is clerk]
        yield await self._get(f"/runs?agent={clerk.name}", _union(map(run_marks, mine)))
        for thing in self._some(self.world.runs):
            task = runs.get(thing.id)
            yield await self._get(
                f"/runs/{thing.id}", set() if task is None else run_marks(task), sees=task is not None
            )
            marks = set() if task is None else stream_marks(task)
            path = f"/runs/{thing.id}/events?limit=1000"
            yield await self._get(path, marks, sees=task is not None, is_whole=not self.world.is_short)

    async def _correlations(self) -> AsyncIterator[Finding]:
        for one in self._some(self.world.artifacts):
            together = [thing for thing in self.world.artifacts if thing.correlation_id == one.correlation_id]
            runs = [thing for thing in self.world.runs if thing.correlation_id == one.correlation_id]
            tasks = [task for run_id, task in self._visible_runs().items() if any(run.id == run_id for run in runs)]
            seen = [thing for thing in together if self.world.sees_artifact(self.who, thing.of)]
            marks = self._marks(together) | _union(map(run_marks, tasks))
            is_known = bool(seen or tasks)
            yield await self._get(f"/correlations/{one.correlation_id}", marks, sees=is_known)
            told = self._announced(Wanted({"correlation_id": frozenset({str(one.correlation_id)})}))
            path = f"/correlations/{one.correlation_id}/events?limit=10000"
            shown = (told | _union(map(stream_marks, tasks))) if is_known else set[str]()
            yield await self._get(path, shown, sees=is_known, is_whole=not self.world.is_short)

    async def _agents(self) -> AsyncIterator[Finding]:
        known = [clerk for clerk in self.world.clerks if self.world.sees_clerk(self.who, clerk)]
        names = {clerk.name for clerk in known}
        yield await self._get("/agents", _union(_clerk_marks(clerk, names) for clerk in known))
        for clerk in self._some(self.world.clerks):
            is_known = clerk in known
            marks = _clerk_marks(clerk, names) if is_known else set()
            yield await self._get(f"/agents/{clerk.name}", marks, sees=is_known, echoes={clerk.name} | names)
            must = {clerk.name} if is_known else set[str]()
            yield await self._get(f"/agents/{clerk.name[: MARK_CHARS - 2]}", must, sees=False, echoes=names)

    async def _live(self) -> AsyncIterator[Finding]:
        journal = self.world.flock.journal
        shown = self._shown()
        everything = shown | self._announced()
        from_start = shown if journal.tail else everything
        for form in ("full", "compact"):
            yield await self._watch(f"format={form}", shown, shown)
            yield await self._watch(f"format={form}&cursor=other-7", shown, shown)
            yield await self._watch(f"format={form}&cursor={journal.cursor(0)}", from_start, everything)
        rest = f"cursor={journal.cursor(journal.tail)}"
        all_runs = _union(map(stream_marks, self._visible_runs().values()))
        yield await self._watch(rest, set() if journal.tail else everything, everything | all_runs)
        yield await self._watch("format=full", shown, shown, over_socket=True)
        yield await self._watch(f"cursor={journal.cursor(0)}", from_start, everything, over_socket=True)

    async def _selections(self) -> AsyncIterator[Finding]:
        """Watch by run, correlation, agent and type, of what may be seen and of what may not."""
        journal = self.world.flock.journal
        for over_socket in (False, True):
            wanted = self._draw_wanted()
            shown, announced = self._shown(wanted), self._announced(wanted)
            query = wanted.query
            yield await self._watch(query, shown, shown, over_socket=over_socket)
            if "run_id" in wanted.values:
                continue  # the curtain, which such a viewer would leave at, is of no run
            must = shown if journal.tail else shown | announced
            query = f"{query}&cursor={journal.cursor(0)}"
            yield await self._watch(query, must, shown | announced, over_socket=over_socket)

    def _draw_wanted(self) -> Wanted:
        """Draw one or two keys of a selection, with one or two values each, that take the curtain where they can."""
        world, rng = self.world, self.rng
        values = {
            "run_id": [run.id for run in world.runs] or ["none"],
            "correlation_id": [thing.correlation_id for thing in world.artifacts],
            "agent": [clerk.name for clerk in world.clerks],
            "type": ["oracle.Note", "oracle.Memo"],
        }
        curtain = {"run_id": set[str](), "correlation_id": {str(world.curtain.correlation_id)}}
        curtain |= {"agent": {"external"}, "type": {world.curtain.type}}
        keys = rng.sample(sorted(values), rng.randint(1, 2))
        return Wanted({key: frozenset({*rng.choices(values[key], k=rng.randint(1, 2)), *curtain[key]}) for key in keys})

    def _shown(self, wanted: Wanted | None = None) -> set[str]:
        """Give the marks of the streams that the journal knows, and the asker may see and wants."""
        known = {mark.stream.run_id for mark in self.world.flock.journal.marks(EVERYTHING)[1]}
        runs = self._visible_runs()
        things = [thing for thing in self.world.runs if thing.id in known and thing.id in runs]
        return _union(stream_marks(runs[thing.id]) for thing in things if wanted is None or wanted.takes(thing, thing))

    async def _rest(self) -> AsyncIterator[Finding]:
        answer = await ask(self.app, "GET", "/metrics", self.asker.headers)
        seen_by = self.who if self.who.is_operator else NOBODY
        names = {task.clerk.name for task in self._tasks() if self.world.sees_run(seen_by, task)}
        is_refused = "read" not in self.asker.scopes or self.who.tenant is not None
        shown = frozenset(() if is_refused else names)
        yield Finding("metrics", answer, shown, shown, 403 if is_refused else 200)
        yield await self._get("/types", set())
        yield await self._get("/runs/none", set(), sees=False)
        yield await self._get("/runs?state=none", set(), status=422)

    async def doing(self) -> AsyncIterator[Finding]:
        """Do what asks for more than reading; what is refused must do nothing, and tell nothing."""
        runs = self._visible_runs()
        for thing in self._some(self.world.runs):
            task = runs.get(thing.id)
            marks = set() if task is None else run_marks(task)
            yield await self._post(f"/runs/{thing.id}/cancel", {"admin"}, 404 if task is None else 200, marks)
            if task is None:
                yield await self._post(f"/runs/{thing.id}/retry", {"admin"}, 404)
                yield await self._post(f"/correlations/{thing.correlation_id}/cancel", {"admin"}, self._together(thing))
        for clerk in self._some(self.world.clerks):
            status = self._run_status(clerk)
            if status is not None:
                body = {"inputs": [{"type": "oracle.Rumour", "payload": {"text": "x"}}]}
                known = {other.name for other in self.world.clerks if self.world.sees_clerk(self.who, other)}
                path = f"/agents/{clerk.name}/run"
                yield await self._post(path, {"publish", "read"}, status, body=body, echoes={clerk.name, *known})
        own = self.world.mark()
        rumour = {"type": "oracle.Rumour", "payload": {"text": own}}
        yield await self._post("/artifacts", {"publish"}, 201, {own}, body=rumour, key="the same of all")

    def _together(self, thing: Thing) -> int:
        others = [other for other in self.world.artifacts if other.correlation_id == thing.correlation_id]
        runs = self._visible_runs().keys() & {
            run.id for run in self.world.runs if run.correlation_id == thing.correlation_id
        }
        return 202 if runs or any(self.world.sees_artifact(self.who, other.of) for other in others) else 404

    def _run_status(self, clerk: Clerk) -> int | None:
        """Say how a run of this agent is refused, None where it is not."""
        if not self.world.sees_clerk(self.who, clerk):
            return 404
        tenant = self.who.tenant
        paper = Paper(0, "", "", Kind("public") if tenant is None else Kind("tenant", frozenset([tenant])))
        return None if self.world.sees_run(self.who, Task(clerk, paper, False, "", "", "")) else 403

    def _visible_runs(self) -> dict[str, Task]:
        return {
            thing.id: thing.of
            for thing in self.world.runs
            if isinstance(thing.of, Task) and self.world.sees_run(self.who, thing.of)
        }

    def _marks(self, things: Iterable[Thing]) -> set[str]:
        return _union(artifact_marks(thing.of) for thing in things if self.world.sees_artifact(self.who, thing.of))

    def _announced(self, wanted: Wanted | None = None) -> set[str]:
        """Give the marks of the artifacts' events that the asker may see and wants."""
        makers = {id(thing.of): thing for thing in self.world.runs}
        seen = (thing for thing in self.world.artifacts if self.world.sees_artifact(self.who, thing.of))
        chosen = (thing for thing in seen if wanted is None or wanted.takes(thing, makers.get(id(thing.of))))
        return _union(announced_marks(thing.of) for thing in chosen if not _is_old(thing.of))

    def _clerk(self) -> Clerk:
        return self.rng.choice(self.world.clerks)

    def _some(self, things: list[T]) -> list[T]:
        return self.rng.sample(things, min(SAMPLE, len(things)))

    def _tasks(self) -> list[Task]:
        return [thing.of for thing in self.world.runs if isinstance(thing.of, Task)]

    async def _get(
        self,
        path: str,
        marks: Set[str],
        *,
        sees: bool = True,
        status: int = 200,
        echoes: Set[str] = frozenset(),
        is_whole: bool = True,
    ) -> Finding:
        """Read something; `echoes` are marks that may be there, too, and without `is_whole` none has to."""
        answer = await ask(self.app, "GET", f"/api/v1{path}", self.asker.headers)
        surface = f"GET {path} by {self.asker}"
        if "read" not in self.asker.scopes:
            return Finding(surface, answer, frozenset(), frozenset(), 403)
        may = frozenset(marks | echoes)
        return self._finding(surface, answer, marks if is_whole else set(), may, status if sees else 404)

    async def _paged(self, marks: Set[str]) -> Finding:
        """Read a list in pages of two; each but the last is full."""
        text, cursor = b"", ""
        while True:
            answer = await ask(self.app, "GET", f"/api/v1/artifacts?limit=2{cursor}", self.asker.headers)
            if "read" not in self.asker.scopes:
                return Finding("pages", answer, frozenset(), frozenset(), 403)
            page = json.loads(answer.body)
            text += answer.body
            if page["next"] is None:
                return self._finding(f"pages of {self.asker}", answer._replace(body=text), marks, frozenset(marks), 200)
            assert len(page["items"]) == 2, "a page has holes"
            cursor = f"&cursor={page['next']}"

    async def _watch(self, query: str, must: Set[str], may: Set[str], *, over_socket: bool = False) -> Finding:
        """Watch until the head of the journal."""
        journal = self.world.flock.journal
        head = str(journal.cursor(journal.head)).encode()
        if over_socket:
            until = b'"cursor":"%b"' % head
            answer = await watch_socket(self.app, f"/ws?{query}", self.asker.headers, until=until)
            refusal, welcome = OUT_OF_SCOPE.code, UNFINISHED
        else:
            until = b"id: %b\n" % head
            answer = await watch(self.app, f"/api/v1/events?{query}", self.asker.headers, until=until)
            refusal, welcome = 403, 200
        surface = f"{'WebSocket' if over_socket else 'SSE'} {query} by {self.asker}"
        if "read" not in self.asker.scopes:
            return Finding(surface, answer, frozenset(), frozenset(), refusal)
        return self._finding(surface, answer, must, frozenset(may), welcome)

    async def _post(
        self,
        path: str,
        needed: set[str],
        status: int,
        marks: Set[str] = frozenset(),
        *,
        body: object = None,
        echoes: Set[str] = frozenset(),
        key: str = "",
    ) -> Finding:
        """Do something."""
        content = b"" if body is None else json.dumps(body).encode()
        headers = [*self.asker.headers, *([("idempotency-key", key)] if key else [])]
        answer = await ask(self.app, "POST", f"/api/v1{path}", headers, content)
        surface = f"POST {path} by {self.asker}"
        if not needed <= self.asker.scopes:
            return Finding(surface, answer, frozenset(), frozenset(), 403)
        return self._finding(surface, answer, marks, frozenset(marks | echoes), status)

    def _finding(self, surface: str, answer: Answer, must: Set[str], may: frozenset[str], status: int) -> Finding:
        """Make a finding; the operator may be told of all there is, names in visibilities among it."""
        everything = frozenset(marks_in(answer.body)) if self.who.is_operator else frozenset[str]()
        return Finding(surface, answer, frozenset(must), may | everything, status)


def _is_old(of: Paper | Task) -> bool:
    """Whether it was put on the board without a word."""
    return isinstance(of, Paper) and of.is_old


def _fits(query: str, of: Paper | Task) -> bool:
    """Whether a list with this query holds an artifact, were it seen."""
    if "type" in query:
        return isinstance(of, Paper)
    return "produced_by" not in query or (isinstance(of, Task) and of.clerk.name in query)


def _clerk_marks(clerk: Clerk, known: Set[str]) -> set[str]:
    return {clerk.name, clerk.description} | (clerk.hears_of & known)


def _union(sets: Iterable[Set[str]]) -> set[str]:
    return set().union(*sets)
