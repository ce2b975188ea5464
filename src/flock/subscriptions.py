"""What an agent consumes: types, conditions, and whether it waits for all of them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flock.artifacts import Artifact

Where = Callable[[Any], bool]
"""A condition on a payload. It gets the pydantic model; an exception in it fails the run it was asked for."""


@dataclass(frozen=True, slots=True)
class Subscription:
    """One `consumes(...)`: with several types the agent waits for one of each, per correlation id.

    `tags` must all be on the artifact; `from_agents` are the producers accepted, none means any.
    """

    types: tuple[str, ...]
    where: Where | None = None
    tags: frozenset[str] = frozenset()
    from_agents: frozenset[str] = frozenset()

    @property
    def is_join(self) -> bool:
        """Whether several artifacts are needed for one run."""
        return len(self.types) > 1

    def accepts(self, artifact: Artifact) -> bool:
        """Whether this artifact is one the subscription takes. `where` is asked last, and may raise."""
        return (
            artifact.type in self.types
            and self.tags <= artifact.tags
            and (not self.from_agents or artifact.produced_by in self.from_agents)
            and (self.where is None or bool(self.where(artifact.payload)))
        )
