"""Every budget holds on every way to start a run: publishing, invoking, trying again, REST."""

import asyncio
from collections.abc import Awaitable, Callable
from uuid import UUID, uuid4

import pytest

from flock.agent import Agent
from flock.engines.base import AgentView, EngineComponent
from flock.engines.dspy_engine import DSPyEngine
from flock.errors import RunError
from flock.events import AttemptStarted, wire_events
from flock.orchestrator import Flock
from flock.runs import RunRecord
from flock.runtime import Context, EvalInputs, EvalResult
from flock.scheduler import Limits
from tests.backend import ServedIdea, ServedPost, served
from tests.validators import check_streams

IDEA = ServedIdea(topic="owls")

SPENT: dict[str, tuple[Limits, str]] = {
    "runs": (Limits(max_runs_per_correlation=1), "FLK-LOOP"),
    "depth": (Limits(max_depth=0), "FLK-LOOP"),
    "tokens": (Limits(max_tokens_per_correlation=3), "FLK-BUDGET-TOKENS"),
    "seconds": (Limits(max_seconds_per_correlation=0.05), "FLK-BUDGET-TIME"),
}
"""Limits that one run of the agent `spender` uses up, and the error of the next one."""

NAMES = {
    "runs": "max_runs_per_correlation",
    "depth": "max_depth",
    "tokens": "max_tokens_per_correlation",
    "seconds": "max_seconds_per_correlation",
}

Way = Callable[[Flock, Agent, UUID, str], Awaitable[RunRecord]]


class Spending(EngineComponent):
    """Uses up `seconds` by waiting, `tokens` by writing, and `depth` by doing what follows inside its run."""

    what: str
    following: Callable[[], Awaitable[None]]

    async def evaluate(self, agent: AgentView, ctx: Context, inputs: EvalInputs) -> EvalResult:
        if self.what == "depth":
            await self.following()
        elif self.what == "tokens":
            while True:
                ctx.writer.append("owl ", field="text")
        elif self.what == "seconds":
            await asyncio.Event().wait()
        return EvalResult.of(ServedPost(text="spent"))


class Plain(EngineComponent):
    """Answers at once."""

    async def evaluate(self, agent: AgentView, ctx: Context, inputs: EvalInputs) -> EvalResult:
        return EvalResult.of(ServedPost(text="Owls hoot."))


def _by_name_only(flock: Flock, engine: EngineComponent) -> Agent:
    """Register the agent `spender`, which nothing sets off by itself."""
    return flock.agent("spender").consumes(ServedPost, tags=["nobody"]).publishes(ServedPost).engine(engine).agent


async def published(flock: Flock, agent: Agent, correlation_id: UUID, earlier: str) -> RunRecord:
    known = {run.run_id for run in flock.runs.all()}
    await flock.publish(IDEA, correlation_id=correlation_id)
    (run,) = [run for run in flock.runs.all() if run.run_id not in known and run.agent_name == agent.name]
    return run


async def invoked(flock: Flock, agent: Agent, correlation_id: UUID, earlier: str) -> RunRecord:
    known = {run.run_id for run in flock.runs.all()}
    with pytest.raises(RunError):
        await flock.direct_invoke(agent, IDEA, correlation_id=correlation_id)
    (run,) = [run for run in flock.runs.all() if run.run_id not in known]
    return run


async def tried_again(flock: Flock, agent: Agent, correlation_id: UUID, earlier: str) -> RunRecord:
    return flock.retry(earlier)


async def started_by_name(flock: Flock, agent: Agent, correlation_id: UUID, earlier: str) -> RunRecord:
    return await flock.start_run(agent.name, [IDEA], correlation_id=correlation_id)


@pytest.mark.parametrize("what", SPENT)
@pytest.mark.parametrize("way", [published, invoked, tried_again, started_by_name])
async def test_a_budget_that_is_used_up_holds_on_every_way_to_start_a_run(what: str, way: Way) -> None:
    limits, code = SPENT[what]
    flock = Flock(view=None, limits=limits)
    runs: list[RunRecord] = []

    async def follow() -> None:
        runs.append(await way(flock, plain, correlation_id, earlier.run_id))

    plain = flock.agent("plain").consumes(ServedIdea).publishes(ServedPost).engine(Plain()).agent
    _by_name_only(flock, Spending(what=what, following=follow))
    correlation_id = uuid4()
    async with flock:
        earlier = await flock.start_run("plain", [IDEA], correlation_id=correlation_id)
        await flock.run_until_idle()
        if what != "runs":
            await flock.start_run("spender", [IDEA], correlation_id=correlation_id)
            await flock.run_until_idle()
        if what != "depth":
            await follow()
        await flock.run_until_idle()
    (run,) = runs
    assert run.outcome is not None
    assert run.outcome.status == ("timed_out" if what == "seconds" else "failed")
    assert run.outcome.error is not None
    assert run.outcome.error.code == code
    assert NAMES[what] in run.outcome.error.message
    assert str(correlation_id) in run.outcome.error.message


@pytest.mark.parametrize("what", ["runs", "tokens", "seconds"])
async def test_a_request_over_the_budget_is_told_which_limit_it_met(what: str) -> None:
    async def nothing() -> None:
        pass

    limits, code = SPENT[what]
    flock = Flock(view=None, limits=limits)
    _by_name_only(flock, Spending(what=what, following=nothing))
    flock.agent("plain").consumes(ServedIdea).publishes(ServedPost).engine(Plain())
    body = {"inputs": [{"type": "ServedIdea", "payload": {"topic": "owls"}}], "correlation_id": str(uuid4())}
    async with served(flock) as site:
        await site.post("/agents/spender/run", body)
        answer = await site.post("/agents/plain/run", body)
        assert answer.status_code == 409
        assert answer.json()["error"]["code"] == code
        assert NAMES[what] in answer.json()["error"]["message"]
        retried = await site.http.post(f"/api/v1/runs/{answer.json()['run_id']}/retry")
        assert retried.json()["outcome"]["error"]["code"] == code


@pytest.mark.parametrize("way", ["publish", "invoke"])
async def test_a_fan_out_is_bounded_on_every_way_to_publish(way: str) -> None:
    flock = Flock(view=None, limits=Limits(max_fan_out=3))

    class Pouring(EngineComponent):
        async def evaluate(self, agent: AgentView, ctx: Context, inputs: EvalInputs) -> EvalResult:
            if way == "publish":
                await flock.publish_many([IDEA] * 4)
            return EvalResult.of(*[ServedPost(text="owls")] * (4 if way == "invoke" else 1))

    pourer = _by_name_only(flock, Pouring())
    async with flock:
        with pytest.raises(RunError, match=r"'spender' publishes 4 artifacts .* more than 3\..*max_fan_out") as failed:
            await flock.direct_invoke(pourer, IDEA)
        assert failed.value.code == "FLK-LOOP"
        assert await flock.list(ServedPost) == []


async def test_a_model_that_writes_on_is_cut_off_and_not_asked_again() -> None:
    flock = Flock("demo/writer?tokens_per_s=1000&first_token_s=0&jitter=0", view=None, limits=SPENT["tokens"][0])
    writer = flock.agent("writer").consumes(ServedIdea).publishes(ServedPost).engine(DSPyEngine())
    async with flock:
        with pytest.raises(RunError, match="wrote 4 tokens, more than 3") as failed:
            await flock.direct_invoke(writer, IDEA)
        assert failed.value.code == "FLK-BUDGET-TOKENS"
        events = wire_events(flock.journal.read(0, max_bytes=2**30).items)
    assert not [event for event in events if isinstance(event, AttemptStarted)]
    check_streams(events)
