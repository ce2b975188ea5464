"""Every call of a flock is cancelled at each of its awaits: the flock stays whole, and works on."""

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing, asynccontextmanager
from pathlib import Path

import pytest
from pydantic import BaseModel

from flock.artifacts import Artifact, flock_type
from flock.board.memory import InMemoryBoard
from flock.cli.run import recording, showing
from flock.engines.base import AgentView, EngineComponent
from flock.events import Event, StreamingOutputEvent
from flock.feed import EventFeed
from flock.orchestrator import Flock
from flock.runtime import Context, EvalInputs, EvalResult
from flock.screen import View
from tests.kth_await import MOMENTS, Moment, cuts
from tests.leaks import no_leaks
from tests.rest import check_at_rest, check_board
from tests.validators import check_streams

pytestmark = pytest.mark.parametrize("moment", MOMENTS)


@flock_type(name="cancelled.Idea")
class Idea(BaseModel):
    topic: str


@flock_type(name="cancelled.Post")
class Post(BaseModel):
    text: str


class DistantBoard(InMemoryBoard):
    """A board that takes its time, before it stores and after."""

    async def publish(self, artifacts: Sequence[Artifact]) -> None:
        await asyncio.sleep(0)
        await super().publish(artifacts)
        await asyncio.sleep(0)

    async def aclose(self) -> None:
        await asyncio.sleep(0)
        await super().aclose()
        self.closed += 1

    closed = 0


class Unhurried(EngineComponent):
    """Writes two words with a pause between them; takes its time to close."""

    closed: int = 0

    async def evaluate(self, agent: AgentView, ctx: Context, inputs: EvalInputs) -> EvalResult:
        for word in ("about ", "owls"):
            await asyncio.sleep(0)
            ctx.writer.append(word, field="text")
        return EvalResult.of(Post(text="about owls"))

    async def prepare(self) -> None:
        await asyncio.sleep(0)

    async def aclose(self) -> None:
        await asyncio.sleep(0)
        self.closed += 1


def build(*, agents: int = 2, view: View | None = None) -> Flock:
    flock = Flock(board=DistantBoard(), view=view)
    for number in range(agents):
        flock.agent(f"writer{number}").consumes(Idea).publishes(Post).engine(Unhurried())
    return flock


def closable(flock: Flock) -> list[DistantBoard | Unhurried]:
    """Give what a shutdown has to close."""
    things = [flock.board, *(agent.engine for agent in flock.agents.values())]
    return [thing for thing in things if isinstance(thing, DistantBoard | Unhurried)]


@asynccontextmanager
async def whole(flock: Flock, caplog: pytest.LogCaptureFixture) -> AsyncIterator[None]:
    """Insist that a flock is clean after the block, works on and ends, and left nothing behind."""
    async with no_leaks():
        yield
        await flock.run_until_idle()
        await check_board(flock)
        before = check_at_rest(flock)
        await flock.publish(Idea(topic="afterwards"))
        await flock.run_until_idle()
        after = check_at_rest(flock)
        assert len(after) - len(before) == len(flock.agents)
        await flock.shutdown()
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]


@pytest.mark.parametrize("count", [1, 3])
async def test_a_cancelled_publication_is_on_the_board_and_sets_off_its_agents_or_never_was(
    moment: Moment, count: int, caplog: pytest.LogCaptureFixture
) -> None:
    sizes: set[int] = set()
    for cut in cuts(moment):
        flock = build()
        async with whole(flock, caplog):
            await cut.run(flock.publish_many([Idea(topic=str(number)) for number in range(count)]))
            await flock.run_until_idle()
            ideas = await flock.list(Idea)
            sizes.add(len(ideas))
            started = [run.inputs[0].id for run in flock.runs.all()]
            assert sorted(started) == sorted(idea.id for idea in ideas for _ in flock.agents)
    assert sizes == ({0, count} if moment == "asleep" else {count})


async def test_a_cancelled_direct_run_is_cancelled_itself(moment: Moment, caplog: pytest.LogCaptureFixture) -> None:
    states: set[str] = set()
    for cut in cuts(moment):
        flock = build(agents=1)
        async with whole(flock, caplog):
            made = await cut.run(flock.direct_invoke(flock.agents["writer0"], Idea(topic="owls")))
            await flock.run_until_idle()
            states |= {run.state for run in flock.runs.all()}
            assert (made is None) == cut.is_reached
    assert states == ({"cancelled", "completed"} if moment == "asleep" else {"completed"})


async def test_who_waits_for_a_run_may_be_cancelled(moment: Moment, caplog: pytest.LogCaptureFixture) -> None:
    for cut in cuts(moment):
        flock = build(agents=1)
        async with whole(flock, caplog):
            run = await flock.start_run("writer0", [Idea(topic="owls")])
            await cut.run(flock.wait_run(run.run_id))
            await flock.run_until_idle()
            assert run.state == "completed"


async def test_waiting_for_idle_may_be_cancelled(
    moment: Moment, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    for cut in cuts(moment):
        flock = build(view="lines")
        async with whole(flock, caplog):
            await flock.publish(Idea(topic="owls"))
            await cut.run(flock.run_until_idle(timeout=30))
            await flock.run_until_idle()
            assert {run.state for run in flock.runs.all()} == {"completed"}
        assert capsys.readouterr().out.count("about owls") == 4


async def test_the_terminal_may_be_cancelled_and_the_runs_go_on(
    moment: Moment, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    for cut in cuts(moment):
        flock = build(view="lines")
        async with whole(flock, caplog):
            with cut.tasks_of("Terminal.run"):
                await flock.publish(Idea(topic="owls"))
                await flock.run_until_idle()
            assert {run.state for run in flock.runs.all()} == {"completed"}
            assert cut.task is not None
            assert cut.task.cancelled()


async def test_a_recorded_and_shown_run_may_be_cancelled(
    moment: Moment, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    for cut in cuts(moment):
        flock = build()

        async def run(flock: Flock = flock) -> None:
            async with recording(flock, tmp_path / "run.ndjson"), showing(flock, "lines") as screen:
                screen.show("cli")
                await flock.publish(Idea(topic="owls"))
                await flock.run_until_idle()

        async with whole(flock, caplog):
            await cut.run(run())
    assert (tmp_path / "run.ndjson").read_text().count('"is_final":true') == 2


async def test_preparing_may_be_cancelled(moment: Moment, caplog: pytest.LogCaptureFixture) -> None:
    for cut in cuts(moment):
        flock = build()
        async with whole(flock, caplog):
            await cut.run(flock.prepare())


async def test_a_cancelled_shutdown_ends_runs_and_closes_all_but_what_it_was_closing(
    moment: Moment, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    states: set[str] = set()
    for cut in cuts(moment):
        flock = build(view="lines")
        async with no_leaks():
            await flock.publish(Idea(topic="owls"))
            await cut.run(flock.shutdown())
            states |= {run.state for run in flock.runs.all()}
            check_at_rest(flock)
            assert len([thing for thing in closable(flock) if not thing.closed]) <= 1
            await flock.shutdown()
            assert all(thing.closed for thing in closable(flock))
    assert states == ({"completed", "interrupted"} if moment == "asleep" else {"completed"})
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]


async def test_a_feed_that_is_cancelled_goes_on_and_misses_nothing(
    moment: Moment, caplog: pytest.LogCaptureFixture
) -> None:
    for cut in cuts(moment):
        flock = build(agents=1)
        async with whole(flock, caplog):
            seen: list[Event] = []
            async with aclosing(flock.events()) as feed:
                seen.append(await anext(feed))
                await flock.publish(Idea(topic="owls"))
                event = await cut.run(_next(feed))
                seen += [] if event is None else [event]
                while not _has_final(seen):
                    seen.append(await anext(feed))
            check_streams(seen)


async def _next(feed: EventFeed) -> Event:
    return await anext(feed)


def _has_final(events: Sequence[Event]) -> bool:
    return any(isinstance(event, StreamingOutputEvent) and event.is_final for event in events)
