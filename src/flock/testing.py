"""What users test their agents with: an engine that says what it is told, and a record of what viewers saw.

The demo model (`Flock("demo/writer?tokens_per_s=0&first_token_s=0")`) is a test model, too: it fills any schema, and
fails on demand (`&fail=truncate&fail_times=1`).
"""

import asyncio
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from pydantic import BaseModel, Field, PrivateAttr

from flock.engines.base import AgentView, EngineComponent
from flock.engines.demo import DemoModel
from flock.events import AttemptStarted, Event, StreamingOutputEvent, wire_events
from flock.orchestrator import Flock
from flock.runtime import Context, EvalInputs, EvalResult
from flock.selection import EVERYTHING, Selection

__all__ = ["DemoModel", "Recording", "ScriptedEngine", "record"]

_WORDS = re.compile(r"\S+\s*|\s+")


class ScriptedEngine(EngineComponent):
    """Answers each run with the next of the given payloads, streaming their text fields word by word.

    An exception in the place of a payload is raised. The last answer is repeated. `runs` counts the runs.
    """

    answers: Sequence[BaseModel | Exception] = Field(min_length=1)
    _runs: int = PrivateAttr(default=0)

    @property
    def runs(self) -> int:
        """How often the engine was run."""
        return self._runs

    async def evaluate(self, agent: AgentView, ctx: Context, inputs: EvalInputs) -> EvalResult:
        """Give the next answer; raises it where it is an exception."""
        answer = self.answers[min(self._runs, len(self.answers) - 1)]
        self._runs += 1
        if isinstance(answer, Exception):
            raise answer
        for name, value in answer.model_dump(mode="json", by_alias=False).items():
            if isinstance(value, str):
                for word in _WORDS.findall(value):
                    ctx.writer.append(word, field=name)
        await asyncio.sleep(0)
        return EvalResult.of(answer)


class Recording:
    """The events a viewer of a flock saw, in order."""

    lag = 0

    def __init__(self) -> None:
        self.events: list[Event] = []

    def text(self, field: str, *, agent: str | None = None) -> str:
        """Give the streamed text of a field, each run's last attempt, of all runs of an agent or of all agents."""
        texts: dict[str, list[str]] = {}
        for event in self.events:
            match event:
                case AttemptStarted():
                    texts.pop(event.run_id, None)
                case StreamingOutputEvent(output_type="llm_token") if event.field == field:
                    if agent in (None, event.agent_name):
                        texts.setdefault(event.run_id, []).append(event.content)
        return "".join(piece for pieces in texts.values() for piece in pieces)

    @property
    def finals(self) -> list[StreamingOutputEvent]:
        """The final events, one per run that ended."""
        return [event for event in self.events if isinstance(event, StreamingOutputEvent) and event.is_final]


@contextmanager
def record(flock: Flock, selection: Selection = EVERYTHING) -> Iterator[Recording]:
    """Watch a flock for as long as the block runs; the recording is filled at its end.

    The recording counts as an attached viewer, so runs stream as they would for a person. Raises `AssertionError`
    where the block produced more than the journal holds.
    """
    recording = Recording()
    journal = flock.journal
    start = journal.head
    with flock.audience.attend(recording, "program"):
        yield recording
    assert start >= journal.tail, "the recorded block passed the journal's bound: raise its max_bytes"
    while start < journal.head:
        batch = journal.read(start, selection)
        recording.events += wire_events(batch.items)
        start = batch.end
