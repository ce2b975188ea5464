"""What a correlation may cost, in tokens and in time, ends its runs and no others."""

import asyncio
from collections.abc import Awaitable, Callable
from uuid import UUID, uuid4

import pytest
from pydantic import BaseModel

from flock.artifacts import flock_type
from flock.engines.base import AgentView, EngineComponent
from flock.errors import LoopError, TimeBudgetError, TokenBudgetError
from flock.events import AgentActivated, AgentFailed, AgentQueued, RuntimeMode
from flock.runs import RunRecord
from flock.runtime import Context, EvalInputs, EvalResult
from flock.scheduler import Limits
from tests.engines import Gated, Working
from tests.rig import Rig
from tests.unit.virtual_time import now_s, run_in_virtual_time
from tests.validators import check_streams


@flock_type(name="BudgetIdea")
class Idea(BaseModel):
    words: int = 0


@flock_type(name="BudgetPost")
class Post(BaseModel):
    text: str = ""


class Saying(EngineComponent):
    """Says as many words as its idea asks for; reports usage where told to."""

    reports: int | None = None

    async def evaluate(self, agent: AgentView, ctx: Context, inputs: EvalInputs) -> EvalResult:
        text = ""
        for _ in range(inputs.first_as(Idea).words):
            ctx.writer.append("owl ", field="text")
            text += "owl "
            await asyncio.sleep(0)
        usage = {} if self.reports is None else {"completion_tokens": self.reports}
        return EvalResult.of(Post(text=text), usage=usage)


class Lasting(EngineComponent):
    """Works for some seconds."""

    seconds: float

    async def evaluate(self, agent: AgentView, ctx: Context, inputs: EvalInputs) -> EvalResult:
        await asyncio.sleep(self.seconds)
        return EvalResult.of(Post())


def ending(run: RunRecord) -> tuple[str, str | None]:
    """Give how a run ended: its status and the code of its error."""
    assert run.outcome is not None
    return run.outcome.status, run.outcome.error.code if run.outcome.error is not None else None


def message(run: RunRecord) -> str:
    assert run.outcome is not None
    assert run.outcome.error is not None
    return run.outcome.error.message


COMPLETED = ("completed", None)
OUT_OF_TOKENS = ("failed", TokenBudgetError.code)
OUT_OF_TIME = ("timed_out", TimeBudgetError.code)


# Tokens


@pytest.mark.parametrize("mode", ["dashboard", "api"])
async def test_a_run_ends_with_the_token_that_passes_the_budget(mode: RuntimeMode) -> None:
    rig = Rig(limits=Limits(max_tokens_per_correlation=10), mode=mode)
    rig.agent("writer", Saying()).consumes(Idea).publishes(Post)
    (idea,) = await rig.work(Idea(words=1_000_000))
    (run,) = rig.runs_of("writer")
    assert ending(run) == OUT_OF_TOKENS
    for word in (str(idea.correlation_id), "11 tokens", "more than 10", "max_tokens_per_correlation"):
        assert word in message(run)
    assert await rig.payloads(Post) == []
    assert check_streams(rig.events())[run.run_id].text("text") == "owl " * 11


async def test_the_tokens_of_all_runs_of_a_correlation_count_together() -> None:
    rig = Rig(limits=Limits(max_tokens_per_correlation=10))
    rig.agent("writer", Saying()).consumes(Idea).publishes(Post)
    one, other = uuid4(), uuid4()
    for correlation_id, words in ((one, 6), (other, 10), (one, 4), (one, 1), (other, 0)):
        await rig.work(Idea(words=words), correlation_id=correlation_id)
    endings = [ending(run) for run in rig.runs_of("writer")]
    assert endings == [COMPLETED, COMPLETED, COMPLETED, OUT_OF_TOKENS, COMPLETED]
    check_streams(rig.events())


async def test_the_other_runs_at_work_end_with_their_next_token_or_at_their_end() -> None:
    rig = Rig(limits=Limits(max_tokens_per_correlation=10))
    gate = asyncio.Event()
    rig.agent("silent", Gated(output=Post(), gate=gate)).consumes(Idea).publishes(Post)
    rig.agent("saying", Saying()).consumes(Idea).publishes(Post)
    rig.agent("repeating", Saying()).consumes(Idea).publishes(Post)
    await rig.publish(Idea(words=6))
    other = uuid4()
    rig.scheduler.start(rig.agents["silent"], [], correlation_id=other)
    await rig.until(AgentFailed, 2)
    gate.set()
    await rig.scheduler.idle()
    assert [ending(run) for run in rig.runs.all() if run.correlation_id != other] == [OUT_OF_TOKENS] * 3
    assert [ending(run) for run in rig.runs.all() if run.correlation_id == other] == [COMPLETED]
    assert rig.runs_of("silent")[0].artifacts == ()
    check_streams(rig.events())


@pytest.mark.parametrize(
    ("words", "reports", "expected"),
    [(0, 10, COMPLETED), (0, 11, OUT_OF_TOKENS), (8, 2, COMPLETED), (8, 11, OUT_OF_TOKENS), (8, -5, COMPLETED)],
)
async def test_what_the_provider_reports_counts_where_it_is_more(
    words: int, reports: int, expected: tuple[str, str | None]
) -> None:
    rig = Rig(limits=Limits(max_tokens_per_correlation=10))
    rig.agent("writer", Saying(reports=reports)).consumes(Idea).publishes(Post)
    await rig.work(Idea(words=words))
    (run,) = rig.runs_of("writer")
    assert ending(run) == expected
    assert len(await rig.payloads(Post)) == (expected == COMPLETED)
    check_streams(rig.events())


async def test_an_engine_that_ignores_the_budget_publishes_nothing() -> None:
    class Stubborn(EngineComponent):
        async def evaluate(self, agent: AgentView, ctx: Context, inputs: EvalInputs) -> EvalResult:
            for _ in range(5):
                with pytest.raises(TokenBudgetError):
                    ctx.writer.append("owl", field="text")
            return EvalResult.of(Post(text="owl"))

    rig = Rig(limits=Limits(max_tokens_per_correlation=0))
    rig.agent("writer", Stubborn()).consumes(Idea).publishes(Post)
    await rig.work(Idea())
    assert [ending(run) for run in rig.runs_of("writer")] == [OUT_OF_TOKENS]
    assert await rig.payloads(Post) == []


async def test_a_text_that_comes_whole_does_not_count_as_one_token() -> None:
    def write(ctx: Context, inputs: EvalInputs) -> list[BaseModel]:
        ctx.writer.append("owl " * 1000, field="text")
        return [Post(text="owl " * 1000)]

    rig = Rig(limits=Limits(max_tokens_per_correlation=100))
    rig.agent("writer", Working(work=write)).consumes(Idea).publishes(Post)
    await rig.work(Idea())
    assert [ending(run) for run in rig.runs_of("writer")] == [OUT_OF_TOKENS]


async def test_runs_that_are_set_off_after_the_budget_is_passed_fail_once_per_agent() -> None:
    rig = Rig(limits=Limits(max_tokens_per_correlation=5))
    for name in ("one", "two"):
        rig.agent(name, Saying()).consumes(Idea).publishes(Post)
    correlation_id = uuid4()
    await rig.work(Idea(words=3), correlation_id=correlation_id)
    for _ in range(3):
        await rig.work(Idea(), correlation_id=correlation_id)
    for name in ("one", "two"):
        assert [ending(run) for run in rig.runs_of(name)][1:] == [OUT_OF_TOKENS]
    check_streams(rig.events())


async def test_a_run_whose_turn_comes_after_the_budget_was_passed_fails_without_work() -> None:
    rig = Rig(limits=Limits(max_tokens_per_correlation=5))
    rig.agent("writer", Saying()).consumes(Idea).publishes(Post).max_concurrency(1)
    await rig.publish(Idea(words=9), Idea(words=0))
    await rig.until(AgentQueued)
    await rig.scheduler.idle()
    assert [ending(run) for run in rig.runs_of("writer")] == [OUT_OF_TOKENS] * 2
    assert len([event for event in rig.events() if isinstance(event, AgentActivated)]) == 1
    assert rig.streams.active == rig.streams.queued == 0
    check_streams(rig.events())


async def test_a_run_started_by_name_over_the_budget_has_failed_at_once() -> None:
    rig = Rig(limits=Limits(max_tokens_per_correlation=5))
    agent = rig.agent("writer", Saying()).consumes(Idea).publishes(Post).agent
    (idea,) = await rig.work(Idea(words=6))
    run = rig.scheduler.start(agent, [idea], correlation_id=idea.correlation_id)
    assert ending(run) == OUT_OF_TOKENS
    check_streams(rig.events())


# Time


def timed(
    seconds: float | None, work: Callable[[Rig], Awaitable[None]], *, limits: Limits | None = None, lasting: float = 4
) -> Rig:
    """Do work in virtual time with an agent whose runs take `lasting` seconds."""

    async def main() -> Rig:
        rig = Rig(limits=limits or Limits(max_seconds_per_correlation=seconds))
        rig.agent("writer", Lasting(seconds=lasting)).consumes(Idea).publishes(Post)
        await work(rig)
        await rig.scheduler.idle()
        check_streams(rig.events())
        return rig

    return run_in_virtual_time(main())


def test_runs_at_work_end_when_the_time_of_their_correlation_is_over() -> None:
    async def work(rig: Rig) -> None:
        await rig.work(Idea(), Idea())
        assert now_s() == 3

    rig = timed(3, work)
    runs = rig.runs_of("writer")
    assert [ending(run) for run in runs] == [OUT_OF_TIME] * 2
    for word in (str(runs[0].correlation_id), "3 s", "max_seconds_per_correlation"):
        assert word in message(runs[0])


def test_runs_one_after_the_other_add_up_and_those_side_by_side_do_not() -> None:
    async def work(rig: Rig) -> None:
        correlation_id = uuid4()
        for _ in range(3):
            await rig.work(Idea(), Idea(), correlation_id=correlation_id)
        assert now_s() == 10
        await rig.work(Idea(), correlation_id=correlation_id)
        assert now_s() == 10

    rig = timed(10, work)
    assert [ending(run) for run in rig.runs_of("writer")] == [COMPLETED] * 4 + [OUT_OF_TIME] * 3


def test_the_time_between_runs_does_not_count() -> None:
    async def work(rig: Rig) -> None:
        correlation_id = uuid4()
        for _ in range(2):
            await rig.work(Idea(), correlation_id=correlation_id)
            await asyncio.sleep(1000)

    assert [ending(run) for run in timed(9, work).runs_of("writer")] == [COMPLETED] * 2


def test_the_time_in_which_runs_only_wait_for_their_turn_does_not_count() -> None:
    async def work(rig: Rig) -> None:
        await rig.publish(Idea(), Idea(), correlation_id=UUID(int=1))
        await rig.publish(Idea(), correlation_id=UUID(int=2))

    limits = Limits(max_seconds_per_correlation=5, max_parallel_runs=1)
    runs = timed(None, work, limits=limits).runs_of("writer")
    assert [ending(run) for run in runs] == [COMPLETED, OUT_OF_TIME, COMPLETED]


def test_overlapping_runs_share_one_deadline() -> None:
    async def work(rig: Rig) -> None:
        correlation_id = uuid4()
        await rig.publish(Idea(), correlation_id=correlation_id)
        await asyncio.sleep(3)
        await rig.publish(Idea(), correlation_id=correlation_id)
        await rig.scheduler.idle()
        assert now_s() == 6

    assert [ending(run) for run in timed(6, work).runs_of("writer")] == [COMPLETED, OUT_OF_TIME]


def test_a_run_that_is_cancelled_gives_back_its_place_in_the_time() -> None:
    async def work(rig: Rig) -> None:
        correlation_id = uuid4()
        await rig.publish(Idea(), correlation_id=correlation_id)
        await asyncio.sleep(2)
        rig.scheduler.cancel_correlation(correlation_id)
        await rig.scheduler.idle()
        await asyncio.sleep(100)
        await rig.work(Idea(), correlation_id=correlation_id)
        assert now_s() == 106

    assert [ending(run) for run in timed(7, work).runs_of("writer")] == [("cancelled", None), COMPLETED]


def test_an_engine_whose_time_is_up_first_fails_by_its_own_deadline() -> None:
    async def work(rig: Rig) -> None:
        rig.agent("hasty", Lasting(seconds=9, total_timeout_s=2)).consumes(Idea).publishes(Post)
        await rig.work(Idea())

    rig = timed(3, work)
    assert [ending(run) for run in rig.runs_of("hasty")] == [("timed_out", "FLK-MODEL-DEADLINE")]
    assert [ending(run) for run in rig.runs_of("writer")] == [OUT_OF_TIME]


def test_a_timeout_of_an_engine_itself_is_not_taken_for_the_end_of_the_budget() -> None:
    async def work(rig: Rig) -> None:
        def fail(ctx: Context, inputs: EvalInputs) -> list[BaseModel]:
            raise TimeoutError("no answer")

        rig.agent("failing", Working(work=fail)).consumes(Idea).publishes(Post)
        await rig.work(Idea())

    assert [ending(run) for run in timed(9, work).runs_of("failing")] == [("failed", "FLK-RUN")]


def test_without_bounds_runs_go_on() -> None:
    async def work(rig: Rig) -> None:
        rig.agent("saying", Saying(reports=10**12)).consumes(Idea).publishes(Post)
        await rig.work(Idea())

    limits = Limits(max_seconds_per_correlation=None, max_tokens_per_correlation=None)
    rig = timed(None, work, limits=limits, lasting=599)
    assert {ending(run) for run in rig.runs.all()} == {COMPLETED}


# By default


@pytest.mark.default(13)
async def test_by_default_agents_that_set_each_other_off_end_with_a_clear_error() -> None:
    rig = Rig()
    rig.agent("ping", Working(work=lambda ctx, inputs: [Post()])).consumes(Idea).publishes(Post)
    rig.agent("pong", Working(work=lambda ctx, inputs: [Idea()])).consumes(Post).publishes(Idea)
    await rig.work(Idea())
    *completed, last = sorted(rig.runs.all(), key=lambda run: run.depth)
    assert {ending(run) for run in completed} == {COMPLETED}
    assert len(completed) == Limits().max_depth + 1
    assert ending(last) == ("failed", LoopError.code)
    for word in ("'ping'", "'pong'", "where="):
        assert word in message(last)
    check_streams(rig.events())


@pytest.mark.default(13)
def test_by_default_every_budget_has_a_bound() -> None:
    limits = Limits()
    assert limits.max_tokens_per_correlation == 10_000 * limits.max_runs_per_correlation
    assert limits.max_seconds_per_correlation == 6 * 3600
