"""The agents of one flock: unique names, complete before work begins, engines with the flock's defaults."""

from collections.abc import Mapping

from flock.agent import Agent, AgentBuilder
from flock.engines.base import EngineComponent, ModelDefaults
from flock.errors import ConfigurationError, DuplicateNameError
from flock.redaction import Redactor
from flock.text import clean


class Roster:
    """Agents by name, and what they get where they do not say it themselves."""

    def __init__(self, defaults: ModelDefaults, redactor: Redactor) -> None:
        self.defaults = defaults
        self._redactor = redactor
        self._agents: dict[str, Agent] = {}

    @property
    def agents(self) -> Mapping[str, Agent]:
        """All agents by name, in the order they were made."""
        return self._agents

    def add(self, name: str) -> AgentBuilder:
        """Start an agent; raises `DuplicateNameError` for a name in use, `ConfigurationError` for an empty one."""
        if not name.strip() or clean(name) != name:
            raise ConfigurationError(f"{name!r} cannot name an agent.", hint='For example flock.agent("writer").')
        if name in self._agents:
            raise DuplicateNameError(f"There is an agent {name!r} already.", hint="Give this one another name.")
        agent = self._agents[name] = Agent(name=name)
        return AgentBuilder(agent, bind=self._bind)

    def check(self) -> None:
        """Raise `ConfigurationError` unless every agent is complete."""
        for agent in self._agents.values():
            self._complete(agent)
            agent.check()

    def check_runnable(self, agent: Agent) -> None:
        """Raise `ConfigurationError` unless this agent can be run by name."""
        self._complete(agent)
        agent.check_engine()

    async def prepare(self) -> None:
        """Load what the engines' first runs need."""
        for engine in self._engines():
            await engine.prepare()

    async def aclose(self) -> None:
        """Close every engine, also where closing another one fails."""
        errors: list[Exception] = []
        for engine in self._engines():
            try:
                await engine.aclose()
            except Exception as exc:  # noqa: BLE001  # one engine's failure leaves no other open
                errors.append(exc)
        if errors:
            raise ExceptionGroup("engines did not close", errors)

    def _engines(self) -> list[EngineComponent]:
        """Give every engine once."""
        engines = {id(agent.engine): agent.engine for agent in self._agents.values() if agent.engine is not None}
        return list(engines.values())

    def _complete(self, agent: Agent) -> None:
        """Give an agent without an engine the default one, where there is a model for it."""
        if agent.engine is None and self.defaults.model is not None:
            from flock.engines.dspy_engine import DSPyEngine

            engine = DSPyEngine()
            self._bind(engine)
            agent.engine = engine

    def _bind(self, engine: EngineComponent) -> None:
        engine.bind(self.defaults, self._redactor)
