"""However a run ends, it ends once: cancelled, interrupted, or with its event loop."""

import asyncio
import random
import sys
from collections.abc import Callable
from uuid import UUID, uuid4

import pytest
from pydantic import BaseModel

from flock.artifacts import flock_type
from flock.engines.base import AgentView, EngineComponent
from flock.errors import ClosedError, UnknownNameError
from flock.events import AgentActivated, AgentQueued, Stream, StreamingOutputEvent, StreamStarted
from flock.runs import RunRecord
from flock.runtime import Context, EvalInputs, EvalResult
from flock.scheduler import Limits, Scheduler
from tests.engines import Gated, Working
from tests.rig import Rig
from tests.validators import check_streams


@flock_type(name="EndingsIdea")
class Idea(BaseModel):
    text: str = ""


@flock_type(name="EndingsPost")
class Post(BaseModel):
    text: str = ""


def status_of(run: RunRecord) -> str:
    assert run.outcome is not None
    return run.outcome.status


def start(rig: Rig, engine: EngineComponent, *, name: str = "writer", correlation_id: UUID | None = None) -> RunRecord:
    if name not in rig.agents:
        rig.agent(name, engine).consumes(Idea).publishes(Post).max_concurrency(1)
    return rig.scheduler.start(rig.agents[name], [], correlation_id=correlation_id or uuid4())


@pytest.fixture
def rig() -> Rig:
    return Rig()


async def test_a_run_cancelled_while_it_works_ends_once(rig: Rig) -> None:
    engine = Gated(text="half a p")
    run = start(rig, engine)
    await rig.until(AgentActivated)
    assert rig.scheduler.cancel(run.run_id)
    assert status_of(await rig.scheduler.wait(run.run_id)) == "cancelled"
    assert engine.inside == []
    await rig.scheduler.idle()
    seen = check_streams(rig.events())
    assert seen[run.run_id].text("text") == "half a p"


async def test_a_run_cancelled_while_it_waits_ends_once_and_leaves_the_queue(rig: Rig) -> None:
    engine = Gated(output=Post())
    working, waiting, last = (start(rig, engine) for _ in range(3))
    await rig.until(AgentQueued, 2)
    assert rig.scheduler.cancel(waiting.run_id)
    assert status_of(await rig.scheduler.wait(waiting.run_id)) == "cancelled"
    assert waiting.started_at is None
    engine.gate.set()
    await rig.scheduler.idle()
    assert [status_of(run) for run in (working, last)] == ["completed", "completed"]
    assert rig.streams.queued == 0
    check_streams(rig.events())


async def test_a_run_cancelled_before_its_first_step_ends_once(rig: Rig) -> None:
    run, other = start(rig, Gated(output=Post())), start(rig, Gated(output=Post()), name="other")
    assert rig.scheduler.cancel(run.run_id)
    assert rig.scheduler.cancel(run.run_id)
    assert status_of(await rig.scheduler.wait(run.run_id)) == "cancelled"
    await rig.until(AgentActivated, agent="other")
    late = start(rig, Gated(output=Post()))
    rig.scheduler.cancel(late.run_id)
    rig.scheduler.cancel(other.run_id)
    await rig.scheduler.idle()
    assert [status_of(run) for run in rig.runs.all()] == ["cancelled"] * 3
    check_streams(rig.events())


async def test_a_waiting_run_cancelled_in_the_moment_of_its_turn_passes_it_on(rig: Rig) -> None:
    engine = Gated(output=Post())
    first, second, third = (start(rig, engine) for _ in range(3))
    await rig.until(AgentQueued, 2)

    def cancel_second(event: StreamingOutputEvent, stream: Stream) -> None:
        if event.run_id == first.run_id:
            rig.scheduler.cancel(second.run_id)

    rig.streams.on_final.append(cancel_second)
    engine.gate.set()
    await rig.scheduler.idle()
    assert [status_of(run) for run in (first, second, third)] == ["completed", "cancelled", "completed"]
    check_streams(rig.events())


async def test_cancelling_what_has_ended_changes_nothing(rig: Rig) -> None:
    run = start(rig, Working(work=lambda ctx, inputs: [Post()]))
    await rig.scheduler.idle()
    assert not rig.scheduler.cancel(run.run_id)
    assert status_of(run) == "completed"
    with pytest.raises(UnknownNameError):
        rig.scheduler.cancel("nobody")


async def test_an_engine_that_refuses_to_be_cancelled_may_complete(rig: Rig) -> None:
    class Stubborn(Gated):
        async def evaluate(self, agent: AgentView, ctx: Context, inputs: EvalInputs) -> EvalResult:
            try:
                return await super().evaluate(agent, ctx, inputs)
            except asyncio.CancelledError:
                return EvalResult.of(Post())

    run = start(rig, Stubborn())
    await rig.until(AgentActivated)
    rig.scheduler.cancel(run.run_id)
    assert status_of(await rig.scheduler.wait(run.run_id)) == "completed"
    await rig.scheduler.idle()
    check_streams(rig.events())


async def test_cancelling_a_correlation_cancels_its_runs_and_no_others(rig: Rig) -> None:
    engine = Gated(output=Post())
    wanted, other = uuid4(), uuid4()
    runs = [start(rig, engine, correlation_id=correlation_id) for correlation_id in (wanted, other, wanted)]
    await rig.until(AgentQueued, 2)
    assert rig.scheduler.cancel_correlation(wanted) == [runs[0].run_id, runs[2].run_id]
    engine.gate.set()
    await rig.scheduler.idle()
    assert [status_of(run) for run in runs] == ["cancelled", "completed", "cancelled"]
    assert rig.scheduler.cancel_correlation(wanted) == []


async def test_cancelling_who_waits_for_a_run_leaves_the_run_alone(rig: Rig) -> None:
    engine = Gated(output=Post())
    run = start(rig, engine)
    waiter = asyncio.ensure_future(rig.scheduler.wait(run.run_id))
    await rig.until(AgentActivated)
    waiter.cancel()
    await asyncio.wait([waiter])
    engine.gate.set()
    assert status_of(await rig.scheduler.wait(run.run_id)) == "completed"


async def test_a_shutdown_interrupts_what_goes_on_and_what_waits(rig: Rig) -> None:
    engine = Gated(output=Post())
    runs = [start(rig, engine) for _ in range(2)]
    await rig.until(AgentQueued)
    await rig.scheduler.shutdown(grace_s=0)
    assert [status_of(run) for run in runs] == ["interrupted", "interrupted"]
    check_streams(rig.events())


async def test_a_shutdown_gives_what_goes_on_its_time_and_starts_nothing_more(rig: Rig) -> None:
    engine = Gated(output=Post())
    rig.agent("reader", engine).consumes(Post).publishes(Idea)
    working, waiting = start(rig, engine), start(rig, engine)
    await rig.until(AgentQueued)
    shutdown = asyncio.ensure_future(rig.scheduler.shutdown(grace_s=60))
    await rig.scheduler.wait(waiting.run_id)
    assert rig.scheduler.is_closing
    engine.gate.set()
    await shutdown
    assert [status_of(run) for run in (working, waiting)] == ["completed", "interrupted"]
    assert await rig.payloads(Post) == [Post()]
    assert rig.runs_of("reader") == []


async def test_nothing_starts_after_a_shutdown_until_it_is_reopened(rig: Rig) -> None:
    rig.agent("writer", Working(work=lambda ctx, inputs: [Post()])).consumes(Idea).publishes(Post)
    await rig.scheduler.shutdown(grace_s=0)
    with pytest.raises(ClosedError):
        await rig.publish(Idea())
    with pytest.raises(ClosedError):
        start(rig, Gated(output=Post()))
    assert rig.events() == []
    rig.scheduler.reopen()
    await rig.work(Idea())
    run = start(rig, Gated(output=Post()))
    rig.scheduler.cancel(run.run_id)
    await rig.scheduler.idle()
    assert [status_of(run) for run in rig.runs_of("writer")] == ["completed", "cancelled"]


async def test_a_run_that_does_not_end_holds_up_no_shutdown(
    rig: Rig, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    release = asyncio.Event()

    class Deaf(EngineComponent):
        async def evaluate(self, agent: AgentView, ctx: Context, inputs: EvalInputs) -> EvalResult:
            while not release.is_set():
                try:
                    await release.wait()
                except asyncio.CancelledError:
                    continue
            return EvalResult.of(Post())

    monkeypatch.setattr("flock.scheduler.LAST_WORDS_S", 0.01)
    run = start(rig, Deaf())
    await rig.until(AgentActivated)
    await rig.scheduler.shutdown(grace_s=0)
    assert f"Run {run.run_id} of writer goes on" in caplog.text
    release.set()
    await rig.scheduler.idle()
    check_streams(rig.events())


async def test_a_cancelled_shutdown_interrupts_at_once(rig: Rig) -> None:
    run = start(rig, Gated(output=Post()))
    await rig.until(AgentActivated)
    shutdown = asyncio.ensure_future(rig.scheduler.shutdown(grace_s=60))
    await asyncio.sleep(0)
    shutdown.cancel()
    await asyncio.wait([shutdown])
    assert status_of(await rig.scheduler.wait(run.run_id)) == "interrupted"


def test_runs_end_with_their_event_loop() -> None:
    rig = Rig()

    async def leave(*, at_once: bool) -> None:
        for _ in range(2):
            start(rig, Gated(output=Post()))
        if not at_once:
            await rig.until(AgentQueued)

    asyncio.run(leave(at_once=True))
    asyncio.run(leave(at_once=False))
    assert [status_of(run) for run in rig.runs.all()] == ["cancelled"] * 4
    assert rig.streams.active == rig.streams.queued == 0
    check_streams(rig.events())


def test_nothing_starts_while_the_event_loop_ends() -> None:
    rig = Rig()
    refused: list[Exception] = []

    class Late(Gated):
        async def evaluate(self, agent: AgentView, ctx: Context, inputs: EvalInputs) -> EvalResult:
            try:
                return await super().evaluate(agent, ctx, inputs)
            finally:
                with pytest.raises(ClosedError) as caught:
                    start(rig, Gated(output=Post()), name="later")
                refused.append(caught.value)

    async def leave() -> None:
        start(rig, Late())
        await rig.until(AgentActivated)

    asyncio.run(leave())
    assert len(refused) == 1
    assert [status_of(run) for run in rig.runs.all()] == ["cancelled"]
    check_streams(rig.events())


def test_a_run_that_is_interrupted_from_the_keyboard_ends_the_process_and_the_other_runs() -> None:
    rig = Rig()

    def leave(ctx: Context, inputs: EvalInputs) -> list[BaseModel]:
        raise KeyboardInterrupt("enough")

    async def work() -> None:
        start(rig, Gated(output=Post()), name="other")
        await rig.until(AgentActivated)
        start(rig, Working(work=leave))
        try:
            await rig.scheduler.idle()
        finally:
            for _ in range(9):
                await asyncio.sleep(0)
            is_tidy.set()

    is_tidy = asyncio.Event()
    with pytest.raises(KeyboardInterrupt, match="enough"):
        asyncio.run(work())
    assert is_tidy.is_set()
    assert sorted(status_of(run) for run in rig.runs.all()) == ["cancelled", "interrupted"]
    check_streams(rig.events())


async def test_a_run_that_asks_the_process_to_exit_fails_alone(rig: Rig) -> None:
    def leave(ctx: Context, inputs: EvalInputs) -> list[BaseModel]:
        sys.exit("usage: tool WORD")

    gated = Gated(output=Post())
    other = start(rig, gated, name="other")
    await rig.until(AgentActivated)
    run = start(rig, Working(work=leave))
    assert status_of(await rig.scheduler.wait(run.run_id)) == "failed"
    gated.gate.set()
    await rig.scheduler.idle()
    assert status_of(other) == "completed"
    assert run.outcome is not None
    assert run.outcome.error is not None
    assert run.outcome.error.message == "SystemExit: usage: tool WORD"
    check_streams(rig.events())


async def test_a_where_that_asks_the_process_to_exit_fails_its_run(rig: Rig) -> None:
    def where(idea: Idea) -> bool:
        sys.exit(3)

    rig.agent("writer", Gated(output=Post())).consumes(Idea, where=where).publishes(Post)
    await rig.work(Idea())
    (run,) = rig.runs.all()
    assert status_of(run) == "failed"
    assert run.outcome is not None
    assert run.outcome.error is not None
    assert run.outcome.error.message.endswith("SystemExit: 3. A where gets the payload and gives True or False.")


async def test_a_listener_that_raises_touches_no_run(rig: Rig) -> None:
    def complain(event: StreamingOutputEvent, stream: Stream) -> None:
        raise ValueError("no room")

    rig.streams.on_final.append(complain)
    runs = [start(rig, Working(work=lambda ctx, inputs: [Post()])) for _ in range(2)]
    await rig.scheduler.idle()
    assert [status_of(run) for run in runs] == ["completed", "completed"]
    check_streams(rig.events())


# Random schedules


class Dice(EngineComponent):
    """Writes, waits, publishes, fails or stops as the dice say."""

    dice: random.Random

    async def evaluate(self, agent: AgentView, ctx: Context, inputs: EvalInputs) -> EvalResult:
        for word in range(self.dice.randrange(4)):
            ctx.writer.append(f"word {word} ", field="text")
            await asyncio.sleep(0)
        match self.dice.randrange(6):
            case 0:
                raise ValueError("the dice say no")
            case 1:
                ctx.writer.start_attempt("the dice say again")
                ctx.writer.append("again", field="text")
                return EvalResult.of(Post(text="again"))
            case 2:
                await asyncio.Event().wait()
            case 3:
                return EvalResult.of(Post(), Idea(), Idea())
        return EvalResult.of(Post())


def actions(rig: Rig, dice: random.Random) -> list[Callable[[], object]]:
    scheduler: Scheduler = rig.scheduler
    runs = [run.run_id for run in rig.runs.all()]
    return [
        lambda: rig.publish(Idea()),
        lambda: rig.publish(Idea(), Post()),
        lambda: start(rig, Dice(dice=dice), name=dice.choice(["one", "two"])),
        lambda: scheduler.cancel(dice.choice(runs)) if runs else None,
        lambda: asyncio.sleep(0),
        lambda: asyncio.sleep(0),
    ]


async def play(rig: Rig, dice: random.Random) -> None:
    for name in ("one", "two", "three"):
        agent = (
            rig.agent(name, Dice(dice=dice)).consumes(Idea).publishes(Post, Idea).max_concurrency(dice.randint(1, 3))
        )
        if dice.random() < 0.5:
            agent.consumes(Post, where=lambda post: 1 / dice.randrange(3) < 1)
    for _ in range(40):
        act = dice.choice(actions(rig, dice))()
        if asyncio.iscoroutine(act):
            await act
    if dice.random() < 0.5:
        for run in rig.runs.unfinished:
            rig.scheduler.cancel(run.run_id)
        await rig.scheduler.idle()
    else:
        await rig.scheduler.shutdown(grace_s=0)


@pytest.mark.parametrize("seed", range(60))
def test_whatever_happens_each_stream_that_started_ends_once(seed: int) -> None:
    dice = random.Random(seed)
    limits = Limits(max_runs_per_correlation=20, max_depth=5, max_parallel_runs=dice.randint(1, 6))
    rig = Rig(limits=limits, mode=dice.choice(["cli", "dashboard", "api"]))

    async def work() -> None:
        before = asyncio.all_tasks()
        await play(rig, dice)
        assert asyncio.all_tasks() == before

    asyncio.run(work())
    seen = check_streams(rig.events())
    started = [event.run_id for event in rig.events() if isinstance(event, StreamStarted)]
    finals = [event.run_id for event in rig.events() if isinstance(event, StreamingOutputEvent) and event.is_final]
    assert sorted(started) == sorted(finals) == sorted(run.run_id for run in rig.runs.all()) == sorted(seen)
    assert rig.streams.active == rig.streams.queued == 0
    for run in rig.runs.all():
        assert run.outcome == seen[run.run_id].outcome
        published = [str(artifact.id) for artifact in run.artifacts]
        assert seen[run.run_id].published == published
