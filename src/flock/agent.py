"""Agents: what each consumes and publishes, with which engine; and the fluent builder."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from inspect import iscoroutinefunction, unwrap
from typing import Self

from pydantic import BaseModel

from flock.artifacts import types
from flock.engines.base import EngineComponent, Tool
from flock.errors import ConfigurationError, IncompleteAgentError
from flock.subscriptions import Subscription, Where
from flock.visibility import (
    PUBLIC,
    Identity,
    TenantVisibility,
    Visibility,
    check_labels,
    check_tenant,
    check_visibility,
    may_see,
)


@dataclass(slots=True, kw_only=True)
class Agent:
    """A definition. Its builder changes it until the first run; `check` says whether it is complete."""

    name: str
    description: str = ""
    subscriptions: list[Subscription] = field(default_factory=list)
    output_types: list[type[BaseModel]] = field(default_factory=list)
    output_visibilities: dict[str, Visibility] = field(default_factory=dict)
    labels: frozenset[str] = frozenset()
    tenant: str | None = None
    engine: EngineComponent | None = None
    tools: list[Tool] = field(default_factory=list)
    max_concurrency: int = 8
    priority: int = 0
    prevent_self_trigger: bool = True
    awaited_types: set[str] = field(init=False)

    def __post_init__(self) -> None:
        self.awaited_types = {name for subscription in self.subscriptions for name in subscription.types}

    @property
    def identity(self) -> Identity:
        """As whom it looks at the board."""
        return Identity(agent=self.name, labels=self.labels, tenant=self.tenant)

    @property
    def visibility(self) -> Visibility:
        """Who may know of it: its tenant, everybody where it has none."""
        return PUBLIC if self.tenant is None else TenantVisibility(self.tenant)

    def is_seen_by(self, identity: Identity) -> bool:
        """Whether somebody may know of the agent."""
        return may_see(identity, self.visibility)

    def subscribe(self, subscription: Subscription) -> None:
        """Wait for what this subscription takes, too."""
        self.subscriptions.append(subscription)
        self.awaited_types.update(subscription.types)

    @property
    def output_names(self) -> list[str]:
        """Names of the artifact types it publishes, in order."""
        return [types.name(model) for model in self.output_types]

    @property
    def input_names(self) -> list[str]:
        """Names of the artifact types it consumes, each once, in order."""
        return list(dict.fromkeys(name for subscription in self.subscriptions for name in subscription.types))

    def check(self) -> EngineComponent:
        """Give the engine of a complete agent; raises `IncompleteAgentError` or the engine's `ConfigurationError`."""
        if not self.subscriptions:
            raise IncompleteAgentError(f"Agent {self.name!r} consumes nothing.", hint="Add .consumes(SomeType).")
        return self.check_engine()

    def check_engine(self) -> EngineComponent:
        """Give the engine of an agent that can be run by name, whatever it consumes."""
        if not self.output_types:
            raise IncompleteAgentError(f"Agent {self.name!r} publishes nothing.", hint="Add .publishes(SomeType).")
        if self.engine is None:
            raise IncompleteAgentError(
                f"Agent {self.name!r} has no engine.",
                hint="Give the flock a model, Flock('openai/gpt-4.1-mini'), or the agent an engine, .engine(...).",
            )
        self.engine.check(self)
        return self.engine


class AgentBuilder:
    """Builds one agent, call by call. Every method returns the builder."""

    def __init__(self, agent: Agent, *, bind: Callable[[EngineComponent], None]) -> None:
        self.agent = agent
        self._bind = bind

    @property
    def name(self) -> str:
        """The agent's name."""
        return self.agent.name

    def description(self, text: str) -> Self:
        """Say what the agent does; the model reads it as its instructions."""
        if not isinstance(text, str):
            raise ConfigurationError(
                f"The description of {self.name!r} is {text!r}.", hint="Say in a text what the agent does."
            )
        self.agent.description = text
        return self

    def consumes(
        self,
        *models: type[BaseModel],
        where: Where | None = None,
        tags: Iterable[str] = (),
        from_agents: Iterable[str] = (),
    ) -> Self:
        """Run the agent on these types: several in one call wait for one of each, chained calls mean any.

        `where` gets a payload and says whether to take it; `tags` must all be on an artifact; `from_agents` limits
        whose artifacts count. Raises `ConfigurationError` for a class that is not a flock type.
        """
        names = tuple(types.name(model) for model in models)
        if not names:
            raise ConfigurationError(f"consumes() of {self.name!r} names no type.", hint="Pass @flock_type classes.")
        if len(set(names)) < len(names):
            raise ConfigurationError(f"consumes() of {self.name!r} names a type twice: {', '.join(names)}.")
        if where is not None and not callable(where):
            raise ConfigurationError(
                f"The where of {self.name!r} is {where!r}, which cannot be called.",
                hint="Pass a function of the payload, for example where=lambda idea: idea.stars > 3.",
            )
        if iscoroutinefunction(where):
            raise ConfigurationError(
                f"The where of {self.name!r} is asynchronous.",
                hint="Make it a plain function that gives True or False.",
            )
        subscription = Subscription(names, where, frozenset(_names(tags)), frozenset(_names(from_agents)))
        self.agent.subscribe(subscription)
        return self

    def publishes(self, *models: type[BaseModel], visibility: Visibility | None = None) -> Self:
        """Say which types a run makes, one artifact of each, and who may see these.

        Without a `visibility` an artifact is seen by those who may see all inputs of its run (and, where the agent has
        a tenant, are of it). The live stream of a run is seen by those who may see all its inputs and all its outputs.
        Raises `ConfigurationError` for a class that is not a flock type, a type named twice, and what is no visibility.
        """
        output_types = [*self.agent.output_types, *models]
        names = [types.name(model) for model in output_types]
        for name in names:
            if names.count(name) > 1:
                raise ConfigurationError(f"Agent {self.name!r} publishes {name!r} twice.")
        if visibility is not None:
            check_visibility(visibility)
            self.agent.output_visibilities |= {types.name(model): visibility for model in models}
        self.agent.output_types = output_types
        return self

    def identity(self, *, labels: Iterable[str] = (), tenant: str | None = None) -> Self:
        """Say as whom the agent looks at the board: it is set off by, and reads, only what it may see.

        An agent with a tenant is known to this tenant alone, but for what it publishes with a wider `visibility`.
        Labels of several calls add up. Raises `ConfigurationError` for what is no label or tenant, and for a second
        tenant.
        """
        self.agent.labels |= check_labels(labels)
        if tenant is not None:
            if self.agent.tenant not in (None, check_tenant(tenant)):
                raise ConfigurationError(
                    f"Agent {self.name!r} is of tenant {self.agent.tenant!r} already.",
                    hint=f"Make an agent of its own for {tenant!r}.",
                )
            self.agent.tenant = tenant
        return self

    def engine(self, engine: EngineComponent) -> Self:
        """Give the agent its engine."""
        if not isinstance(engine, EngineComponent):
            raise ConfigurationError(f"{engine!r} is not an engine.", hint="Derive it from EngineComponent.")
        if not iscoroutinefunction(unwrap(engine.evaluate)):
            raise ConfigurationError(
                f"The evaluate of {type(engine).__name__} is not a coroutine function.",
                hint="Make it `async def evaluate(self, agent, ctx, inputs)`, and return an EvalResult.",
            )
        self._bind(engine)
        self.agent.engine = engine
        return self

    def tools(self, *tools: Tool) -> Self:
        """Let the model call these functions, plain or async."""
        for tool in tools:
            if not callable(tool):
                raise ConfigurationError(
                    f"A tool of {self.name!r} is {tool!r}, which cannot be called.",
                    hint="Pass functions, for example .tools(look_up).",
                )
        self.agent.tools.extend(tools)
        return self

    def max_concurrency(self, runs: int) -> Self:
        """Let at most this many runs of the agent go on at once; more wait."""
        _check_whole("max_concurrency", self.name, runs)
        if runs < 1:
            raise ConfigurationError(f"max_concurrency of {self.name!r} is {runs}.", hint="It must be at least 1.")
        self.agent.max_concurrency = runs
        return self

    def priority(self, priority: int) -> Self:
        """Start this agent's waiting runs before those of agents with a lower number. Default 0."""
        _check_whole("priority", self.name, priority)
        self.agent.priority = priority
        return self

    def prevent_self_trigger(self, prevent: bool = True) -> Self:  # noqa: FBT001, FBT002  # reads as a sentence
        """Keep the agent from running on what it published itself; on by default."""
        self.agent.prevent_self_trigger = prevent
        return self


def _check_whole(setting: str, agent_name: str, value: object) -> None:
    if not isinstance(value, int) or isinstance(value, bool):
        raise ConfigurationError(
            f"{setting} of {agent_name!r} is {value!r}.", hint=f"It must be a whole number: .{setting}(2)."
        )


def _names(names: Iterable[str]) -> Sequence[str]:
    return [names] if isinstance(names, str) else list(names)
