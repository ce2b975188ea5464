"""The base of every engine. Subclass it and write `evaluate`; ten lines are enough."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, Protocol

from pydantic import BaseModel, ConfigDict, Field

from flock.admission import StreamSettings
from flock.events import StreamPriority
from flock.redaction import Redactor
from flock.runtime import Context, EvalInputs, EvalResult

Tool = Callable[..., Any]


class AgentView(Protocol):
    """What an engine may know of the agent it works for."""

    @property
    def name(self) -> str:
        """The agent's name."""

    @property
    def description(self) -> str:
        """What the agent does, in words for the model."""

    @property
    def output_types(self) -> Sequence[type[BaseModel]]:
        """The models it publishes, in order."""

    @property
    def tools(self) -> Sequence[Tool]:
        """The callables the model may use."""


class ModelDefaults(NamedTuple):
    """What a flock lends to engines that do not say it themselves."""

    model: str | None = None
    base_url: str | None = None
    api_key: str | None = None


class EngineLabel(NamedTuple):
    """How an engine appears in events: its kind, its model, and whether its output is simulated."""

    engine: str
    model: str | None = None
    is_simulated: bool = False


class EngineComponent(BaseModel, ABC):
    """An engine: turns a run's inputs into output artifacts, writing to `ctx.writer` on the way.

    One engine object may work for many runs at once; what belongs to a run lives in its context.
    """

    model_config = ConfigDict(arbitrary_types_allowed=True, extra="forbid")

    stream: bool = Field(default=True, description="Stream the output to viewers")
    parallel_streaming: bool = Field(default=True, description="Allow parallel streaming when in dashboard/API mode")
    no_output: bool = Field(default=False, description="Show nothing of this engine in the terminal")
    total_timeout_s: float = Field(default=600.0, gt=0, description="Seconds a run may take in all")
    stream_priority: StreamPriority = Field(
        default="normal", description="Which waiting run starts first, and whose queued output is printed first"
    )

    @abstractmethod
    async def evaluate(self, agent: AgentView, ctx: Context, inputs: EvalInputs) -> EvalResult:
        """Run the engine once. Errors end the run as failed; cancelling must pass through."""

    @property
    def settings(self) -> StreamSettings:
        """What this engine says about streaming."""
        return StreamSettings(
            stream=self.stream,
            parallel_streaming=self.parallel_streaming,
            no_output=self.no_output,
            stream_priority=self.stream_priority,
        )

    def label(self) -> EngineLabel:
        """Say how the engine appears in events."""
        return EngineLabel(type(self).__name__)

    def bind(self, defaults: ModelDefaults, redactor: Redactor) -> None:
        """Take over a flock's model defaults, and tell its redactor the secrets this engine holds."""

    def check(self, agent: AgentView) -> None:
        """Raise `ConfigurationError` if this engine cannot work for `agent`. Called before any run starts."""

    async def prepare(self) -> None:
        """Load what the first run needs; called when work or serving begins."""

    async def aclose(self) -> None:
        """Close what the engine keeps open between runs."""
