"""What a viewer wants to see: by run, correlation, agent or artifact type."""

from collections.abc import Iterable
from dataclasses import dataclass

from flock.events import ArtifactPublished, Event, Stream


@dataclass(frozen=True, slots=True)
class Selection:
    """Values of one key mean any of them, several keys mean all of them, an empty key means no restriction.

    A stream is selected whole, by its constants, so that its sequences stay contiguous: `type` selects the streams
    of runs that publish one of these types.
    """

    run_id: frozenset[str] = frozenset()
    correlation_id: frozenset[str] = frozenset()
    agent: frozenset[str] = frozenset()
    type: frozenset[str] = frozenset()

    @classmethod
    def of(
        cls,
        *,
        run_id: Iterable[str] = (),
        correlation_id: Iterable[str] = (),
        agent: Iterable[str] = (),
        type: Iterable[str] = (),
    ) -> "Selection":
        """Make a selection; values of one key are alternatives."""
        return cls(frozenset(run_id), frozenset(correlation_id), frozenset(agent), frozenset(type))

    @property
    def is_everything(self) -> bool:
        """Whether nothing is left out."""
        return not (self.run_id or self.correlation_id or self.agent or self.type)

    def takes_stream(self, stream: Stream) -> bool:
        """Whether this stream's events are selected."""
        return (
            (not self.run_id or stream.run_id in self.run_id)
            and (not self.correlation_id or stream.correlation_id in self.correlation_id)
            and (not self.agent or stream.agent_name in self.agent)
            and (not self.type or any(slot.type in self.type for slot in stream.artifacts))
        )

    def takes(self, event: Event, stream: Stream | None) -> bool:
        """Whether an event, of this stream or of none, is selected."""
        if self.is_everything:
            return True
        if stream is not None:
            return self.takes_stream(stream)
        match event:
            case ArtifactPublished():
                return (
                    not self.run_id
                    and (not self.correlation_id or event.correlation_id in self.correlation_id)
                    and (not self.agent or event.agent_name in self.agent)
                    and (not self.type or event.artifact_type in self.type)
                )
            case _:
                return False


EVERYTHING = Selection()
