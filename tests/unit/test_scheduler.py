"""What sets off agents, and how their runs go: side by side, in turn, each on its own."""

import asyncio
from contextvars import ContextVar
from uuid import UUID, uuid4

import pytest
from pydantic import BaseModel

from flock.agent import Agent
from flock.artifacts import Artifact, flock_type
from flock.engines.base import AgentView, EngineComponent, EngineLabel
from flock.errors import DeadlineError, InputError, LoopError, OverloadedError, PayloadError, UnknownNameError
from flock.events import (
    AgentActivated,
    AgentCompleted,
    AgentFailed,
    AgentQueued,
    ArtifactPublished,
    RunEvent,
    StreamDecision,
    StreamingOutputEvent,
    StreamPriority,
    StreamStarted,
)
from flock.journal import Journal
from flock.runs import RunRecord
from flock.runtime import Context, EvalInputs, EvalResult
from flock.scheduler import Limits
from flock.selection import Selection
from tests.engines import Gated, Working
from tests.rig import Rig
from tests.validators import check_streams


@flock_type(name="SchedulerIdea")
class Idea(BaseModel):
    text: str = ""


@flock_type(name="SchedulerFact")
class Fact(BaseModel):
    text: str = ""


@flock_type(name="SchedulerPost")
class Post(BaseModel):
    text: object = ""


@flock_type(name="SchedulerBasket")
class Basket(BaseModel):
    eggs: list[str] = []


class LongPost(Post):
    """Not a flock type of its own."""


def writing(text: str = "a post") -> Working:
    return Working(work=lambda ctx, inputs: [Post(text=text)])


def failing(error: Exception) -> Working:
    def fail(ctx: Context, inputs: EvalInputs) -> list[BaseModel]:
        raise error

    return Working(work=fail)


def status_of(run: RunRecord) -> str:
    assert run.outcome is not None
    return run.outcome.status


def error_of(run: RunRecord) -> tuple[str, str]:
    assert run.outcome is not None
    assert run.outcome.error is not None
    return run.outcome.error.code, run.outcome.error.message


@pytest.fixture
def rig() -> Rig:
    return Rig()


# What comes of a publication


async def test_a_published_artifact_sets_off_the_agent_that_consumes_it(rig: Rig) -> None:
    rig.agent("writer", writing()).consumes(Idea).publishes(Post)
    (idea,) = await rig.work(Idea(text="owls"))
    (run,) = rig.runs_of("writer")
    (post,) = run.artifacts
    assert run.inputs == (idea,)
    assert await rig.board.get(post.id) == post
    assert (post.type, post.produced_by, post.run_id) == ("SchedulerPost", "writer", run.run_id)
    assert (post.correlation_id, post.derived_from) == (idea.correlation_id, (idea.id,))
    assert status_of(run) == "completed"
    assert run.started_at is not None
    assert (run.engine, run.model, run.is_simulated) == ("Working", None, False)


async def test_a_run_says_whether_its_engine_only_simulates(rig: Rig) -> None:
    class Simulated(Working):
        def label(self) -> EngineLabel:
            return EngineLabel("Simulated", "demo/writer", is_simulated=True)

    rig.agent("writer", Simulated(work=lambda ctx, inputs: [Post()])).consumes(Idea).publishes(Post)
    await rig.work(Idea())
    wire = rig.runs_of("writer")[0].to_wire()
    assert (wire["engine"], wire["model"], wire["simulated"]) == ("Simulated", "demo/writer", True)


async def test_what_an_engine_keeps_of_its_output_does_not_change_the_board(rig: Rig) -> None:
    post = Post(text="as published")
    rig.agent("writer", Working(work=lambda ctx, inputs: [post])).consumes(Idea).publishes(Post)
    await rig.work(Idea())
    post.text = "changed"
    assert await rig.payloads(Post) == [Post(text="as published")]


async def test_what_an_engine_does_to_its_inputs_changes_neither_the_board_nor_the_inputs_of_others(rig: Rig) -> None:
    seen: list[list[str]] = []

    def mark(ctx: Context, inputs: EvalInputs) -> list[BaseModel]:
        payload = inputs.first_as(Basket)
        seen.append(list(payload.eggs))
        payload.eggs.append("a cuckoo's")
        return [Post()]

    for name in ("one", "two"):
        rig.agent(name, Working(work=mark)).consumes(Basket).publishes(Post)
    await rig.work(Basket(eggs=["owl's"]))
    (run,) = rig.runs_of("one")
    rig.scheduler.start(rig.agents["one"], run.inputs, correlation_id=run.correlation_id, retry_of=run.run_id)
    await rig.scheduler.idle()
    assert seen == [["owl's"]] * 3
    assert await rig.payloads(Basket) == [Basket(eggs=["owl's"])]


async def test_an_artifact_has_the_id_that_its_stream_announced(rig: Rig) -> None:
    engine = Working(work=lambda ctx, inputs: [Post(text="1"), Fact(), Post(text="2")])
    rig.agent("writer", engine).consumes(Idea).publishes(Fact, Post)
    await rig.work(Idea())
    (started,) = (event for event in rig.events() if isinstance(event, StreamStarted))
    (run,) = rig.runs_of("writer")
    ids = [str(artifact.id) for artifact in run.artifacts]
    assert [(slot.type, slot.artifact_id) for slot in started.artifacts] == [
        ("SchedulerFact", ids[1]),
        ("SchedulerPost", ids[0]),
    ]
    assert len(set(ids)) == 3


async def test_what_an_engine_says_of_its_artifacts_is_replaced_but_for_the_tags(rig: Rig) -> None:
    class Forging(EngineComponent):
        async def evaluate(self, agent: AgentView, ctx: Context, inputs: EvalInputs) -> EvalResult:
            forged = Artifact(type="Forged", payload=LongPost(), produced_by="king", tags=frozenset({"kept"}))
            return EvalResult(artifacts=[forged, *inputs.artifacts[1:]])

    rig.agent("writer", Forging()).consumes(Idea).publishes(Post)
    await rig.work(Idea())
    (post,) = rig.runs_of("writer")[0].artifacts
    assert (post.type, post.produced_by, post.tags) == ("SchedulerPost", "writer", frozenset({"kept"}))


async def test_a_run_ends_with_its_artifacts_its_completion_and_its_final_event(rig: Rig) -> None:
    rig.agent("writer", writing()).consumes(Idea).publishes(Post)
    rig.agent("reader", writing()).consumes(Post).publishes(Fact)
    await rig.work(Idea())
    run = rig.runs_of("writer")[0]
    events = rig.events(Selection.of(run_id=[run.run_id]))
    assert [type(event) for event in events[-3:]] == [ArtifactPublished, AgentCompleted, StreamingOutputEvent]
    check_streams(rig.events())


async def test_artifacts_from_outside_are_announced_without_a_run(rig: Rig) -> None:
    (idea,) = await rig.publish(Idea(), tags=["b", "a"])
    (event,) = rig.events()
    assert isinstance(event, ArtifactPublished)
    assert (event.artifact_id, event.agent_name, event.run_id) == (str(idea.id), "external", None)
    assert (event.artifact_type, event.tags) == ("SchedulerIdea", ("a", "b"))


async def test_a_publication_that_the_board_refuses_leaves_no_trace(rig: Rig) -> None:
    engine = Gated(output=Post())
    rig.agent("writer", engine).consumes(Idea).publishes(Post)
    twice = Artifact(type="SchedulerIdea", payload=Idea())
    with pytest.raises(InputError):
        await rig.scheduler.publish([twice, twice])
    assert rig.events() == []


async def test_subscriptions_that_match_the_same_artifact_give_one_run(rig: Rig) -> None:
    agent = rig.agent("writer", writing()).consumes(Idea).consumes(Idea, Fact).publishes(Post)
    agent.consumes(Idea, where=lambda idea: True).consumes(Post)
    await rig.work(Idea())
    assert len(rig.runs_of("writer")) == 1


async def test_an_agent_runs_on_any_of_its_subscriptions(rig: Rig) -> None:
    rig.agent("writer", writing()).consumes(Idea).consumes(Fact).publishes(Post)
    await rig.work(Idea(), Fact())
    assert [run.inputs[0].type for run in rig.runs_of("writer")] == ["SchedulerIdea", "SchedulerFact"]


async def test_a_join_waits_for_one_of_each_type_of_its_correlation(rig: Rig) -> None:
    rig.agent("writer", writing()).consumes(Idea, Fact).publishes(Post)
    one, two = uuid4(), uuid4()
    (fact,) = await rig.work(Fact(text="1"), correlation_id=one)
    await rig.work(Idea(text="2"), correlation_id=two)
    assert rig.runs_of("writer") == []
    (idea,) = await rig.work(Idea(text="1"), correlation_id=one)
    (run,) = rig.runs_of("writer")
    assert run.inputs == (idea, fact)
    assert run.correlation_id == one


async def test_a_where_that_raises_fails_a_run_of_its_agent_and_no_other(rig: Rig) -> None:
    rig.agent("broken", writing()).consumes(Idea, where=lambda idea: idea.missing).publishes(Post)
    rig.agent("writer", writing()).consumes(Idea).publishes(Post)
    (idea,) = await rig.work(Idea())
    (broken,), (run,) = rig.runs_of("broken"), rig.runs_of("writer")
    code, message = error_of(broken)
    assert code == "FLK-WHERE"
    assert "'broken'" in message
    assert "'SchedulerIdea'" in message
    assert "AttributeError" in message
    assert broken.inputs == (idea,)
    assert status_of(run) == "completed"
    check_streams(rig.events())


async def test_an_agent_is_not_set_off_by_itself_unless_it_says_so() -> None:
    rig = Rig(limits=Limits(max_depth=3))
    rig.agent("calm", writing()).consumes(Idea).consumes(Post, from_agents=["calm"]).publishes(Post)
    await rig.work(Idea())
    assert len(rig.runs_of("calm")) == 1
    echo = rig.agent("echo", Working(work=lambda ctx, inputs: [Fact()])).consumes(Fact).publishes(Fact)
    echo.prevent_self_trigger(False)
    await rig.work(Fact())
    assert len(rig.runs_of("echo")) == 5


# What an engine may do


async def test_independent_agents_run_at_the_same_time(rig: Rig) -> None:
    engine = Gated(output=Post())
    for name in ("one", "two", "three"):
        rig.agent(name, engine).consumes(Idea).publishes(Post)
    await rig.publish(Idea())
    await rig.until(AgentActivated, 3)
    assert len(engine.inside) == 3
    engine.gate.set()
    await rig.scheduler.idle()
    assert [status_of(run) for run in rig.runs.all()] == ["completed"] * 3


async def test_a_failing_agent_touches_no_other(rig: Rig) -> None:
    engine = Gated(output=Post())
    rig.agent("failing", failing(ZeroDivisionError("by zero"))).consumes(Idea).publishes(Post)
    rig.agent("writer", engine).consumes(Idea).publishes(Post)
    await rig.publish(Idea())
    await rig.until(AgentFailed)
    engine.gate.set()
    await rig.scheduler.idle()
    assert error_of(rig.runs_of("failing")[0]) == ("FLK-RUN", "ZeroDivisionError: by zero")
    assert status_of(rig.runs_of("writer")[0]) == "completed"
    check_streams(rig.events())


class Returning(EngineComponent):
    """Returns whatever it is given."""

    result: object = None

    async def evaluate(self, agent: AgentView, ctx: Context, inputs: EvalInputs) -> EvalResult:
        return self.result  # type: ignore[return-value]  # the mistake under test


@pytest.mark.parametrize(
    ("result", "complaint"),
    [
        (None, "returned a 'NoneType', not an EvalResult"),
        ([Post()], "returned a 'list', not an EvalResult"),
        (EvalResult(), "returned no artifact; the agent publishes 'Post'"),
        (EvalResult.of(Post(), Fact()), "returned a 'Fact', but it publishes 'Post'"),
    ],
)
async def test_what_does_not_fit_the_agent_fails_the_run_and_publishes_nothing(
    rig: Rig, result: object, complaint: str
) -> None:
    rig.agent("writer", Returning(result=result)).consumes(Idea).publishes(Post)
    await rig.work(Idea())
    (run,) = rig.runs_of("writer")
    code, message = error_of(run)
    assert code == "FLK-OUTPUT"
    assert "'writer'" in message
    assert complaint in message
    assert run.artifacts == ()
    assert await rig.payloads(Post) == []


async def test_a_payload_that_json_cannot_hold_fails_its_run(rig: Rig) -> None:
    rig.agent("writer", Working(work=lambda ctx, inputs: [Post(), Post(text=object())])).consumes(Idea).publishes(Post)
    await rig.work(Idea())
    assert error_of(rig.runs_of("writer")[0])[0] == PayloadError.code
    assert await rig.payloads(Post) == []


async def test_an_output_that_is_too_large_fails_the_run_before_it_is_published() -> None:
    def write(ctx: Context, inputs: EvalInputs) -> list[BaseModel]:
        ctx.writer.append("12345678", field="text")
        return [Post(text="12345678")]

    def write_on(ctx: Context, inputs: EvalInputs) -> list[BaseModel]:
        return [post for _ in range(4) for post in write(ctx, inputs)][:1]

    rig = Rig(mode="cli", journal=Journal(flush_interval_s=0, max_output_bytes=25))
    rig.agent("fits", Working(work=write)).consumes(Idea).publishes(Post)
    rig.agent("long text", Working(work=write_on)).consumes(Idea).publishes(Post)
    rig.agent("long artifacts", Working(work=lambda ctx, inputs: [Post(text="1234"), Post(text="5678")])).consumes(
        Idea
    ).publishes(Post)
    await rig.work(Idea())
    for name in ("long text", "long artifacts"):
        assert error_of(rig.runs_of(name)[0])[0] == "FLK-OUTPUT-SIZE"
    assert status_of(rig.runs_of("fits")[0]) == "completed"
    assert len(await rig.payloads(Post)) == 1


async def test_a_text_shown_whole_at_its_end_comes_before_its_artifact_or_fails_the_run() -> None:
    def write(ctx: Context, inputs: EvalInputs) -> list[BaseModel]:
        text = inputs.first_as(Idea).text
        ctx.writer.append(text, field="text")
        return [Post(text=text)]

    rig = Rig(mode="cli", journal=Journal(flush_interval_s=0, max_bytes=20_000))
    rig.agent("writer", Working(work=write)).consumes(Idea).publishes(Post)
    await rig.work(Idea(text="short"))
    (run,) = rig.runs_of("writer")
    kinds = [type(event) for event in rig.events(Selection.of(run_id=[run.run_id]))]
    assert kinds.index(StreamingOutputEvent) < kinds.index(ArtifactPublished)
    await rig.work(Idea(text="long" * 10_000))
    assert error_of(rig.runs_of("writer")[1])[0] == "FLK-OUTPUT-SIZE"
    assert await rig.payloads(Post) == [Post(text="short")]


async def test_an_agent_without_an_engine_fails_its_run(rig: Rig) -> None:
    rig.agents["bare"] = Agent(name="bare", output_types=[Post])
    run = rig.scheduler.start(
        rig.agents["bare"], [Artifact(type="SchedulerIdea", payload=Idea())], correlation_id=uuid4()
    )
    await rig.scheduler.idle()
    assert error_of(run)[0] == "FLK-CONFIG-AGENT"


async def test_an_agent_that_cannot_be_started_touches_no_other(rig: Rig, caplog: pytest.LogCaptureFixture) -> None:
    class Nameless(Working):
        def label(self) -> None:  # type: ignore[override]  # the mistake under test
            raise ValueError("no label")

    rig.agent("nameless", Nameless(work=lambda ctx, inputs: [])).consumes(Idea).publishes(Post)
    rig.agent("writer", writing()).consumes(Idea).publishes(Post)
    await rig.work(Idea())
    assert status_of(rig.runs_of("writer")[0]) == "completed"
    assert "Agent 'nameless' cannot be started" in caplog.text


async def test_a_context_says_whether_its_run_streams(rig: Rig) -> None:
    states: list[dict[str, object]] = []
    release = asyncio.Event()

    class Telling(EngineComponent):
        async def evaluate(self, agent: AgentView, ctx: Context, inputs: EvalInputs) -> EvalResult:
            states.append(dict(ctx.state))
            assert [slot.type for slot in ctx.slots] == ["SchedulerPost"]
            await release.wait()
            return EvalResult.of(Post())

    class Viewer:
        lag = 0

    rig.mode = "cli"
    rig.agent("live", Telling(stream_priority="high")).consumes(Idea).publishes(Post)
    rig.agent("queued", Telling()).consumes(Idea).publishes(Post)
    rig.agent("silent", Telling(no_output=True, stream_priority="low")).consumes(Idea).publishes(Post)
    with rig.audience.attend(Viewer(), "terminal"):
        await rig.publish(Idea())
        await rig.until(AgentActivated, 3)
        assert rig.streams.active == 1
        release.set()
        await rig.scheduler.idle()
    assert states == [{"_flock_stream_live_active": True}, {"_flock_output_queued": True}, {}]
    assert rig.streams.active == rig.streams.queued == 0


async def test_an_engine_without_output_says_so_in_the_context_even_where_all_runs_stream(rig: Rig) -> None:
    rig.agent("silent", Working(work=lambda ctx, inputs: [Post()], no_output=True)).consumes(Idea).publishes(Post)
    await rig.work(Idea())
    assert rig.contexts[0].state == {}


async def test_a_request_says_whether_it_wants_to_stream(rig: Rig) -> None:
    rig.mode = "api"
    agent = rig.agent("writer", writing()).consumes(Idea).publishes(Post).agent
    for requested in (True, False):
        rig.scheduler.start(agent, [], correlation_id=uuid4(), requested_stream=requested)
    await rig.scheduler.idle()
    decisions = [event.decision for event in rig.events() if isinstance(event, StreamDecision)]
    assert decisions == ["stream", "off"]


trace: ContextVar[str] = ContextVar("trace", default="none")


async def test_a_run_has_the_context_variables_of_its_publisher_and_keeps_its_own(rig: Rig) -> None:
    traces: list[str] = []

    def note(ctx: Context, inputs: EvalInputs) -> list[BaseModel]:
        traces.append(trace.get())
        trace.set(f"{trace.get()}, changed")
        return [Post()]

    rig.agent("writer", Working(work=note)).consumes(Idea).publishes(Post)
    token = trace.set("publisher")
    await rig.publish(Idea(), Idea())
    trace.reset(token)
    await rig.scheduler.idle()
    assert traces == ["publisher", "publisher"]
    assert trace.get() == "none"


async def test_a_run_that_takes_longer_than_its_engine_says_has_timed_out(rig: Rig) -> None:
    rig.agent("slow", Gated(total_timeout_s=0.01)).consumes(Idea).publishes(Post)
    await rig.work(Idea())
    (run,) = rig.runs_of("slow")
    assert error_of(run)[0] == DeadlineError.code
    assert "did not finish within 0.01 s" in error_of(run)[1]
    assert status_of(run) == "timed_out"
    check_streams(rig.events())


async def test_an_engine_is_prepared_before_its_run_counts_as_running(rig: Rig) -> None:
    class Prepared(Working):
        async def prepare(self) -> None:
            assert not [event for event in rig.events() if isinstance(event, AgentActivated)]
            prepared.append(rig.runs_of("writer")[0].state)

    prepared: list[str] = []
    rig.agent("writer", Prepared(work=lambda ctx, inputs: [Post()])).consumes(Idea).publishes(Post)
    await rig.work(Idea())
    assert status_of(rig.runs_of("writer")[0]) == "completed"
    assert prepared == ["queued"]


async def test_a_preparation_that_fails_or_hangs_fails_the_run(rig: Rig) -> None:
    class Broken(Working):
        async def prepare(self) -> None:
            raise ImportError("no such model")

    class Hanging(Working):
        async def prepare(self) -> None:
            await asyncio.Event().wait()

    rig.agent("broken", Broken(work=lambda ctx, inputs: [Post()])).consumes(Idea).publishes(Post)
    rig.agent("hanging", Hanging(work=lambda ctx, inputs: [Post()], total_timeout_s=0.01)).consumes(Idea).publishes(
        Post
    )
    await rig.work(Idea())
    assert error_of(rig.runs_of("broken")[0]) == ("FLK-RUN", "ImportError: no such model")
    assert status_of(rig.runs_of("hanging")[0]) == "timed_out"
    check_streams(rig.events())


async def test_a_timeout_of_the_engine_itself_is_a_plain_failure(rig: Rig) -> None:
    rig.agent("failing", failing(TimeoutError("no answer"))).consumes(Idea).publishes(Post)
    await rig.work(Idea())
    assert error_of(rig.runs_of("failing")[0]) == ("FLK-RUN", "TimeoutError: no answer")


# Turns


async def test_an_agent_runs_no_more_often_at_once_than_it_says(rig: Rig) -> None:
    engine = Gated(output=Post())
    rig.agent("writer", engine).consumes(Idea).publishes(Post).max_concurrency(2)
    await rig.publish(*[Idea(text=str(number)) for number in range(5)])
    await rig.until(AgentQueued, 3)
    assert rig.streams.queued == 3
    queued = [event for event in rig.events() if isinstance(event, AgentQueued)]
    assert "agent 'writer' does 2 runs at a time (max_concurrency)" in queued[0].reason
    engine.gate.set()
    await rig.scheduler.idle()
    assert engine.most == 2
    assert [inputs.first_as(Idea).text for inputs in engine.seen] == list("01234")
    assert rig.streams.queued == 0
    check_streams(rig.events())


async def test_no_more_runs_go_on_at_once_than_the_limit() -> None:
    rig = Rig(limits=Limits(max_parallel_runs=2))
    engine = Gated(output=Post())
    for name in ("one", "two", "three"):
        rig.agent(name, engine).consumes(Idea).publishes(Post)
    await rig.publish(Idea())
    await rig.until(AgentQueued)
    (queued,) = [event for event in rig.events() if isinstance(event, AgentQueued)]
    assert "the flock does 2 runs at a time (max_parallel_runs)" in queued.reason
    engine.gate.set()
    await rig.scheduler.idle()
    assert engine.most == 2


async def test_waiting_runs_start_by_priority_then_in_the_order_they_came() -> None:
    rig = Rig(limits=Limits(max_parallel_runs=1))
    gate = asyncio.Event()

    def agent(name: str, stream_priority: StreamPriority, priority: int) -> Agent:
        engine = Gated(output=Post(), gate=gate, stream_priority=stream_priority)
        return rig.agent(name, engine).consumes(Idea).publishes(Post).priority(priority).agent

    start = rig.scheduler.start
    start(agent("first", "low", 0), [], correlation_id=uuid4())
    for stream_priority, priority in (("low", 9), ("normal", 0), ("normal", 1), ("high", -1), ("high", -1)):
        name = f"{stream_priority} {priority} {len(rig.agents)}"
        start(agent(name, stream_priority, priority), [], correlation_id=uuid4())  # type: ignore[arg-type]  # literals
    await rig.until(AgentQueued, 5)
    gate.set()
    await rig.scheduler.idle()
    activated = [event.agent_name for event in rig.events() if isinstance(event, AgentActivated)]
    assert activated == ["first", "high -1 4", "high -1 5", "normal 1 3", "normal 0 2", "low 9 1"]


async def test_what_one_publication_sets_off_starts_by_priority(rig: Rig) -> None:
    for stream_priority in ("low", "normal", "high"):
        engine = Working(work=lambda ctx, inputs: [Post()], stream_priority=stream_priority)
        rig.agent(stream_priority, engine).consumes(Idea).publishes(Post)
    await rig.work(Idea())
    started = [event.agent_name for event in rig.events() if isinstance(event, StreamStarted)]
    assert started == ["high", "normal", "low"]


async def test_a_run_that_waits_for_others_lends_them_its_turn() -> None:
    rig = Rig(limits=Limits(max_parallel_runs=1))
    writer = rig.agent("writer", writing()).consumes(Idea).publishes(Post).agent

    class Boss(EngineComponent):
        async def evaluate(self, agent: AgentView, ctx: Context, inputs: EvalInputs) -> EvalResult:
            runs = [rig.scheduler.start(writer, inputs.artifacts, correlation_id=uuid4()) for _ in range(3)]
            ended = await asyncio.gather(*(rig.scheduler.wait(run.run_id) for run in runs))
            return EvalResult.of(*(run.artifacts[0].payload for run in ended))

    rig.agent("boss", Boss()).consumes(Fact).publishes(Post)
    await rig.work(Fact())
    (run,) = rig.runs_of("boss")
    assert len(run.artifacts) == 3
    assert [run.depth for run in rig.runs_of("writer")] == [1, 1, 1]
    await rig.work(Idea())
    assert len(rig.runs_of("writer")) == 4


# Loops


async def test_a_loop_of_agents_ends_with_one_clear_error_per_agent() -> None:
    rig = Rig(limits=Limits(max_runs_per_correlation=7))
    ping = Working(work=lambda ctx, inputs: [Fact(), Fact()])
    rig.agent("ping", ping).consumes(Idea).publishes(Fact)
    rig.agent("pong", Working(work=lambda ctx, inputs: [Idea(), Idea()])).consumes(Fact).publishes(Idea)
    (idea,) = await rig.work(Idea())
    ended = [status_of(run) for run in rig.runs.all()]
    assert ended.count("completed") == 7
    failed = [run for run in rig.runs.all() if status_of(run) == "failed"]
    assert {run.agent_name for run in failed} <= {"ping", "pong"}
    assert len(failed) == len({run.agent_name for run in failed})
    code, message = error_of(failed[0])
    assert code == LoopError.code
    for word in ("'ping'", "'pong'", str(idea.correlation_id), "max_runs_per_correlation"):
        assert word in message
    check_streams(rig.events())


async def test_a_chain_of_runs_ends_at_the_depth_limit() -> None:
    rig = Rig(limits=Limits(max_depth=4))
    rig.agent("ping", Working(work=lambda ctx, inputs: [Fact()])).consumes(Idea).publishes(Fact)
    rig.agent("pong", Working(work=lambda ctx, inputs: [Idea()])).consumes(Fact).publishes(Idea)
    await rig.work(Idea())
    runs = sorted(rig.runs.all(), key=lambda run: run.depth)
    assert [run.depth for run in runs] == [0, 1, 2, 3, 4, 5]
    assert [status_of(run) for run in runs] == ["completed"] * 5 + ["failed"]
    assert "max_depth" in error_of(runs[-1])[1]


async def test_another_correlation_is_not_touched_by_a_loop() -> None:
    rig = Rig(limits=Limits(max_runs_per_correlation=1))
    rig.agent("writer", writing()).consumes(Idea).publishes(Post)
    loop = uuid4()
    for correlation_id in (loop, loop, uuid4()):
        await rig.work(Idea(), correlation_id=correlation_id)
    assert [status_of(run) for run in rig.runs_of("writer")] == ["completed", "failed", "completed"]


async def test_the_budget_of_a_correlation_is_new_when_it_had_no_runs_for_a_while(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("flock.scheduling.budget.FORGET_AFTER_S", 0)
    rig = Rig(limits=Limits(max_runs_per_correlation=1))
    rig.agent("writer", writing()).consumes(Idea).publishes(Post)
    correlation_id = uuid4()
    for _ in range(3):
        await rig.work(Idea(), correlation_id=correlation_id)
    assert [status_of(run) for run in rig.runs_of("writer")] == ["completed"] * 3


async def test_an_engine_that_publishes_by_itself_cannot_loop_for_ever() -> None:
    rig = Rig(limits=Limits(max_depth=3))

    class Publishing(EngineComponent):
        async def evaluate(self, agent: AgentView, ctx: Context, inputs: EvalInputs) -> EvalResult:
            await rig.publish(Idea())
            return EvalResult.of(Post())

    rig.agent("writer", Publishing()).consumes(Idea).publishes(Post)
    await rig.work(Idea())
    assert [status_of(run) for run in rig.runs_of("writer")].count("completed") == 4
    assert [run.depth for run in rig.runs_of("writer")] == [0, 1, 2, 3, 4]


async def test_a_run_started_over_the_limit_has_failed_at_once() -> None:
    rig = Rig(limits=Limits(max_runs_per_correlation=1))
    agent = rig.agent("writer", writing()).consumes(Idea).publishes(Post).agent
    loop = uuid4()
    runs = [rig.scheduler.start(agent, [], correlation_id=loop) for _ in range(3)]
    assert [run.is_finished for run in runs] == [False, True, True]
    await rig.scheduler.idle()
    assert error_of(await rig.scheduler.wait(runs[2].run_id))[0] == LoopError.code


async def test_a_run_may_publish_so_many_artifacts_and_no_more() -> None:
    rig = Rig(limits=Limits(max_fan_out=3))
    rig.agent("writer", Working(work=lambda ctx, inputs: [Post()] * len(inputs.first_as(Idea).text))).consumes(
        Idea
    ).publishes(Post)
    await rig.work(Idea(text="xxx"), Idea(text="xxxx"))
    fits, failed = rig.runs_of("writer")
    assert status_of(fits) == "completed"
    code, message = error_of(failed)
    assert code == LoopError.code
    for word in ("'writer' publishes 4 artifacts", "more than 3", "Limits.max_fan_out"):
        assert word in message
    assert len(await rig.payloads(Post)) == 3


async def test_what_an_engine_publishes_by_itself_counts_as_published_by_its_run() -> None:
    rig = Rig(limits=Limits(max_fan_out=3))

    class Publishing(EngineComponent):
        async def evaluate(self, agent: AgentView, ctx: Context, inputs: EvalInputs) -> EvalResult:
            await rig.publish(Fact())
            await rig.publish(Fact())
            return EvalResult.of(*[Post()] * inputs.first_as(Idea).text.count("x"))

    rig.agent("writer", Publishing()).consumes(Idea).publishes(Post)
    for text in ("x", "xx"):
        await rig.work(Idea(text=text))
    assert [status_of(run) for run in rig.runs_of("writer")] == ["completed", "failed"]
    assert "publishes 4 artifacts" in error_of(rig.runs_of("writer")[1])[1]


async def test_a_publication_sets_off_so_many_runs_and_one_failed_one_per_agent_for_the_rest() -> None:
    rig = Rig(limits=Limits(max_fan_out=4))
    for name in ("one", "two", "first"):
        rig.agent(name, writing()).consumes(Idea).publishes(Post).priority(int(name == "first"))
    await rig.work(Idea(), Idea(), Idea())
    assert [status_of(run) for run in rig.runs_of("first")] == ["completed"] * 3
    rest = [run for name in ("one", "two") for run in rig.runs_of(name)]
    assert sorted(status_of(run) for run in rest) == ["completed", "failed", "failed"]
    (failed, _) = [run for run in rest if status_of(run) == "failed"]
    assert error_of(failed)[0] == LoopError.code
    assert "One publication sets off 9 runs, more than 4" in error_of(failed)[1]
    check_streams(rig.events())


# Overload


async def test_new_work_is_refused_while_too_many_runs_wait() -> None:
    rig = Rig(limits=Limits(max_waiting_runs=2))
    engine = Gated(output=Post())
    agent = rig.agent("writer", engine).consumes(Idea).publishes(Post).max_concurrency(1).agent
    idea = Artifact(type="SchedulerIdea", payload=Idea())
    rig.scheduler.start(agent, [], correlation_id=uuid4())
    await rig.until(AgentActivated)
    for _ in range(2):
        rig.scheduler.start(agent, [], correlation_id=uuid4())
    await rig.until(AgentQueued, 2)
    before = rig.events()
    with pytest.raises(OverloadedError, match="2 runs wait for their turn, and no more than 2 may"):
        await rig.publish(Idea())
    with pytest.raises(OverloadedError, match="max_waiting_runs"):
        rig.scheduler.start(agent, [], correlation_id=uuid4())
    with pytest.raises(OverloadedError):
        await rig.scheduler.note([idea])
    assert rig.events() == before
    assert await rig.payloads(Idea) == []
    engine.gate.set()
    await rig.scheduler.idle()
    await rig.work(Idea())
    assert [status_of(run) for run in rig.runs_of("writer")] == ["completed"] * 4


async def test_runs_cancelled_while_they_wait_make_room() -> None:
    rig = Rig(limits=Limits(max_waiting_runs=1))
    agent = rig.agent("writer", Gated()).consumes(Idea).publishes(Post).agent
    for _ in range(3):
        run = rig.scheduler.start(agent, [], correlation_id=uuid4())
        rig.scheduler.cancel(run.run_id)
        await rig.scheduler.idle()
    assert [status_of(run) for run in rig.runs_of("writer")] == ["cancelled"] * 3


async def test_runs_set_off_while_too_many_wait_fail_once_per_agent() -> None:
    rig = Rig(limits=Limits(max_waiting_runs=2))
    rig.agent("writer", writing()).consumes(Idea).publishes(Post)
    await rig.work(*[Idea()] * 5)
    assert [status_of(run) for run in rig.runs_of("writer")].count("completed") == 2
    (failed,) = [run for run in rig.runs_of("writer") if status_of(run) == "failed"]
    assert error_of(failed)[0] == OverloadedError.code
    check_streams(rig.events())


# Waiting for runs


async def test_a_run_can_be_waited_for_before_and_after_its_end(rig: Rig) -> None:
    agent = rig.agent("writer", writing()).consumes(Idea).publishes(Post).agent
    run = rig.scheduler.start(agent, [], correlation_id=UUID(int=1), retry_of="earlier")
    assert run.state == "queued"
    assert rig.runs.get(run.run_id) is run
    assert await rig.scheduler.wait(run.run_id) is run
    assert run.is_finished
    assert isinstance(rig.events()[-1], StreamingOutputEvent)
    assert await rig.scheduler.wait(run.run_id) is run
    assert (run.retry_of, run.correlation_id) == ("earlier", UUID(int=1))
    with pytest.raises(UnknownNameError):
        await rig.scheduler.wait("nobody")


async def test_a_run_that_would_wait_for_its_own_end_fails(rig: Rig) -> None:
    class Waiting(EngineComponent):
        async def evaluate(self, agent: AgentView, ctx: Context, inputs: EvalInputs) -> EvalResult:
            await (rig.scheduler.wait(ctx.task_id) if agent.name == "one" else rig.scheduler.idle())
            return EvalResult.of(Post())

    for name in ("one", "all"):
        rig.agent(name, Waiting()).consumes(Idea).publishes(Post)
    await rig.work(Idea())
    assert "waits for its own end" in error_of(rig.runs_of("one")[0])[1]
    assert "waits until nothing runs" in error_of(rig.runs_of("all")[0])[1]


async def test_inputs_of_a_started_run_are_not_published(rig: Rig) -> None:
    agent = rig.agent("writer", writing()).consumes(Idea).publishes(Post).agent
    idea = Artifact(type="SchedulerIdea", payload=Idea())
    run = rig.scheduler.start(agent, [idea], correlation_id=idea.correlation_id)
    await rig.scheduler.idle()
    assert await rig.board.get(idea.id) is None
    assert run.artifacts[0].derived_from == (idea.id,)


async def test_idle_waits_for_what_the_last_run_set_off_and_leaves_no_task(rig: Rig) -> None:
    rig.agent("writer", writing()).consumes(Idea).publishes(Post)
    rig.agent("reader", writing()).consumes(Post, from_agents=["writer"]).publishes(Post)
    before = asyncio.all_tasks()
    await rig.scheduler.idle()
    await rig.work(Idea())
    assert len(rig.runs_of("reader")) == 1
    assert asyncio.all_tasks() == before


async def test_artifacts_that_wait_for_a_join_are_no_work(rig: Rig) -> None:
    rig.agent("writer", writing()).consumes(Idea, Fact).publishes(Post)
    async with asyncio.timeout(5):
        await rig.work(Idea())
    assert not list(rig.runs.all())


def test_a_scheduler_works_on_several_loops_one_after_the_other() -> None:
    rig = Rig(limits=Limits(max_parallel_runs=1))
    rig.agent("one", writing()).consumes(Idea).publishes(Post)
    rig.agent("two", writing()).consumes(Idea).publishes(Post)
    for _ in range(3):
        asyncio.run(rig.work(Idea()))
    assert [status_of(run) for run in rig.runs.all()] == ["completed"] * 6


def test_starting_a_run_without_a_loop_leaves_no_trace() -> None:
    rig = Rig()
    agent = rig.agent("writer", writing()).consumes(Idea).publishes(Post).agent
    with pytest.raises(RuntimeError):
        rig.scheduler.start(agent, [], correlation_id=uuid4())
    assert rig.events() == []
    assert list(rig.runs.all()) == []


async def test_every_event_of_a_run_names_it(rig: Rig) -> None:
    rig.agent("writer", writing()).consumes(Idea).publishes(Post)
    await rig.work(Idea())
    (run,) = rig.runs_of("writer")
    ids = {(event.run_id, event.agent_name) for event in rig.events() if isinstance(event, RunEvent)}
    assert ids == {(run.run_id, "writer")}
