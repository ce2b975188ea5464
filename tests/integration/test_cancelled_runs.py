"""A run is cancelled at each of its awaits, whatever its engine: it ends once, and the next one works."""

import asyncio
import logging
from collections.abc import Callable, Iterator

import pytest
from pydantic import BaseModel

from flock.artifacts import flock_type
from flock.engines.base import AgentView, EngineComponent
from flock.engines.dspy_engine import DSPyEngine
from flock.orchestrator import Flock
from flock.runtime import Context, EvalInputs, EvalResult
from flock.scheduler import Limits
from flock.testing import ScriptedEngine
from tests.engines import Gated
from tests.kth_await import MOMENTS, Cut, Moment, cuts
from tests.leaks import Held, left_behind
from tests.rest import check_at_rest, check_board
from tests.servers.process import OpenAIServer, run_openai_server
from tests.servers.script import Script
from tests.unit.virtual_time import turns

MODEL = "demo/writer?first_token_s=0&words=3&tokens_per_s="
ANSWER = Script(repeat=True, tokens=4, tokens_per_s=200)
FAULTS = [Script(status=503, headers={"retry-after": "0"}), Script(steps=[("text", "no answer")])]
"""What makes a run ask three times."""


@flock_type(name="cut.Idea")
class Idea(BaseModel):
    topic: str


@flock_type(name="cut.Post")
class Post(BaseModel):
    text: str


@flock_type(name="cut.Remark")
class Remark(BaseModel):
    text: str


@pytest.fixture(scope="module")
def models() -> Iterator[OpenAIServer]:
    with run_openai_server() as server:
        yield server


async def look_up(topic: str) -> str:
    """Say what is known."""
    await asyncio.sleep(0)
    return f"{topic} fly by night"


def ask(topic: str) -> str:
    """Say what others say."""
    return f"{topic} hoot"


def scripted(models: OpenAIServer) -> Flock:
    return build(Flock(view=None), ScriptedEngine(answers=[Post(text="about owls")]))


def demo(models: OpenAIServer) -> Flock:
    return build(Flock(f"{MODEL}2000", view=None), DSPyEngine())


def with_tools(models: OpenAIServer) -> Flock:
    flock = build(Flock(f"{MODEL}0", view=None), DSPyEngine(max_iterations=2))
    flock.agents["writer"].tools[:] = [look_up, ask]
    return flock


def served(models: OpenAIServer) -> Flock:
    return build(Flock("openai/test", base_url=models.base_url, view=None), DSPyEngine())


def through_provider(models: OpenAIServer) -> Flock:
    return build(Flock("groq/test", base_url=models.base_url, api_key="gsk-test", view=None), DSPyEngine())


def through_litellm(models: OpenAIServer) -> Flock:
    return build(Flock("hosted_vllm/test", base_url=models.base_url, api_key="test", view=None), DSPyEngine())


def asking_again(models: OpenAIServer) -> Flock:
    return served(models)


class Delegating(EngineComponent):
    """Has another agent do its work, and publishes a remark of its own meanwhile."""

    async def evaluate(self, agent: AgentView, ctx: Context, inputs: EvalInputs) -> EvalResult:
        await ctx.orchestrator.publish(Remark(text="on it"), correlation_id=ctx.correlation_id)
        helper = ctx.orchestrator.agents["helper"]
        (post,) = await ctx.orchestrator.direct_invoke(helper, inputs.artifacts)
        return EvalResult.of(Post(text=post.payload.text))


def delegating(models: OpenAIServer) -> Flock:
    flock = build(Flock(view=None, limits=Limits(max_parallel_runs=1)), Delegating())
    helper = flock.agent("helper").consumes(Remark).publishes(Post)
    helper.engine(ScriptedEngine(answers=[Post(text="about owls")]))
    return flock


def build(flock: Flock, engine: EngineComponent) -> Flock:
    flock.agent("writer").consumes(Idea).publishes(Post).engine(engine)
    return flock


OWN = (scripted, delegating, demo, with_tools, served, asking_again)
ENGINES = pytest.mark.parametrize("make", [*OWN, through_provider, through_litellm])


@ENGINES
@pytest.mark.parametrize("moment", MOMENTS)
async def test_a_run_may_be_cancelled_anywhere(
    make: Callable[[OpenAIServer], Flock], moment: Moment, models: OpenAIServer, caplog: pytest.LogCaptureFixture
) -> None:
    flock = make(models)
    await models.reset()
    await models.script(ANSWER)
    await finish(flock)
    before = Held.now()
    states: list[str] = []
    for cut in cuts(moment):
        if make is asking_again:
            await models.reset()
            await models.script(*FAULTS, ANSWER)
        states.append(await cut_run(flock, cut))
        assert not (left := await left_behind(before, spare_files=1)), f"{cut!r}: {left}"
    print(f"figure: {make.__name__}, {moment}: {len(states)} awaits, {states.count('cancelled')} cancelled")
    assert "cancelled" in states
    assert states[-1] == "completed"
    await finish(flock)
    await flock.shutdown()
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]


@pytest.mark.parametrize("moment", MOMENTS)
async def test_a_run_that_waits_for_its_turn_may_be_cancelled_and_passes_it_on(moment: Moment) -> None:
    states: list[str] = []
    for cut in cuts(moment):
        gate = Gated(output=Post(text="about owls"))
        flock = build(Flock(view=None, limits=Limits(max_parallel_runs=1)), gate)
        first = await flock.start_run("writer", [Idea(topic="owls")])
        await turns()
        assert gate.inside
        with cut.tasks_of("Scheduler._run"):
            waiting = await flock.start_run("writer", [Idea(topic="owls")])
            last = await flock.start_run("writer", [Idea(topic="owls")])
            await turns()
            gate.gate.set()
            await flock.run_until_idle()
        states.append(waiting.state)
        assert first.state == last.state == "completed"
        check_at_rest(flock)
        await flock.shutdown()
    assert states[0] == "cancelled"
    assert states[-1] == "completed"


async def cut_run(flock: Flock, cut: Cut) -> str:
    """Cut one run, and give how it ended; both ways to cancel take their turn."""
    with cut.tasks_of("Scheduler._run", strike=(lambda: flock.cancel(run.run_id)) if cut.k % 2 else None):
        run = await flock.start_run("writer", [Idea(topic="owls")])
        ended = await flock.wait_run(run.run_id)
        await flock.run_until_idle()
    assert cut.task is not None
    assert cut.task.cancelled() == cut.is_reached
    streams = check_at_rest(flock)
    assert streams[run.run_id].outcome == ended.outcome
    await check_board(flock)
    return ended.state


async def finish(flock: Flock) -> None:
    """Insist that the flock works: a publication sets off its agent, which completes."""
    await flock.publish(Idea(topic="owls"))
    await flock.run_until_idle()
    last = [run for run in flock.runs.all() if run.agent_name == "writer"][-1]
    assert last.state == "completed"
