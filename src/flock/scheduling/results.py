"""From what an engine returned to the artifacts of its run."""

from collections.abc import Sequence
from uuid import UUID, uuid4

from pydantic import BaseModel
from pydantic_core import PydanticSerializationError

from flock.agent import Agent
from flock.artifacts import Artifact, copy_payload, types
from flock.errors import OutputError, OutputTooLargeError
from flock.events import ArtifactSlot
from flock.runs import RunRecord
from flock.runtime import EvalResult
from flock.scheduling.rights import Rights


def check_result(agent: Agent, result: object) -> EvalResult:
    """Give what the agent's engine returned; raises `OutputError` where it is not what the agent publishes."""
    if not isinstance(result, EvalResult):
        raise OutputError(
            f"The engine of {agent.name!r} returned {_kind(result)}, not an EvalResult.",
            hint="Return EvalResult.of(payload, …).",
        )
    if agent.output_types and not result.artifacts:
        raise OutputError(
            f"The engine of {agent.name!r} returned no artifact; the agent publishes {_published(agent)}.",
            hint="Return at least one, with EvalResult.of(payload, …).",
        )
    for artifact in result.artifacts:
        if not isinstance(artifact.payload, tuple(agent.output_types)):
            raise OutputError(
                f"The engine of {agent.name!r} returned {_kind(artifact.payload)}, but it publishes"
                f" {_published(agent)}.",
                hint="Return one of those, or add the type to .publishes(…).",
            )
    return result


def check_size(artifacts: Sequence[Artifact], *, max_bytes: int) -> None:
    """Raise `OutputTooLargeError` where the artifacts hold more than a run may put out, streamed or not."""
    try:
        size = sum(len(artifact.payload.model_dump_json()) for artifact in artifacts)
    except (PydanticSerializationError, UnicodeError):
        return  # the board says what is wrong with it
    if size > max_bytes:
        raise OutputTooLargeError(
            f"The artifacts of the run hold {size:,} bytes, more than {max_bytes:,}.",
            hint="Raise the journal's max_output_bytes if artifacts of this size are meant.",
        )


def stamp(
    agent: Agent, run: RunRecord, slots: Sequence[ArtifactSlot], rights: Rights, result: EvalResult
) -> list[Artifact]:
    """Make the run's artifacts of a checked result: the first of each type gets the id its stream announced."""
    announced = {slot.type: UUID(slot.artifact_id) for slot in slots}
    artifacts: list[Artifact] = []
    for made in result.artifacts:
        name = types.name(_output_type(agent, made.payload))
        artifact = Artifact(
            id=announced.pop(name) if name in announced else uuid4(),
            type=name,
            payload=copy_payload(name, made.payload),
            produced_by=agent.name,
            correlation_id=run.correlation_id,
            run_id=run.run_id,
            derived_from=tuple(source.id for source in run.inputs),
            tags=frozenset(made.tags),
            visibility=rights.outputs[name],
        )
        artifacts.append(artifact)
    return artifacts


def _output_type(agent: Agent, payload: BaseModel) -> type[BaseModel]:
    if type(payload) in agent.output_types:
        return type(payload)
    return next(model for model in agent.output_types if isinstance(payload, model))


def _published(agent: Agent) -> str:
    return " or ".join(repr(model.__qualname__) for model in agent.output_types)


def _kind(value: object) -> str:
    return f"a {type(value).__qualname__!r}"
