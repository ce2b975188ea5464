"""Which agents an artifact sets off, and on which inputs."""

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from flock.agent import Agent
from flock.artifacts import Artifact
from flock.errors import WhereError
from flock.scheduling.joins import Joins, PendingJoin
from flock.visibility import Identity


class Trigger(NamedTuple):
    """A run that is due: of this agent on these inputs, or one that fails because a `where` raised."""

    agent: Agent
    inputs: tuple[Artifact, ...]
    error: WhereError | None = None


class Matcher:
    """Holds artifacts against the subscriptions of agents that may see them, and keeps those that wait for partners.

    Of the subscriptions that want one artifact, however many match, an agent gets one run; each join gets its own.
    """

    def __init__(self, *, max_pending_joins: int) -> None:
        self._joins = Joins(max_pending_joins)

    def triggers(self, agents: Iterable[Agent], artifact: Artifact) -> Iterator[Trigger]:
        """Yield the runs this artifact sets off, agent by agent."""
        for agent in [agent for agent in agents if artifact.type in agent.awaited_types]:
            is_own = agent.prevent_self_trigger and artifact.produced_by == agent.name
            if not is_own and artifact.is_seen_by(agent.identity):
                yield from self._triggers_of(agent, artifact)

    def pending_joins(self, agents: Mapping[str, Agent], *, seen_by: Identity) -> list[PendingJoin]:
        """Give what waits for its partners, oldest first, of what `seen_by` may see."""
        return self._joins.pending(agents, seen_by=seen_by)

    def _triggers_of(self, agent: Agent, artifact: Artifact) -> Iterator[Trigger]:
        is_taken = False
        for index, subscription in enumerate(agent.subscriptions):
            if is_taken and not subscription.is_join:
                continue
            try:
                if not subscription.accepts(artifact):
                    continue
            except (Exception, SystemExit) as exc:  # noqa: BLE001 - fails one run of this agent only
                yield Trigger(agent, (artifact,), _where_error(agent, artifact, exc))
                continue
            if not subscription.is_join:
                is_taken = True
                yield Trigger(agent, (artifact,))
            elif inputs := self._joins.offer(agent.name, index, subscription, artifact):
                yield Trigger(agent, inputs)


def _where_error(agent: Agent, artifact: Artifact, cause: Exception | SystemExit) -> WhereError:
    error = WhereError(
        f"The where of agent {agent.name!r} raised on {artifact.type!r} artifact {artifact.id}:"
        f" {type(cause).__name__}: {cause}.",
        hint="A where gets the payload and gives True or False.",
    )
    error.__cause__ = cause
    return error
