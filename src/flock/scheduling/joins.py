"""Joins that wait: artifacts kept until one of each type is there for the same correlation id."""

import logging
from collections import OrderedDict, defaultdict, deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple
from uuid import UUID

from flock.agent import Agent
from flock.artifacts import Artifact
from flock.subscriptions import Subscription
from flock.visibility import OPERATOR, Identity

logger = logging.getLogger(__name__)


class _Place(NamedTuple):
    """One type of one subscription of one agent, for one correlation."""

    agent_name: str
    subscription: int
    correlation_id: UUID
    type: str


@dataclass(frozen=True, slots=True)
class PendingJoin:
    """What waits for its partners: for one agent, of one correlation.

    `arrived` are artifacts of one type each, in the order they came, `awaited` the types of which none is there.
    `number` grows with the time at which the first of them came.
    """

    number: int
    agent_name: str
    correlation_id: UUID
    arrived: Sequence[Sequence[Artifact]]
    awaited: Sequence[str]

    def to_wire(self) -> dict[str, Any]:
        """Give the JSON form."""
        return {
            "agent": self.agent_name,
            "correlation_id": str(self.correlation_id),
            "arrived": [
                {"type": kind[0].type, "count": len(kind), "artifact_id": str(kind[0].id)} for kind in self.arrived
            ],
            "awaited": list(self.awaited),
            "since": min(kind[0].created_at for kind in self.arrived).isoformat(),
        }


class Joins:
    """Artifacts that wait for their partners, first in, first out per type.

    At most `max_waiting` wait, over all agents and correlations; the oldest is dropped, and logged, for a new one.
    """

    def __init__(self, max_waiting: int) -> None:
        self.max_waiting = max_waiting
        self._waiting: OrderedDict[int, _Place] = OrderedDict()
        self._queues: dict[_Place, deque[tuple[int, Artifact]]] = {}
        self._arrivals = 0

    def __len__(self) -> int:
        return len(self._waiting)

    def offer(
        self, agent_name: str, index: int, subscription: Subscription, artifact: Artifact
    ) -> tuple[Artifact, ...]:
        """Add an artifact that the agent's subscription number `index` accepts.

        Gives one artifact of each type, in the order of `consumes`, where the set is complete now, else nothing.
        """
        places = [_Place(agent_name, index, artifact.correlation_id, name) for name in subscription.types]
        self._keep(_Place(agent_name, index, artifact.correlation_id, artifact.type), artifact)
        if all(place in self._queues for place in places):
            return tuple(self._take(place) for place in places)
        self._bound()
        return ()

    def pending(self, agents: Mapping[str, Agent], *, seen_by: Identity = OPERATOR) -> list[PendingJoin]:
        """Give what waits, oldest first, of the agents and artifacts that `seen_by` may see."""
        groups: defaultdict[tuple[str, int, UUID], dict[str, list[tuple[int, Artifact]]]] = defaultdict(dict)
        for place, queue in self._queues.items():
            if agents[place.agent_name].is_seen_by(seen_by):
                seen = [(number, artifact) for number, artifact in queue if artifact.is_seen_by(seen_by)]
                if seen:
                    groups[place.agent_name, place.subscription, place.correlation_id][place.type] = seen
        found: list[PendingJoin] = []
        for (name, index, correlation_id), arrived in groups.items():
            wanted = agents[name].subscriptions[index].types
            waiting = [[artifact for _, artifact in arrived[kind]] for kind in wanted if kind in arrived]
            number = min(queue[0][0] for queue in arrived.values())
            awaited = [kind for kind in wanted if kind not in arrived]
            found.append(PendingJoin(number, name, correlation_id, waiting, awaited))
        return sorted(found, key=lambda join: join.number)

    def _keep(self, place: _Place, artifact: Artifact) -> None:
        self._arrivals += 1
        self._waiting[self._arrivals] = place
        self._queues.setdefault(place, deque()).append((self._arrivals, artifact))

    def _take(self, place: _Place) -> Artifact:
        queue = self._queues[place]
        number, artifact = queue.popleft()
        if not queue:
            del self._queues[place]
        del self._waiting[number]
        return artifact

    def _bound(self) -> None:
        while len(self._waiting) > self.max_waiting:
            place = next(iter(self._waiting.values()))
            dropped = self._take(place)
            logger.warning(
                "Dropped artifact %s of type %r: agent %r waits for its partners, and more than %s artifacts wait",
                dropped.id,
                dropped.type,
                place.agent_name,
                self.max_waiting,
            )
