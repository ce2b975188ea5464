"""A run that has not ended: what it works on, its stream, and the one way its engine is called."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import TypeVar
from uuid import uuid4

from flock.admission import PRIORITIES, Decision
from flock.agent import Agent
from flock.allowance import Allowance, reported_tokens
from flock.artifacts import Artifact, copy_payload
from flock.engines.base import EngineComponent, EngineLabel
from flock.errors import DeadlineError, FlockError
from flock.events import ArtifactSlot, RuntimeMode
from flock.runs import RunRecord
from flock.runtime import Context, EvalInputs, EvalResult
from flock.scheduling.limits import fan_out_error
from flock.scheduling.nursery import Work
from flock.scheduling.results import check_result, check_size, stamp
from flock.scheduling.rights import rights_of
from flock.scheduling.turns import Claim, Rank, Turn
from flock.streams import Streams
from flock.unbroken import unbroken
from flock.writer import StreamWriter

T = TypeVar("T")

Publish = Callable[[Sequence[Artifact]], Awaitable[None]]
"""Puts a run's artifacts on the board, all or none."""


class OpenRun:
    """One run from its start to its end. Its stream is open from here on, and must be left exactly once."""

    def __init__(self, agent: Agent, record: RunRecord, streams: Streams, *, max_fan_out: int) -> None:
        engine = agent.engine
        label = EngineLabel("none") if engine is None else engine.label()
        self.agent = agent
        self.record = record
        self.rights = rights_of(agent, record.inputs)
        self.slots = tuple(ArtifactSlot(artifact_id=str(uuid4()), type=name) for name in agent.output_names)
        self.work: Work | None = None
        self.turn: Turn | None = None
        self.has_begun = False
        self._ended: asyncio.Event | None = None
        self._max_fan_out = max_fan_out
        self._published = 0
        self._max_output_bytes = streams.journal.max_output_bytes
        self.stream = streams.open(
            run_id=record.run_id,
            agent_name=agent.name,
            correlation_id=str(record.correlation_id),
            artifacts=self.slots,
            inputs=[str(artifact.id) for artifact in record.inputs],
            engine=label.engine,
            model=label.model,
            is_simulated=label.is_simulated,
            priority="normal" if engine is None else engine.settings.stream_priority,
            visibility=self.rights.stream,
        )
        known = self.stream.stream
        record.engine, record.model, record.is_simulated = known.engine, known.model, known.simulated
        record.visibility = known.visibility
        record.first_offset = self.stream.first_offset

    @property
    def claim(self) -> Claim:
        """The turn this run needs."""
        return Claim(self.agent.name, self.agent.max_concurrency, rank(self.agent))

    def cancel(self) -> None:
        """Ask the run to stop, whether it waits or works."""
        if self.work is not None:
            self.work.cancel()

    async def over(self) -> None:
        """Return when the run has ended, its final event included."""
        if self._ended is None:
            self._ended = asyncio.Event()
        await self._ended.wait()

    def end(self) -> None:
        """Wake those who wait for the end: it has come."""
        self.work = None  # its task's context knows this run: together they would wait for the garbage collector
        if self._ended is not None:
            self._ended.set()

    def fail(self, error: FlockError) -> None:
        """End a run that never started."""
        with self.stream:
            raise error

    def count_published(self, artifacts: int) -> None:
        """Count what the run is about to publish; raises `LoopError` where that is more than it may."""
        self._published += artifacts
        if self._published > self._max_fan_out:
            raise fan_out_error(
                f"{self.agent.name!r} publishes {self._published:,} artifacts in one run", max_fan_out=self._max_fan_out
            )

    async def evaluate(
        self,
        mode: RuntimeMode,
        make_context: Callable[[RunRecord], Context],
        publish: Publish,
        allowance: Allowance,
    ) -> None:
        """Call the engine and publish what it made. To be called inside the stream, once."""
        agent, record = self.agent, self.record
        engine = agent.engine if agent.engine is not None else agent.check_engine()
        await _within(engine.total_timeout_s, engine.prepare())  # before the clock of the first token starts
        requested = record.requested_stream
        running = self.stream.running(mode, engine.settings, requested=requested, allowance=allowance)
        with running as (writer, decision):
            record.state = "running"
            record.started_at = datetime.now(UTC)
            ctx = make_context(record)
            self._prepare(ctx, engine, writer, decision)
            result = await _within(engine.total_timeout_s, engine.evaluate(agent, ctx, _copied(record.inputs)))
            check_result(agent, result)
            self.count_published(len(result.artifacts))
            allowance.spend(max(0, (reported_tokens(result.usage) or 0) - writer.tokens))
            writer.end()  # a text that is too long fails the run before anything of it is on the board
            artifacts = stamp(agent, record, self.slots, self.rights, result)
            check_size(artifacts, max_bytes=self._max_output_bytes)
            await unbroken(self._hand_over(artifacts, result, publish))

    async def _hand_over(self, artifacts: Sequence[Artifact], result: EvalResult, publish: Publish) -> None:
        """Publish the run's artifacts, and note that with it the run has succeeded."""
        await publish(artifacts)
        self.record.artifacts = tuple(artifacts)
        self.stream.complete(artifacts, finish_reason=result.finish_reason, usage=result.usage)

    def _prepare(self, ctx: Context, engine: EngineComponent, writer: StreamWriter, decision: Decision) -> None:
        ctx.attach(writer, self.slots)
        if decision.admission == "stream" and not engine.no_output:
            ctx.state["_flock_stream_live_active"] = True
        elif decision.admission == "queued":
            ctx.state["_flock_output_queued"] = True


def _copied(inputs: Sequence[Artifact]) -> EvalInputs:
    """Give an engine copies to work on: others read the same artifacts meanwhile, and a retry reads them again."""
    return EvalInputs(
        artifacts=[replace(artifact, payload=copy_payload(artifact.type, artifact.payload)) for artifact in inputs]
    )


async def _within(timeout_s: float, work: Awaitable[T]) -> T:
    """Await work; raises `DeadlineError` where it takes too long. Timeouts of its own pass as they are."""
    try:
        async with asyncio.timeout(timeout_s) as limit:
            return await work
    except TimeoutError as exc:
        if not limit.expired():
            raise
        raise DeadlineError(
            f"The run did not finish within {timeout_s:g} s.", hint="Raise the engine's total_timeout_s if it needs to."
        ) from exc


def rank(agent: Agent) -> Rank:
    """Give the rank of an agent's runs: the engine's stream priority first, then the agent's own."""
    priority = "normal" if agent.engine is None else agent.engine.settings.stream_priority
    return PRIORITIES[priority], -agent.priority
