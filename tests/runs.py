"""One run of one engine, without a flock: for tests of engines."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from uuid import UUID, uuid4

from pydantic import BaseModel

from flock.agent import Agent
from flock.artifacts import Artifact, types
from flock.audience import Audience
from flock.engines.base import EngineComponent, ModelDefaults, Tool
from flock.events import ArtifactSlot, Event, Outcome, RuntimeMode, StreamingOutputEvent, wire_events
from flock.journal import Journal
from flock.redaction import Redactor
from flock.runtime import Context, EvalInputs
from flock.streams import Streams


@dataclass
class Ran:
    """What one run left behind: its events, its artifacts, how it ended."""

    outcome: Outcome
    events: list[Event]
    artifacts: list[Artifact] = field(default_factory=list)

    def text(self, field: str | None = None, *, output_type: str = "llm_token", attempt: int | None = None) -> str:
        """Give what viewers have of a field in the end: the last attempt's text, or the given one's."""
        outputs = [event for event in self.events if isinstance(event, StreamingOutputEvent)]
        wanted = attempt if attempt is not None else max(event.attempt for event in outputs)
        return "".join(
            event.content
            for event in outputs
            if event.attempt == wanted and event.output_type == output_type and event.field == field
        )

    def of_type(self, kind: type[Event]) -> list[Event]:
        """Give the events of one class."""
        return [event for event in self.events if isinstance(event, kind)]


async def run_engine(
    engine: EngineComponent,
    *inputs: BaseModel,
    outputs: Sequence[type[BaseModel]],
    tools: Sequence[Tool] = (),
    mode: RuntimeMode = "dashboard",
    description: str = "Do the work",
    correlation_id: UUID | None = None,
) -> Ran:
    """Run an engine once in a journal of its own."""
    journal, redactor = Journal(), Redactor()
    streams = Streams(journal, Audience(), redactor)
    engine.bind(ModelDefaults(), redactor)
    agent = Agent(name="tester", description=description, output_types=list(outputs), engine=engine, tools=list(tools))
    slots = [ArtifactSlot(artifact_id=str(uuid4()), type=types.name(model)) for model in outputs]
    given = [Artifact(type=types.name(type(payload)), payload=payload) for payload in inputs]
    correlation_id = correlation_id or uuid4()
    published: list[Artifact] = []
    stream = streams.open(
        run_id="run-1",
        agent_name=agent.name,
        correlation_id=str(correlation_id),
        artifacts=slots,
        inputs=[str(artifact.id) for artifact in given],
        engine=type(engine).__name__,
        model=None,
        is_simulated=False,
        priority="normal",
    )
    with stream, stream.running(mode, engine.settings) as (writer, _):
        context = Context(task_id="run-1", correlation_id=correlation_id, runtime_mode=mode)
        context.attach(writer, slots)
        result = await engine.evaluate(agent, context, EvalInputs(artifacts=given))
        published = [
            replace(artifact, id=UUID(slot.artifact_id)) for artifact, slot in zip(result.artifacts, slots, strict=True)
        ]
        stream.complete(published, finish_reason=result.finish_reason, usage=result.usage)
    await engine.aclose()
    assert stream.outcome is not None
    return Ran(stream.outcome, wire_events(journal.read(0, max_bytes=2**30).items), published)
