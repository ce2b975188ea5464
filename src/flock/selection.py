"""What a viewer wants to see, by run, correlation, agent or artifact type, of what it may see."""

from collections.abc import Iterable
from dataclasses import dataclass

from flock.events import ArtifactPublished, Event, Stream
from flock.visibility import OPERATOR, Identity, Visibility, may_see


@dataclass(frozen=True, slots=True)
class Selection:
    """Values of one key mean any of them, several keys mean all of them, an empty key means no restriction.

    A stream is selected whole, by its constants, so that its sequences stay contiguous: `type` selects the streams
    of runs that publish one of these types. Of all that, what `seen_by` may not see is left out.
    """

    run_id: frozenset[str] = frozenset()
    correlation_id: frozenset[str] = frozenset()
    agent: frozenset[str] = frozenset()
    type: frozenset[str] = frozenset()
    seen_by: Identity = OPERATOR

    @classmethod
    def of(
        cls,
        *,
        run_id: Iterable[str] = (),
        correlation_id: Iterable[str] = (),
        agent: Iterable[str] = (),
        type: Iterable[str] = (),
        seen_by: Identity = OPERATOR,
    ) -> "Selection":
        """Make a selection; values of one key are alternatives."""
        return cls(frozenset(run_id), frozenset(correlation_id), frozenset(agent), frozenset(type), seen_by)

    @property
    def is_everything(self) -> bool:
        """Whether nothing is left out."""
        return self.seen_by.sees_all and not (self.run_id or self.correlation_id or self.agent or self.type)

    def takes_stream(self, stream: Stream) -> bool:
        """Whether this stream's events are selected."""
        return self._wants_stream(stream) and may_see(self.seen_by, stream.visibility)

    def takes(self, event: Event, stream: Stream | None, visibility: Visibility | None = None) -> bool:
        """Whether an event, of this stream or of none, is selected; its own `visibility` goes before the stream's."""
        if self.is_everything:
            return True
        wants = self._wants(event) if stream is None else self._wants_stream(stream)
        return wants and self._may_see(stream.visibility if visibility is None and stream is not None else visibility)

    def _may_see(self, visibility: Visibility | None) -> bool:
        """Whether the viewer may see what has this visibility; without any it is about the whole process."""
        return self.seen_by.tenant is None if visibility is None else may_see(self.seen_by, visibility)

    def _wants_stream(self, stream: Stream) -> bool:
        return (
            (not self.run_id or stream.run_id in self.run_id)
            and (not self.correlation_id or stream.correlation_id in self.correlation_id)
            and (not self.agent or stream.agent_name in self.agent)
            and (not self.type or any(slot.type in self.type for slot in stream.artifacts))
        )

    def _wants(self, event: Event) -> bool:
        match event:
            case ArtifactPublished():
                return (
                    not self.run_id
                    and (not self.correlation_id or event.correlation_id in self.correlation_id)
                    and (not self.agent or event.agent_name in self.agent)
                    and (not self.type or event.artifact_type in self.type)
                )
            case _:
                return not (self.run_id or self.correlation_id or self.agent or self.type)


EVERYTHING = Selection()
