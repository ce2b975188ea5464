"""Nothing leaks: random worlds, random tokens, every surface, against an oracle that states the rule once more.

Every text of a world is a mark of its own. Each look is one token at one thing on one surface: the marks that are found
there must be the ones the oracle allows, neither more nor fewer, and what may not be seen answers as unknown. Some of
the agents write down what they find on the board. 10,000 looks are some 20 worlds, each seen by 8 askers,
who watch from the start, join while runs are at work, and look at everything in the end.
"""

import asyncio
import random
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import replace
from math import inf
from typing import Any

import pytest

from flock.agent import Agent
from flock.artifacts import Artifact
from flock.board.base import Query
from flock.board.view import BoardView
from flock.frame import Frame
from flock.frames import FrameSource
from flock.journal import Journal
from flock.runs import RunRecord
from flock.selection import Selection
from flock.server import live
from flock.server.app import create_app
from flock.server.settings import ServerSettings
from flock.tokens import SCOPES
from flock.visibility import OPERATOR, Identity, LabelledVisibility, Visibility
from flock.visibility import may_see as real_may_see
from tests.backend import TOKEN
from tests.security.asgi import Answer
from tests.visibility_looks import Asker, Looking
from tests.visibility_plan import Who, artifact_marks, marks_in
from tests.visibility_world import World

CASES = 10_000
PLANTED_CASES = 2_000
"""How many looks a planted leak has to be found in, at the most."""

SEED = 20_261_122
ASKERS = 8
"""How many tokens look at each world, the server's own among them."""


async def problems(cases: int) -> AsyncGenerator[str | None, None]:
    """Look so many times, and yield what each look found wrong, None for nothing."""
    rng, count = random.Random(SEED), 0
    while count < cases:
        world = World(rng)
        try:
            async for problem in problems_in(world):
                yield problem
                count += 1
        finally:
            await world.flock.shutdown(grace_s=0)


def lookers(world: World) -> list[Looking]:
    """Serve a world, and give those who look at it."""
    drawn = [world.draw_token() for _ in range(ASKERS - 1)]
    askers = [Asker(Who(is_operator=True), TOKEN, SCOPES)]
    askers += [Asker(who, token.secret, token.grant.scopes) for token, who in drawn]
    settings = ServerSettings(token=TOKEN, tokens=tuple(token for token, _ in drawn))
    app = create_app(world.flock, settings, metrics=world.metrics)
    return [Looking(app, world, asker) for asker in askers]


async def live_problems(world: World, looking: list[Looking]) -> AsyncGenerator[str | None, None]:
    """Let a world live before viewers who are there from its start, and others who join while runs are at work."""
    async with asyncio.TaskGroup() as group:
        watching: list[tuple[Looking, bool, asyncio.Task[Answer]]] = []

        async def join(*, from_start: bool) -> None:
            begun = [asyncio.Event() for _ in looking]
            for number, (look, has_begun) in enumerate(zip(looking, begun, strict=True)):
                task = group.create_task(look.attending(has_begun, ("full", "compact")[number % 2]))
                watching.append((look, from_start, task))
            for has_begun in begun:
                await has_begun.wait()

        await join(from_start=True)
        await world.live(lambda: join(from_start=False))
    for look, from_start, task in watching:
        yield look.attended(task.result(), from_start=from_start).problem


async def problems_in(world: World) -> AsyncGenerator[str | None, None]:
    """Look at everything in one world as everybody."""
    looking = lookers(world)
    # The last word, at which live viewers leave, may be one of those that a short journal keeps from them.
    async for problem in live_problems(world, [] if world.is_short else looking):
        yield problem
    yield None if world.should_run() == world.has_run() else "agents were set off by what they may not see"
    yield next(world.gives_away(), None)
    yield next(world.misses(), None)
    for clerk, board in world.boards():
        seen = [thing.of for thing in world.artifacts if world.sees_artifact(clerk.who, thing.of)]
        found = marks_in(str([artifact.to_wire() for artifact in (await board.query(Query(), limit=1000)).items]))
        must = set[str]().union(*map(artifact_marks, seen))
        yield None if must <= found <= must | {clerk.name for clerk in world.clerks} else f"the board of {clerk}"
    for look in looking:
        async for finding in look.reading():
            yield finding.problem
    for look in looking:
        async for finding in look.doing():
            yield finding.problem


@pytest.mark.timeout(180)
async def test_every_surface_shows_what_the_oracle_allows_and_nothing_else() -> None:
    found = [problem async for problem in problems(CASES)]
    assert len(found) >= CASES
    assert [problem for problem in found if problem is not None] == []


Leak = Callable[[pytest.MonkeyPatch], None]
marks, take, takes_stream, read = Journal.marks, Selection.takes, Selection.takes_stream, FrameSource.read


def snapshots_for_all(patch: pytest.MonkeyPatch) -> None:
    """Take snapshots without asking who looks."""
    patch.setattr(Journal, "marks", lambda self, selection: marks(self, replace(selection, seen_by=OPERATOR)))


def events_for_all(patch: pytest.MonkeyPatch) -> None:
    """Read events without asking who looks."""

    def takes(self: Selection, *event: Any) -> bool:
        return take(replace(self, seen_by=OPERATOR), *event)

    patch.setattr(Selection, "takes", takes)


def streams_for_all(patch: pytest.MonkeyPatch) -> None:
    """Take streams without asking who looks."""
    patch.setattr(Selection, "takes_stream", lambda self, stream: takes_stream(replace(self, seen_by=OPERATOR), stream))


def selections_of_all(patch: pytest.MonkeyPatch) -> None:
    """Give whole streams to those who asked for others."""
    patch.setattr(Selection, "_wants_stream", lambda self, stream: True)


def sockets_for_all(patch: pytest.MonkeyPatch) -> None:
    """Let everybody see everything over a WebSocket."""
    reader = live._socket_reader
    patch.setattr(live, "_socket_reader", lambda backend, params, asker: reader(backend, params, OPERATOR))


def frames_for_all(patch: pytest.MonkeyPatch) -> None:
    """Share a frame among all who are at one place."""
    shared: dict[tuple[str, int], Frame] = {}

    def read_once(self: FrameSource, after: int, selection: Selection) -> Frame:
        return shared.setdefault((self.journal.epoch, after), read(self, after, selection))

    patch.setattr(FrameSource, "read", read_once)


def whole_board_for_agents(patch: pytest.MonkeyPatch) -> None:
    """Show agents everything on the board."""
    patch.setattr(BoardView, "query", lambda self, query, **page: self._board.query(query, **page))


def own_board_for_agents(patch: pytest.MonkeyPatch) -> None:
    """Show agents what they may see on the board, whoever sees what they make of it."""
    patch.setattr(Artifact, "may_be_shown_as", lambda self, visibility: True)


def bare_board_for_agents(patch: pytest.MonkeyPatch) -> None:
    """Show agents nothing on the board."""
    patch.setattr(Artifact, "may_be_shown_as", lambda self, visibility: False)


def artifacts_for_all(patch: pytest.MonkeyPatch) -> None:
    """Let everybody see every artifact."""
    patch.setattr(Artifact, "is_seen_by", lambda self, identity: True)


def runs_for_all(patch: pytest.MonkeyPatch) -> None:
    """Let everybody see every run."""
    patch.setattr(RunRecord, "is_seen_by", lambda self, identity: True)


def agents_for_all(patch: pytest.MonkeyPatch) -> None:
    """Let everybody know of every agent."""
    patch.setattr(Agent, "is_seen_by", lambda self, identity: True)


def metrics_for_all(patch: pytest.MonkeyPatch) -> None:
    """Count every run for everybody."""
    patch.setattr("flock.server.metrics.PUBLIC", Whatever())


class Whatever:
    """Equals everything."""

    def __eq__(self, other: object) -> bool:
        return True

    __hash__ = None  # type: ignore[assignment] # nobody asks for it


def keys_for_all(patch: pytest.MonkeyPatch) -> None:
    """Share idempotency keys among all tokens."""
    patch.setattr("flock.server.idempotency.holder_of", lambda scope: None)


def one_label_for_all(patch: pytest.MonkeyPatch) -> None:
    """Take one label of several for all of them."""

    def may_see(identity: Identity, visibility: Visibility, *, age_s: float = inf) -> bool:
        if isinstance(visibility, LabelledVisibility) and visibility.labels & identity.labels:
            return True
        return real_may_see(identity, visibility, age_s=age_s)

    patch.setattr("flock.artifacts.may_see", may_see)


def scopes_for_all(patch: pytest.MonkeyPatch) -> None:
    """Ask for no scope."""
    patch.setattr("flock.server.api_route.check_scopes", lambda grant, needed: None)


@pytest.mark.parametrize(
    "leak",
    [
        snapshots_for_all,
        events_for_all,
        streams_for_all,
        selections_of_all,
        sockets_for_all,
        frames_for_all,
        whole_board_for_agents,
        own_board_for_agents,
        bare_board_for_agents,
        artifacts_for_all,
        runs_for_all,
        agents_for_all,
        metrics_for_all,
        keys_for_all,
        one_label_for_all,
        scopes_for_all,
    ],
)
async def test_a_planted_leak_is_found(leak: Leak, monkeypatch: pytest.MonkeyPatch) -> None:
    leak(monkeypatch)
    async with aclosing(problems(PLANTED_CASES)) as found:
        async for problem in found:
            if problem is not None:
                return
    pytest.fail("it was not noticed")
