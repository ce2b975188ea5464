"""Every name of the founding proposal exists and means what it says."""

import inspect
from typing import Any
from uuid import UUID, uuid4

import pytest
from pydantic import BaseModel, Field

from flock.admission import MODES
from flock.agent import Agent, AgentBuilder
from flock.artifacts import Artifact, flock_type
from flock.engines.base import EngineComponent
from flock.engines.dspy_engine import DSPyEngine
from flock.events import StreamDecision, StreamingOutputEvent
from flock.orchestrator import Flock
from flock.runtime import Context, EvalInputs, EvalResult
from flock.testing import Recording, record

FAST = "demo/writer?tokens_per_s=0&first_token_s=0&words=20"


@flock_type(name="seed.Idea")
class Idea(BaseModel):
    topic: str


@flock_type(name="seed.Post")
class Post(BaseModel):
    title: str
    body: str


class Spy(EngineComponent):
    """Keeps the contexts it was run with, and what was active meanwhile."""

    contexts: list[Context] = Field(default_factory=list)
    states: list[dict[str, Any]] = Field(default_factory=list)

    async def evaluate(self, agent: Any, ctx: Context, inputs: EvalInputs) -> EvalResult:
        self.contexts.append(ctx)
        self.states.append(dict(ctx.state))
        ctx.writer.append("text", field="title")
        return EvalResult.of(Post(title="text", body=""))


def build(
    model: str | None = FAST, *, agents: int = 1, engine: EngineComponent | None = None, **settings: Any
) -> Flock:
    flock = Flock(model, view=None)
    for number in range(agents):
        builder = flock.agent(f"writer_{number}").description("Writes").consumes(Idea).publishes(Post)
        builder.engine(engine or DSPyEngine(**settings))
    return flock


def decisions(recording: Recording) -> list[str]:
    return [event.decision for event in recording.events if isinstance(event, StreamDecision)]


def test_context_has_the_seeds_fields_and_questions() -> None:
    ctx = Context(board=None, orchestrator=None, correlation_id=uuid4(), task_id="t", state={"key": 1})
    assert ctx.runtime_mode == "cli"
    assert ctx.get_variable("key") == 1
    assert ctx.get_variable("other", "default") == "default"
    assert (ctx.is_cli_mode, ctx.is_dashboard_mode, ctx.allows_parallel_streaming) == (True, False, False)
    dashboard = Context(task_id="t", runtime_mode="dashboard")
    assert (dashboard.is_dashboard_mode, dashboard.allows_parallel_streaming) == (True, True)
    assert Context(task_id="t", runtime_mode="api").allows_parallel_streaming
    assert set(MODES) == {"cli", "dashboard", "api"}
    with pytest.raises(ValueError, match="runtime_mode"):
        Context(task_id="t", runtime_mode="other")


def test_flock_and_engine_have_the_seeds_signatures() -> None:
    serve = inspect.signature(Flock.serve).parameters
    assert serve["dashboard"].default is False
    assert serve["host"].default == "127.0.0.1"
    assert serve["port"].default == 8000
    assert all(serve[name].kind is inspect.Parameter.KEYWORD_ONLY for name in ("dashboard", "host", "port"))
    assert inspect.signature(Flock.__init__).parameters["model"].default is None
    assert list(inspect.signature(DSPyEngine.evaluate).parameters) == ["self", "agent", "ctx", "inputs"]
    fields = DSPyEngine.model_fields
    assert fields["parallel_streaming"].default is True
    assert {"stream", "no_output", "stream_priority"} <= set(fields)
    assert DSPyEngine(stream=True, parallel_streaming=True, stream_priority="high").stream_priority == "high"
    assert issubclass(DSPyEngine, EngineComponent)


def test_the_streaming_event_has_the_seeds_fields() -> None:
    event = StreamingOutputEvent(
        correlation_id="c", agent_name="a", run_id="r", output_type="llm_token", content="x", sequence=0, is_final=False
    )
    assert (event.correlation_id, event.agent_name, event.run_id) == ("c", "a", "r")
    assert (event.output_type, event.content, event.sequence, event.is_final) == ("llm_token", "x", 0, False)


async def test_direct_invoke_takes_an_agent_or_its_builder_and_has_a_correlation_id() -> None:
    engine = Spy()
    flock = build(engine=engine)
    builder = flock.agent("other").consumes(Idea).publishes(Post).engine(engine)
    assert isinstance(builder, AgentBuilder)
    assert isinstance(builder.agent, Agent)
    for target in (builder, builder.agent):
        (artifact,) = await flock.direct_invoke(target, [Idea(topic="owls")])
        assert isinstance(artifact, Artifact)
        assert artifact.payload == Post(title="text", body="")
    for ctx in engine.contexts:
        assert isinstance(ctx.correlation_id, UUID)
        assert ctx.orchestrator is flock
        assert await ctx.board.get(artifact.id) is artifact
        assert ctx.task_id
    await flock.shutdown()


async def test_cli_mode_keeps_one_live_stream_and_queues_the_others() -> None:
    flock = build(agents=4)
    with record(flock) as recording:
        await flock.publish(Idea(topic="owls"))
        await flock.run_until_idle(timeout=30)
    assert sorted(decisions(recording)) == ["queued", "queued", "queued", "stream"]
    assert max(event.active_streams for event in recording.events if isinstance(event, StreamDecision)) == 1
    assert flock.active_streams == 0
    assert len(recording.finals) == 4
    await flock.shutdown()


async def test_the_state_says_whether_the_run_streams_or_is_queued() -> None:
    flock = build(agents=2, engine=Spy())
    engine = flock.agents["writer_0"].engine
    assert isinstance(engine, Spy)
    with record(flock):
        await flock.publish(Idea(topic="owls"))
        await flock.run_until_idle(timeout=30)
        await flock.publish(Idea(topic="owls"), correlation_id=uuid4())
        await flock.run_until_idle(timeout=30)
    for state in engine.states:
        assert state in ({"_flock_stream_live_active": True}, {"_flock_output_queued": True}), state
    assert {"_flock_stream_live_active": True} in engine.states
    await flock.shutdown()


async def test_no_output_leaves_the_state_without_a_word() -> None:
    engine = Spy(no_output=True)
    flock = build(engine=engine)
    with record(flock):
        await flock.publish(Idea(topic="owls"))
        await flock.run_until_idle(timeout=30)
    assert engine.states == [{}]
    await flock.shutdown()


@pytest.mark.parametrize("dashboard", [True, False])
async def test_served_modes_stream_in_parallel(dashboard: bool) -> None:
    flock = build(agents=4)
    async with flock.serving(dashboard=dashboard, port=0):
        served_mode = flock.runtime_mode
        with record(flock) as recording:
            await flock.publish(Idea(topic="owls"))
            await flock.run_until_idle(timeout=30)
    assert decisions(recording) == ["stream"] * 4
    assert max(event.active_streams for event in recording.events if isinstance(event, StreamDecision)) == 4
    assert flock.active_streams == 0
    assert (served_mode, flock.runtime_mode) == ("dashboard" if dashboard else "api", "cli")


async def test_parallel_streaming_false_streams_only_alone() -> None:
    flock = build(agents=3, parallel_streaming=False)
    async with flock.serving(dashboard=True, port=0):
        with record(flock) as recording:
            await flock.publish(Idea(topic="owls"))
            await flock.run_until_idle(timeout=30)
    assert sorted(decisions(recording)) == ["queued", "queued", "stream"]


async def test_without_a_viewer_the_run_goes_on_without_a_stream_and_says_so() -> None:
    flock = build()
    await flock.publish(Idea(topic="owls"))
    await flock.run_until_idle(timeout=30)
    (run,) = flock.runs.all()
    assert run.state == "completed"
    (artifact,) = await flock.list(Post)
    assert isinstance(artifact.payload, Post)
    items = flock.journal.read(0, max_bytes=2**30).items
    (decision,) = [item for item in items if isinstance(item, StreamDecision)]
    assert (decision.decision, decision.reason) == ("off", "no viewer is attached")
    await flock.shutdown()


async def test_stream_false_runs_and_does_not_crash() -> None:
    flock = build(stream=False)
    with record(flock) as recording:
        await flock.publish(Idea(topic="owls"))
        await flock.run_until_idle(timeout=30)
    assert decisions(recording) == ["off"]
    (final,) = recording.finals
    assert final.outcome
    assert final.outcome.status == "completed"
    await flock.shutdown()
