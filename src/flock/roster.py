"""The agents of one flock: unique names, complete before work begins, engines with the flock's defaults."""

import unicodedata
from collections.abc import Mapping
from contextlib import AsyncExitStack

from flock.agent import Agent, AgentBuilder
from flock.artifacts import EXTERNAL
from flock.engines.base import EngineComponent, ModelDefaults
from flock.errors import ConfigurationError, DuplicateNameError
from flock.redaction import Redactor
from flock.text import clean

MAX_NAME_CHARS = 128
"""How long an agent's name may be."""

_RESERVED = {EXTERNAL: "stands for what is published from outside", ".": "is a path", "..": "is a path"}


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
        """Start an agent; raises `DuplicateNameError` for a name in use, `ConfigurationError` for no name."""
        _check_name(name)
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
        """Close every engine, also where closing another one fails or is cancelled."""
        errors: list[Exception] = []

        async def close(engine: EngineComponent) -> None:
            try:
                await engine.aclose()
            except Exception as exc:  # noqa: BLE001  # one engine's failure leaves no other open
                errors.append(exc)

        async with AsyncExitStack() as ending:
            for engine in reversed(self._engines()):
                ending.push_async_callback(close, engine)
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


def _check_name(name: object) -> None:
    """Raise `ConfigurationError` for what cannot be part of an address, a line of a terminal or an event."""
    flaw = _flaw(name) if isinstance(name, str) else "is not a text"
    if flaw is not None:
        shown = f"{name[:40]!r}…" if isinstance(name, str) and len(name) > MAX_NAME_CHARS else repr(name)
        raise ConfigurationError(
            f"{shown} cannot name an agent: it {flaw}.", hint='Take a short word, for example flock.agent("writer").'
        )


def _flaw(name: str) -> str | None:
    """Say what is wrong with a name, None where it is good."""
    if not name.strip():
        return "is empty"
    if name != name.strip():
        return "begins or ends with a blank"
    if len(name) > MAX_NAME_CHARS:
        return f"has {len(name):,} characters, more than {MAX_NAME_CHARS}"
    if "/" in name:
        return "has a slash, which separates the parts of addresses"
    if clean(name) != name:
        return "has half a character"
    if any(unicodedata.category(char) in ("Cc", "Zl", "Zp") for char in name):
        return "has a control character"
    return _RESERVED.get(name)
