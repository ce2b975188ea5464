"""Agents and the builder that makes them."""

from collections.abc import Callable
from functools import wraps
from typing import Any

import pytest
from pydantic import BaseModel

from flock.agent import Agent, AgentBuilder
from flock.artifacts import flock_type
from flock.engines.base import AgentView, EngineComponent
from flock.errors import ConfigurationError, IncompleteAgentError
from flock.runtime import Context, EvalInputs, EvalResult
from flock.subscriptions import Subscription
from tests.engines import Working


@flock_type(name="AgentIdea")
class Idea(BaseModel):
    stars: int = 0


@flock_type(name="AgentFact")
class Fact(BaseModel):
    pass


@flock_type(name="AgentPost")
class Post(BaseModel):
    pass


class Stranger(BaseModel):
    pass


class Particular(Working):
    """An engine that wants descriptions."""

    def check(self, agent: AgentView) -> None:
        if not agent.description:
            raise ConfigurationError(f"Agent {agent.name!r} has no description.")


@pytest.fixture
def bound() -> list[EngineComponent]:
    """The engines the builder bound."""
    return []


@pytest.fixture
def builder(bound: list[EngineComponent]) -> AgentBuilder:
    return AgentBuilder(Agent(name="writer"), bind=bound.append)


def idle() -> Working:
    return Working(work=lambda ctx, inputs: [])


def test_a_builder_says_everything_about_an_agent(builder: AgentBuilder, bound: list[EngineComponent]) -> None:
    engine, where = idle(), bool

    def tool() -> None: ...

    built = (
        builder.description("Writes")
        .consumes(Idea, where=where, tags=["a", "b"], from_agents=["thinker"])
        .consumes(Idea, Fact)
        .publishes(Post)
        .publishes(Fact)
        .engine(engine)
        .tools(tool)
        .tools(tool)
        .max_concurrency(2)
        .priority(5)
        .prevent_self_trigger(False)
    )
    agent = builder.agent
    assert built is builder
    assert (builder.name, agent.name, agent.description) == ("writer", "writer", "Writes")
    assert agent.subscriptions == [
        Subscription(("AgentIdea",), where, frozenset("ab"), frozenset({"thinker"})),
        Subscription(("AgentIdea", "AgentFact")),
    ]
    assert agent.input_names == ["AgentIdea", "AgentFact"]
    assert agent.output_names == ["AgentPost", "AgentFact"]
    assert agent.engine is engine
    assert bound == [engine]
    assert agent.tools == [tool, tool]
    assert (agent.max_concurrency, agent.priority, agent.prevent_self_trigger) == (2, 5, False)


def test_an_agent_is_not_set_off_by_itself_by_default() -> None:
    assert Agent(name="writer").prevent_self_trigger


def test_one_tag_or_producer_may_be_given_as_text(builder: AgentBuilder) -> None:
    builder.consumes(Idea, tags="urgent", from_agents="thinker")
    (subscription,) = builder.agent.subscriptions
    assert (subscription.tags, subscription.from_agents) == (frozenset({"urgent"}), frozenset({"thinker"}))


@pytest.mark.parametrize(
    ("models", "complaint"),
    [
        ([], "names no type"),
        ([Idea, Idea], "names a type twice: AgentIdea, AgentIdea"),
        ([Stranger], "'Stranger' is not a flock type"),
        (["AgentIdea"], "'AgentIdea' is not a flock type"),
    ],
)
def test_what_cannot_be_consumed_is_refused(builder: AgentBuilder, models: list[Any], complaint: str) -> None:
    with pytest.raises(ConfigurationError, match=complaint):
        builder.consumes(*models)
    assert builder.agent.subscriptions == []


def test_a_where_that_would_have_to_be_awaited_is_refused(builder: AgentBuilder) -> None:
    async def where(idea: Idea) -> bool:
        return True

    with pytest.raises(ConfigurationError, match="where of 'writer' is asynchronous"):
        builder.consumes(Idea, where=where)  # type: ignore[arg-type]  # the mistake under test


@pytest.mark.parametrize(
    ("models", "complaint"),
    [
        ([Post, Post], "publishes 'AgentPost' twice"),
        ([Fact], "publishes 'AgentFact' twice"),
        ([Stranger], "'Stranger' is not a flock type"),
    ],
)
def test_what_cannot_be_published_is_refused(builder: AgentBuilder, models: list[Any], complaint: str) -> None:
    builder.publishes(Fact)
    with pytest.raises(ConfigurationError, match=complaint):
        builder.publishes(*models)
    assert builder.agent.output_names == ["AgentFact"]


def test_what_is_no_engine_is_refused(builder: AgentBuilder) -> None:
    with pytest.raises(ConfigurationError, match="is not an engine"):
        builder.engine("demo/writer")  # type: ignore[arg-type]  # the mistake under test


class Plain(EngineComponent):
    """An engine whose evaluate cannot be awaited."""

    def evaluate(self, agent: AgentView, ctx: Context, inputs: EvalInputs) -> EvalResult:  # type: ignore[override]  # the mistake under test
        return EvalResult.of()


def logged(evaluate: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(evaluate)
    def wrapper(*args: object) -> object:
        return evaluate(*args)

    return wrapper


class Logged(EngineComponent):
    """An engine whose evaluate is decorated."""

    @logged
    async def evaluate(self, agent: AgentView, ctx: Context, inputs: EvalInputs) -> EvalResult:
        return EvalResult.of()


def test_an_engine_that_cannot_be_awaited_is_refused(builder: AgentBuilder, bound: list[EngineComponent]) -> None:
    with pytest.raises(ConfigurationError, match=r"evaluate of Plain is not a coroutine function.*`async def evaluate"):
        builder.engine(Plain())
    assert builder.agent.engine is None
    assert bound == []


def test_an_engine_whose_evaluate_is_decorated_is_taken(builder: AgentBuilder) -> None:
    engine = Logged()
    assert builder.engine(engine).agent.engine is engine


@pytest.mark.parametrize(
    ("mistake", "complaint"),
    [
        (lambda builder: builder.tools(print, "look_up"), "tool of 'writer' is 'look_up', which cannot be called"),
        (lambda builder: builder.consumes(Idea, where="stars"), "where of 'writer' is 'stars', which cannot be called"),
        (lambda builder: builder.priority("very"), "priority of 'writer' is 'very'.*whole number"),
        (lambda builder: builder.priority(True), "priority of 'writer' is True.*whole number"),
        (lambda builder: builder.description(5), "description of 'writer' is 5"),
        (lambda builder: builder.max_concurrency("2"), "max_concurrency of 'writer' is '2'.*whole number"),
        (lambda builder: builder.max_concurrency(1.5), "max_concurrency of 'writer' is 1.5.*whole number"),
    ],
)
def test_a_setting_of_the_wrong_kind_is_refused_at_once(
    builder: AgentBuilder, mistake: Callable[[AgentBuilder], object], complaint: str
) -> None:
    with pytest.raises(ConfigurationError, match=complaint):
        mistake(builder)
    assert builder.agent == Agent(name="writer")


def test_an_agent_needs_at_least_one_run_at_once(builder: AgentBuilder) -> None:
    with pytest.raises(ConfigurationError, match="at least 1"):
        builder.max_concurrency(0)


def test_an_agent_is_complete_with_inputs_outputs_and_an_engine(builder: AgentBuilder) -> None:
    agent, engine = builder.agent, idle()
    with pytest.raises(IncompleteAgentError, match="'writer' consumes nothing"):
        agent.check()
    builder.consumes(Idea)
    with pytest.raises(IncompleteAgentError, match="'writer' publishes nothing"):
        agent.check()
    builder.publishes(Post)
    with pytest.raises(IncompleteAgentError, match="'writer' has no engine"):
        agent.check()
    builder.engine(engine)
    assert agent.check() is engine


def test_an_agent_that_is_run_by_name_need_not_consume(builder: AgentBuilder) -> None:
    engine = idle()
    assert builder.publishes(Post).engine(engine).agent.check_engine() is engine


def test_an_engine_may_find_its_agent_wanting(builder: AgentBuilder) -> None:
    builder.consumes(Idea).publishes(Post).engine(Particular(work=lambda ctx, inputs: []))
    with pytest.raises(ConfigurationError, match="no description"):
        builder.agent.check()
    builder.description("Writes").agent.check()
