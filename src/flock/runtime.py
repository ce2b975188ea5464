"""What an engine works with: the context of its run, its inputs, its result."""

from collections.abc import Iterable
from typing import Any, TypeVar
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr

from flock.admission import MODES
from flock.artifacts import Artifact, types
from flock.errors import ConfigurationError, InputError
from flock.events import ArtifactSlot, RuntimeMode
from flock.writer import StreamWriter

ModelT = TypeVar("ModelT", bound=BaseModel)


class Context(BaseModel):
    """The context of one run.

    `task_id` is the run's id. `board` is the blackboard without what the agent may not see, or somebody who sees all
    inputs may not; `orchestrator` is the `Flock`, whose own `board` has everything. `state` holds what engines and
    flock note about the run: `_flock_stream_live_active` is true on a run that streams to viewers,
    `_flock_output_queued` on one whose output is shown whole when it is done; both are absent otherwise.
    """

    model_config = ConfigDict(arbitrary_types_allowed=True)

    board: Any = None
    orchestrator: Any = None
    correlation_id: UUID | None = None
    task_id: str
    state: dict[str, Any] = Field(default_factory=dict)
    runtime_mode: RuntimeMode = Field(
        default="cli", description="Execution mode: cli (terminal), dashboard (web UI), api (REST)"
    )
    _writer: StreamWriter | None = PrivateAttr(default=None)
    _slots: tuple[ArtifactSlot, ...] = PrivateAttr(default=())

    @property
    def writer(self) -> StreamWriter:
        """What the engine writes its live output to."""
        if self._writer is None:
            raise ConfigurationError("This context belongs to no run.", hint="Let flock run the agent.")
        return self._writer

    @property
    def slots(self) -> tuple[ArtifactSlot, ...]:
        """The artifacts this run is going to publish, in the order of `publishes`."""
        return self._slots

    def attach(self, writer: StreamWriter, slots: Iterable[ArtifactSlot]) -> None:
        """Bind the context to a run's stream. flock calls it before `evaluate`."""
        self._writer = writer
        self._slots = tuple(slots)

    def get_variable(self, key: str, default: Any = None) -> Any:  # noqa: ANN401 - state holds anything
        """Give a value of `state`, or the default."""
        return self.state.get(key, default)

    @property
    def allows_parallel_streaming(self) -> bool:
        """Whether the mode lets several agents stream at once."""
        return MODES[self.runtime_mode].parallel

    @property
    def is_dashboard_mode(self) -> bool:
        """Whether the run belongs to a dashboard."""
        return self.runtime_mode == "dashboard"

    @property
    def is_cli_mode(self) -> bool:
        """Whether the run belongs to a terminal program."""
        return self.runtime_mode == "cli"


class EvalInputs(BaseModel):
    """The artifacts a run works on, in the order of the agent's `consumes`.

    The payloads are copies, the engine's own to change; those it reads from `ctx.board` belong to the board.
    """

    model_config = ConfigDict(arbitrary_types_allowed=True)

    artifacts: list[Artifact] = Field(default_factory=list)
    state: dict[str, Any] = Field(default_factory=dict)

    def first_as(self, model: type[ModelT]) -> ModelT:
        """Give the payload of the first artifact of this type; raises `InputError` if there is none."""
        payloads = self.all_as(model)
        if not payloads:
            given = ", ".join(artifact.type for artifact in self.artifacts) or "nothing"
            raise InputError(f"The run has no {model.__name__!r} among its inputs ({given}).")
        return payloads[0]

    def all_as(self, model: type[ModelT]) -> list[ModelT]:
        """Give the payloads of all artifacts of this type."""
        return [artifact.payload for artifact in self.artifacts if isinstance(artifact.payload, model)]


class EvalResult(BaseModel):
    """What an engine made: artifacts of the types its agent publishes, and how the model call ended.

    There may be several of a type, and none of some types; a run whose engine made none at all fails with an
    `OutputError`.
    """

    model_config = ConfigDict(arbitrary_types_allowed=True)

    artifacts: list[Artifact] = Field(default_factory=list)
    state: dict[str, Any] = Field(default_factory=dict)
    finish_reason: str | None = None
    usage: dict[str, Any] = Field(default_factory=dict)

    @classmethod
    def of(
        cls, *payloads: BaseModel, finish_reason: str | None = None, usage: dict[str, Any] | None = None
    ) -> "EvalResult":
        """Make a result of instances of flock types."""
        artifacts = [Artifact(type=types.name(type(payload)), payload=payload) for payload in payloads]
        return cls(artifacts=artifacts, finish_reason=finish_reason, usage=usage or {})
