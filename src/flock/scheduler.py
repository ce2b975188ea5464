"""The scheduler: artifacts set off agents, their runs go on side by side, and it knows when nothing is left to do."""

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext, suppress
from contextvars import ContextVar
from functools import partial
from uuid import UUID, uuid4

from flock.agent import Agent
from flock.artifacts import Artifact
from flock.board.base import Board
from flock.errors import ClosedError, FlockError, OverloadedError, RunError
from flock.events import ArtifactPublished, ErrorInfo, Outcome, RuntimeMode
from flock.runs import RunLog, RunRecord
from flock.runtime import Context
from flock.scheduling.budget import Budget, Refusal
from flock.scheduling.joins import PendingJoin
from flock.scheduling.limits import Limits, fan_out_error, overloaded_error
from flock.scheduling.nursery import Nursery
from flock.scheduling.open_run import OpenRun, rank
from flock.scheduling.openings import Opening, Openings
from flock.scheduling.triggers import Matcher, Trigger
from flock.scheduling.turns import Turns
from flock.streams import Streams
from flock.unbroken import unbroken
from flock.visibility import OPERATOR, PUBLIC, Identity, settled

__all__ = ["Limits", "Scheduler"]

logger = logging.getLogger(__name__)

LAST_WORDS_S = 1.0
"""How long a shutdown waits for runs to end after it interrupted them."""


_current: ContextVar[OpenRun | None] = ContextVar("flock_run", default=None)
"""The run that the current code works for, so that what it starts or publishes itself is deeper than it."""


class Scheduler:
    """Runs agents on the artifacts they consume.

    A failing run touches no other. Runs go on in tasks of the event loop that publishes or starts; when the last one
    has ended, no task is left. It belongs to one event loop at a time and is not thread-safe.
    """

    def __init__(
        self,
        *,
        board: Board,
        streams: Streams,
        runs: RunLog,
        agents: Mapping[str, Agent],
        make_context: Callable[[RunRecord], Context],
        mode: Callable[[], RuntimeMode],
        limits: Limits | None = None,
    ) -> None:
        self._limits = limits = limits or Limits()
        self._board = board
        self._streams = streams
        self._runs = runs
        self._agents = agents
        self._make_context = make_context
        self._mode = mode
        self._budget = Budget(
            max_runs=limits.max_runs_per_correlation,
            max_depth=limits.max_depth,
            max_tokens=limits.max_tokens_per_correlation,
            max_seconds=limits.max_seconds_per_correlation,
        )
        self._matcher = Matcher(max_pending_joins=limits.max_pending_joins)
        self._turns = Turns(limits.max_parallel_runs)
        self._openings = Openings(self._open_up, max_waiting=limits.max_pending_openings)
        self._nursery = Nursery()
        self._open: dict[str, OpenRun] = {}
        self._waiting: set[str] = set()
        self._is_closing = False

    @property
    def is_closing(self) -> bool:
        """Whether new work is refused."""
        return self._is_closing or self._nursery.is_ending

    async def publish(self, artifacts: Sequence[Artifact], *, depth: int = 0) -> None:
        """Put artifacts on the board, all or none, and start the agents they set off.

        `depth` counts the runs that led here. Raises what the board raises, `OverloadedError` while too many runs wait,
        `LoopError` inside a run that publishes too much, `ClosedError` after shutdown. Cancelled, it is whole all the
        same: what is on the board was announced and has set off its agents.
        """
        self._check_room()
        here = _current.get()
        if here is not None and here.record.run_id in self._open:
            here.count_published(len(artifacts))
        await unbroken(self._publish(artifacts, depth=max(depth, _depth_here())))

    async def note(self, artifacts: Sequence[Artifact]) -> None:
        """Put artifacts on the board and start nobody: the inputs of a run that is asked for by name."""
        self._check_room()
        await unbroken(self._put(artifacts, depth=_depth_here(), sets_off=False))

    def start(
        self,
        agent: Agent,
        inputs: Sequence[Artifact],
        *,
        correlation_id: UUID,
        depth: int = 0,
        requested_stream: bool | None = None,
        retry_of: str | None = None,
    ) -> RunRecord:
        """Start a run of this agent on these inputs, whatever is on the board; gives its record at once.

        Over the limits of its correlation the run has failed already, with a `LoopError` or a `BudgetError`. Raises
        `OverloadedError` while too many runs wait, `ClosedError` after shutdown, `RuntimeError` without a running event
        loop.
        """
        self._check_room()
        asyncio.get_running_loop()
        record = RunRecord(
            run_id=str(uuid4()),
            agent_name=agent.name,
            correlation_id=correlation_id,
            inputs=tuple(inputs),
            depth=max(depth, _depth_here()),
            requested_stream=requested_stream,
            retry_of=retry_of,
        )
        refusal = self._refusal(agent, correlation_id, record.depth)
        if refusal is None:
            self._launch(agent, record)
        else:
            self._fail(agent, record, refusal.error)
        return record

    async def wait(self, run_id: str) -> RunRecord:
        """Return the record of a run when it has ended, its final event included; raises `UnknownNameError`.

        A run that waits for another one lends its turn meanwhile, so that the other one can have it; one that waits
        for itself gets a `RunError`.
        """
        run = self._open.get(run_id)
        if run is None:
            return self._runs.get(run_id)
        here = _current.get()
        if here is run:
            raise RunError(f"Run {run_id} of {run.agent.name!r} waits for its own end.")
        with here.turn.lent() if here is not None and here.turn is not None else nullcontext():
            await run.over()
        return run.record

    def cancel(self, run_id: str) -> bool:
        """Cancel a run that waits or works; False if it had ended. Raises `UnknownNameError`."""
        run = self._open.get(run_id)
        if run is None:
            self._runs.get(run_id)
            return False
        run.cancel()
        return True

    def cancel_correlation(self, correlation_id: UUID) -> list[str]:
        """Cancel all runs of a correlation that wait or work; gives their ids."""
        runs = [run for run in self._open.values() if run.record.correlation_id == correlation_id]
        for run in runs:
            run.cancel()
        return [run.record.run_id for run in runs]

    def pending_joins(self, *, seen_by: Identity = OPERATOR) -> Sequence[PendingJoin]:
        """Give the artifacts that wait for their partners, oldest first, of what `seen_by` may see."""
        return self._matcher.pending_joins(self._agents, seen_by=seen_by)

    @property
    def is_inside_run(self) -> bool:
        """Whether the current code works for a run."""
        return _current.get() is not None

    @property
    def is_idle(self) -> bool:
        """Whether nothing runs or waits for its turn."""
        return not self._open

    async def idle(self) -> None:
        """Return when nothing runs or waits for its turn. Artifacts that wait for a join are no work.

        Raises `RunError` inside a run, which would wait for its own end.
        """
        here = _current.get()
        if here is not None and here.record.run_id in self._open:
            raise RunError(
                f"Run {here.record.run_id} of {here.agent.name!r} waits until nothing runs, itself included.",
                hint="Inside a run wait for single runs, with direct_invoke, or publish and return.",
            )
        await self._nursery.empty()

    async def shutdown(self, *, grace_s: float) -> None:
        """Start no more runs, interrupt those that wait at once and those that work after `grace_s` seconds.

        Cancelled, it interrupts them at once, and lets them end first.
        """
        self._is_closing = True
        self._openings.pause()
        self._streams.is_stopping = True
        for run in self._open.values():
            if run.record.state == "queued":
                run.cancel()
        try:
            await self._empty_within(grace_s)
        finally:
            for run in self._open.values():
                run.cancel()
            await self._empty_within(LAST_WORDS_S)
        for run in self._open.values():
            logger.error("Run %s of %s goes on though it was cancelled", run.record.run_id, run.agent.name)

    def reopen(self) -> None:
        """Take new work again after a shutdown."""
        self._is_closing = False
        self._streams.is_stopping = False
        self._openings.resume()

    async def _empty_within(self, timeout_s: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                await self._nursery.empty()

    def _check_open(self) -> None:
        if self.is_closing:
            raise ClosedError("This flock was shut down, or is about to be.", hint="Make a new Flock for new work.")

    def _check_room(self) -> None:
        self._check_open()
        if (overload := self._overload()) is not None:
            raise overload

    def _overload(self) -> OverloadedError | None:
        most = self._limits.max_waiting_runs
        return overloaded_error(len(self._waiting), max_waiting_runs=most) if len(self._waiting) >= most else None

    async def _publish(self, artifacts: Sequence[Artifact], *, depth: int) -> None:
        await self._put(artifacts, depth=depth, sets_off=True)
        if self.is_closing:
            logger.info("Shutting down: %s new artifacts set off no agents", len(artifacts))
            return
        self._set_off(artifacts, depth)

    async def _put(self, artifacts: Sequence[Artifact], *, depth: int, sets_off: bool) -> None:
        """Put artifacts on the board and announce them; those that nobody may see yet again when their time comes."""
        self._openings.check_room(artifacts)
        await self._board.publish(artifacts)
        for artifact in artifacts:
            self._announce(artifact)
            self._openings.add(Opening(artifact, depth, sets_off))

    def _open_up(self, opening: Opening) -> None:
        """Announce an artifact again, now that it can be seen, and start the agents it sets off."""
        self._announce(opening.artifact, is_again=True)
        if opening.sets_off and not self.is_closing:
            self._set_off([opening.artifact], opening.depth)

    def _set_off(self, artifacts: Sequence[Artifact], depth: int) -> None:
        """Start the runs that these artifacts set off; of those there is no room for, one per agent has failed."""
        agents = tuple(self._agents.values())
        due = [trigger for artifact in artifacts for trigger in self._matcher.triggers(agents, artifact)]
        refused: set[str] = set()
        for number, trigger in enumerate(sorted(due, key=lambda trigger: rank(trigger.agent))):
            error = self._overload() if number < self._limits.max_fan_out else self._fan_out(len(due))
            if error is None:
                self._fire(trigger, depth)
            elif trigger.agent.name not in refused:
                refused.add(trigger.agent.name)
                self._begin(trigger, depth, error)

    def _fan_out(self, runs: int) -> FlockError:
        return fan_out_error(f"One publication sets off {runs:,} runs", max_fan_out=self._limits.max_fan_out)

    def _announce(self, artifact: Artifact, *, is_again: bool = False) -> None:
        """Say to those who may see it that it is there; again it is no event of its run, which may have ended."""
        run_id = None if is_again else artifact.run_id
        maker = None if run_id is None else self._open.get(run_id)
        event = ArtifactPublished(
            artifact_id=str(artifact.id),
            artifact_type=artifact.type,
            agent_name=artifact.produced_by,
            correlation_id=str(artifact.correlation_id),
            run_id=run_id,
            derived_from=tuple(str(source) for source in artifact.derived_from),
            tags=tuple(sorted(artifact.tags)),
        )
        self._streams.journal.append(
            event,
            None if maker is None else maker.stream.stream,
            visibility=settled(artifact.visibility, age_s=artifact.age_s),
        )

    def _fire(self, trigger: Trigger, depth: int) -> None:
        """Start the run that is due, or let it fail. In a loop an agent's refusal is one failed run, not many."""
        error: FlockError | None = trigger.error
        if error is None:
            refusal = self._refusal(trigger.agent, trigger.inputs[0].correlation_id, depth)
            if refusal is not None and not refusal.is_first:
                return
            error = None if refusal is None else refusal.error
        self._begin(trigger, depth, error)

    def _refusal(self, agent: Agent, correlation_id: UUID, depth: int) -> Refusal | None:
        """Say why a run may not start; those who see the run need not know of other tenants' agents."""

        def may_name(name: str) -> bool:
            other = self._agents.get(name)
            return other is not None and other.visibility in (PUBLIC, agent.visibility)

        return self._budget.refusal(correlation_id, agent.name, depth=depth, may_name=may_name)

    def _begin(self, trigger: Trigger, depth: int, error: FlockError | None) -> None:
        """Make the run that is due, and start it or let it fail."""
        agent = trigger.agent
        record = RunRecord(
            run_id=str(uuid4()),
            agent_name=agent.name,
            correlation_id=trigger.inputs[0].correlation_id,
            inputs=trigger.inputs,
            depth=depth,
        )
        try:
            if error is None:
                self._launch(agent, record)
            else:
                self._fail(agent, record, error)
        except Exception:
            logger.exception("Agent %r cannot be started on artifact %s", agent.name, trigger.inputs[0].id)

    def _launch(self, agent: Agent, record: RunRecord) -> None:
        run = OpenRun(agent, record, self._streams, max_fan_out=self._limits.max_fan_out)
        self._runs.add(record)
        self._budget.spend(record.correlation_id, agent.name)
        self._open[record.run_id] = run
        self._waiting.add(record.run_id)
        name = f"flock run {record.run_id} of {agent.name}"
        run.work = self._nursery.start(name, partial(self._run, run), partial(self._settle, run))

    def _fail(self, agent: Agent, record: RunRecord, error: FlockError) -> None:
        run = OpenRun(agent, record, self._streams, max_fan_out=self._limits.max_fan_out)
        run.fail(error)
        self._finish(run)

    async def _run(self, run: OpenRun) -> None:
        run.has_begun = True
        _current.set(run)
        try:
            with run.stream:
                async with self._turns.turn(run.claim, run.stream.waiting) as run.turn:
                    self._waiting.discard(run.record.run_id)
                    publish = partial(self._publish, depth=run.record.depth + 1)
                    async with self._budget.working(run.record.correlation_id) as allowance:
                        await run.evaluate(self._mode(), self._make_context, publish, allowance)
        except Exception:
            logger.exception("The stream of run %s of %s did not end well", run.record.run_id, run.agent.name)
        finally:
            self._settle(run)

    def _settle(self, run: OpenRun) -> None:
        """Note that a run has ended, once: by itself, or because it was cancelled before its first step."""
        if self._open.pop(run.record.run_id, None) is None:
            return
        self._waiting.discard(run.record.run_id)
        if not run.has_begun:
            with suppress(asyncio.CancelledError), run.stream:
                raise asyncio.CancelledError
        self._finish(run)
        self._budget.settle(run.record.correlation_id)
        run.end()

    def _finish(self, run: OpenRun) -> None:
        outcome = run.stream.outcome
        if outcome is None:
            error = ErrorInfo(code=RunError.code, message="The run's stream did not end well; the log says why.")
            outcome = Outcome(status="failed", error=error)
        self._runs.finish(run.record, outcome)


def _depth_here() -> int:
    run = _current.get()
    return 0 if run is None else run.record.depth + 1
