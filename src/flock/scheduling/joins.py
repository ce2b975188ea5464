"""Joins that wait: artifacts kept until one of each type is there for the same correlation id."""

import logging
from collections import OrderedDict, deque
from typing import NamedTuple
from uuid import UUID

from flock.artifacts import Artifact
from flock.subscriptions import Subscription

logger = logging.getLogger(__name__)


class _Place(NamedTuple):
    """One type of one subscription of one agent, for one correlation."""

    agent_name: str
    subscription: int
    correlation_id: UUID
    type: str


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
