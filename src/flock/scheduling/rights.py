"""Who may see a run and what it makes: fixed when the run starts."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from flock.agent import Agent
from flock.artifacts import Artifact
from flock.visibility import PUBLIC, Visibility, remaining, settled, shared


@dataclass(frozen=True, slots=True)
class Rights:
    """Who may see all that a run reads, its stream, and its artifacts by their type's name."""

    read: Visibility
    stream: Visibility
    outputs: Mapping[str, Visibility]


def rights_of(agent: Agent, inputs: Sequence[Artifact]) -> Rights:
    """Give the rights of a run of this agent on these inputs, as of now.

    An artifact is seen as its agent's `publishes` says; where that names no visibility, by those who may see all
    inputs and the agent, and with them all that the run reads on the board. A stream quotes what its run reads and
    writes, in reasoning, tool calls and errors, too: it is seen by those who may see all inputs, all outputs and the
    agent.
    """
    if agent.visibility == PUBLIC and all(one.visibility == PUBLIC for one in inputs):
        return Rights(PUBLIC, stream_visibility(agent, ()), _outputs(agent, PUBLIC))  # most are, and ages do not matter
    seen = [settled(artifact.visibility, age_s=artifact.age_s) for artifact in inputs]
    read = shared([agent.visibility, *seen])
    made_of_it = shared([agent.visibility, *(remaining(one.visibility, age_s=one.age_s) for one in inputs)])
    return Rights(read, stream_visibility(agent, seen), _outputs(agent, made_of_it))


def stream_visibility(agent: Agent, inputs: Iterable[Visibility]) -> Visibility:
    """Give who may see the stream of a run of this agent on inputs of these visibilities."""
    outputs = (settled(visibility, age_s=0.0) for visibility in agent.output_visibilities.values())
    return shared([agent.visibility, *inputs, *outputs])


def _outputs(agent: Agent, made_of_it: Visibility) -> Mapping[str, Visibility]:
    return {name: agent.output_visibilities.get(name, made_of_it) for name in agent.output_names}
