"""The live output of runs: admission, the active ones, and exactly one final event each, whatever happens."""

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from traceback import extract_tb, format_exception, format_exception_only
from types import TracebackType
from typing import Any, Self, TypedDict

import msgspec

from flock.admission import Attached, Decision, StreamSettings, decide
from flock.allowance import Allowance
from flock.artifacts import Artifact
from flock.audience import Audience
from flock.errors import DeadlineError, FlockError, ModelError, RunError, TimeBudgetError
from flock.events import (
    Admission,
    AgentActivated,
    AgentCancelled,
    AgentCompleted,
    AgentFailed,
    AgentQueued,
    ArtifactSlot,
    ErrorInfo,
    FieldOutcome,
    Outcome,
    RunEvent,
    RuntimeMode,
    Status,
    Stream,
    StreamDecision,
    StreamingOutputEvent,
    StreamPriority,
    StreamStarted,
)
from flock.field_outcomes import field_outcomes
from flock.journal import Journal
from flock.leaves import plain
from flock.redaction import Redactor
from flock.text import clean
from flock.transcript import Transcript
from flock.visibility import PUBLIC, Visibility
from flock.writer import StreamWriter

logger = logging.getLogger(__name__)

MAX_ERROR_CHARS = 4096
"""How much of an error's text viewers get."""


class RunIds(TypedDict):
    """What every event of a run repeats."""

    correlation_id: str
    agent_name: str
    run_id: str


class Streams:
    """All streams of one journal: opens them, decides which ones are live, counts the active ones."""

    def __init__(self, journal: Journal, audience: Audience, redactor: Redactor) -> None:
        self.journal = journal
        self.audience = audience
        self.redactor = redactor
        self.parallel_view = False
        self.is_stopping = False
        self._active: dict[str, str] = {}
        self._queued = 0
        self.decisions: Counter[Admission] = Counter()
        self.on_final: list[Callable[[StreamingOutputEvent, Stream], None]] = []

    @property
    def active(self) -> int:
        """How many streams are live now."""
        return len(self._active)

    @property
    def queued(self) -> int:
        """How many runs wait, for their turn to run or for their output to be shown."""
        return self._queued

    def open(
        self,
        *,
        run_id: str,
        agent_name: str,
        correlation_id: str,
        artifacts: Sequence[ArtifactSlot],
        inputs: Sequence[str],
        engine: str,
        model: str | None,
        is_simulated: bool,
        priority: StreamPriority,
        visibility: Visibility = PUBLIC,
    ) -> "OpenStream":
        """Start the stream of a run: from here on exactly one final event will follow."""
        stream = Stream(
            number=self.journal.next_stream_number(),
            correlation_id=correlation_id,
            agent_name=agent_name,
            run_id=run_id,
            artifacts=tuple(artifacts),
            inputs=tuple(inputs),
            engine=clean(engine),
            model=None if model is None else clean(model),
            simulated=is_simulated,
            priority=priority,
            visibility=visibility,
        )
        started = StreamStarted(
            correlation_id=correlation_id,
            agent_name=agent_name,
            run_id=run_id,
            stream=stream.number,
            artifacts=stream.artifacts,
            inputs=stream.inputs,
            engine=stream.engine,
            model=stream.model,
            simulated=is_simulated,
            priority=priority,
        )
        return OpenStream(self, self.journal.open(stream, started))

    def decide(self, mode: RuntimeMode, settings: StreamSettings, *, requested: bool | None) -> Decision:
        """Decide whether a run streams, by what is attached and active at this moment."""
        attached = Attached(viewers=len(self.audience), parallel_view=self.parallel_view)
        return decide(mode, settings, attached, self.active, requested=requested)

    def activate(self, stream: Stream) -> AbstractContextManager[None]:
        """Count a stream as active for as long as the block runs."""
        return _Active(self._active, stream)

    @contextmanager
    def queue(self) -> Iterator[None]:
        """Count a run as waiting for as long as the block runs."""
        self._queued += 1
        try:
            yield
        finally:
            self._queued -= 1


class OpenStream:
    """One run's stream, open. As a context manager it ends with exactly one final event.

    Errors of the run end the stream as failed and go no further, `SystemExit` included: what a model has called may
    not end the process. Cancelling and `KeyboardInterrupt` pass through.
    """

    def __init__(self, streams: Streams, transcript: Transcript) -> None:
        self._streams = streams
        self._journal = streams.journal
        self._transcript = transcript
        self._writer: StreamWriter | None = None
        self._started_at = time.perf_counter()
        self._published: tuple[Artifact, ...] | None = None
        self._finish_reason: str | None = None
        self._usage: Mapping[str, Any] = {}
        self.outcome: Outcome | None = None

    @property
    def stream(self) -> Stream:
        """What is constant for this stream."""
        return self._transcript.stream

    @property
    def first_offset(self) -> int:
        """Where the journal's events of this stream begin."""
        return self._transcript.first_offset

    @contextmanager
    def waiting(self, reason: str) -> Iterator[None]:
        """Say that the run waits, and count it, for as long as the block runs."""
        self._transcript.reason = reason
        self._append(AgentQueued(**self._ids(), reason=reason))
        with self._streams.queue():
            yield

    def running(
        self,
        mode: RuntimeMode,
        settings: StreamSettings,
        *,
        requested: bool | None = None,
        allowance: Allowance | None = None,
    ) -> AbstractContextManager[tuple[StreamWriter, Decision]]:
        """Decide once whether this run streams, and give its writer; counts it for as long as the block runs.

        What the run writes counts on the `allowance`, where one is given. The block is to be entered at once.
        """
        transcript, streams = self._transcript, self._streams
        self._started_at = time.perf_counter()
        activated = AgentActivated(**self._ids(), inputs=self.stream.inputs)
        transcript.state = "running"
        transcript.activated_at = activated.timestamp
        self._append(activated)
        decision = streams.decide(mode, settings, requested=requested)
        streams.decisions[decision.admission] += 1
        transcript.decision, transcript.reason = decision
        active = streams.active + (decision.admission == "stream")
        logger.info("Run %s of %s: %s (%s)", self.stream.run_id, self.stream.agent_name, *decision)
        self._append(
            StreamDecision(
                **self._ids(), decision=decision.admission, reason=decision.reason, mode=mode, active_streams=active
            )
        )
        is_live = decision.admission == "stream"
        self._writer = StreamWriter(
            self._journal, transcript, is_live=is_live, redact=streams.redactor.redact, allowance=allowance
        )
        counted: AbstractContextManager[None] = nullcontext()
        if is_live:
            counted = streams.activate(self.stream)
        elif decision.admission == "queued":
            counted = streams.queue()
        return _Running(counted, self._writer, decision)

    def complete(
        self, published: Sequence[Artifact], *, finish_reason: str | None = None, usage: Mapping[str, Any] | None = None
    ) -> None:
        """Note that the run succeeded and its artifacts are on the board; whatever follows, it has completed."""
        self._published = tuple(published)
        self._finish_reason = finish_reason
        self._usage = usage or {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        if self._writer is not None:
            try:
                self._writer.end()
            except FlockError as exc:
                error = error or exc
        cause = _only_cause(error)
        status, info = self._judge(cause)
        self._announce(status, info)
        self._finish(status, info, cause)
        return isinstance(error, Exception | SystemExit)

    def _judge(self, error: BaseException | None) -> tuple[Status, ErrorInfo | None]:
        is_known = isinstance(error, FlockError) and self._published is None
        if isinstance(error, Exception | SystemExit) and not is_known:
            self._log(error)
        match error:
            case _ if self._published is not None:
                return "completed", None
            case None:
                return "failed", ErrorInfo(code=FlockError.code, message="The run ended without a result.")
            case DeadlineError() | TimeBudgetError():
                return "timed_out", self._info(error.code, str(error))
            case FlockError():
                return "failed", self._info(error.code, str(error))
            case Exception() | SystemExit():
                return "failed", self._info(RunError.code, "".join(format_exception_only(error)).strip())
            case asyncio.CancelledError() if not self._streams.is_stopping:
                return "cancelled", None
            case _:
                return "interrupted", None

    def _log(self, error: Exception | SystemExit) -> None:
        """Say what failed and where; its text and trace may hold prompts and artifacts, which are for DEBUG only."""
        frames = extract_tb(error.__traceback__)
        place = f"{frames[-1].filename}:{frames[-1].lineno}" if frames else "nowhere"
        run, agent = self.stream.run_id, self.stream.agent_name
        logger.error("Run %s of %s failed: %s at %s", run, agent, type(error).__name__, place)
        if logger.isEnabledFor(logging.DEBUG):
            logger.debug("Run %s\n%s", run, self._streams.redactor.redact("".join(format_exception(error))))

    def _announce(self, status: Status, info: ErrorInfo | None) -> None:
        if status == "completed":
            published = self._published or ()
            self._append(AgentCompleted(**self._ids(), artifact_ids=tuple(str(item.id) for item in published)))
        elif info is not None:
            self._append(AgentFailed(**self._ids(), error=info))
        else:
            reason = "the run was cancelled" if status == "cancelled" else "the process is shutting down"
            self._transcript.reason = reason
            self._append(AgentCancelled(**self._ids(), reason=reason))

    def _finish(self, status: Status, info: ErrorInfo | None, error: BaseException | None) -> None:
        transcript, writer = self._transcript, self._writer
        finish_reason = error.finish_reason if isinstance(error, ModelError) else self._finish_reason
        self.outcome = Outcome(
            status=status,
            error=info,
            finish_reason=finish_reason and clean(finish_reason),
            chunks=transcript.next_sequence,
            usage=self._plain_usage(),
            time_to_first_token_ms=_milliseconds(self._started_at, writer.first_token_at if writer else None),
            duration_ms=_milliseconds(self._started_at, time.perf_counter()) or 0.0,
            fields=self._compare_fields(),
        )
        event = StreamingOutputEvent(
            **self._ids(),
            output_type="log",
            content="",
            sequence=transcript.next_sequence,
            is_final=True,
            attempt=transcript.attempt,
            count=0,
            outcome=self.outcome,
        )
        self._journal.close(transcript, event, self.outcome)
        for listener in self._streams.on_final:
            try:
                listener(event, self.stream)
            except Exception:
                logger.exception("A listener failed on the end of run %s", self.stream.run_id)

    def _compare_fields(self) -> tuple[FieldOutcome, ...]:
        """Compare what was streamed with what was published; a payload that JSON cannot hold must not cost the end."""
        try:
            return field_outcomes(self._transcript, self._published or ())
        except Exception:
            logger.exception("The artifacts of run %s cannot be compared with its stream", self.stream.run_id)
            return ()

    def _plain_usage(self) -> dict[str, Any]:
        """Give the usage as plain JSON values, whatever objects a provider's library made of it."""
        try:
            usage = msgspec.to_builtins(dict(self._usage), str_keys=True, enc_hook=str)
            return {clean(key): plain(value) for key, value in usage.items()}
        except Exception:
            logger.exception("The usage of run %s cannot be shown", self.stream.run_id)
            return {}

    def _info(self, code: str, text: str) -> ErrorInfo:
        return ErrorInfo(code=code, message=clean(self._streams.redactor.redact(text)[:MAX_ERROR_CHARS]))

    def _ids(self) -> RunIds:
        stream = self.stream
        return RunIds(correlation_id=stream.correlation_id, agent_name=stream.agent_name, run_id=stream.run_id)

    def _append(self, event: RunEvent) -> None:
        self._journal.append(event, self.stream)


class _Active:
    """Counts a stream as active for as long as the block runs."""

    __slots__ = ("_active", "_stream")

    def __init__(self, active: dict[str, str], stream: Stream) -> None:
        self._active = active
        self._stream = stream

    def __enter__(self) -> None:
        self._active[self._stream.run_id] = self._stream.agent_name

    def __exit__(self, *_: object) -> None:
        del self._active[self._stream.run_id]


class _Running:
    """Gives a run its writer, and counts it as what it was decided to be, for as long as the block runs."""

    __slots__ = ("_counted", "_decision", "_writer")

    def __init__(self, counted: AbstractContextManager[None], writer: StreamWriter, decision: Decision) -> None:
        self._counted = counted
        self._writer = writer
        self._decision = decision

    def __enter__(self) -> tuple[StreamWriter, Decision]:
        self._counted.__enter__()
        return self._writer, self._decision

    def __exit__(self, *_: object) -> None:
        self._counted.__exit__(None, None, None)


def _only_cause(error: BaseException | None) -> BaseException | None:
    """Give the error that a task group wraps where it is the only one, otherwise the error itself."""
    while isinstance(error, ExceptionGroup) and len(error.exceptions) == 1:
        error = error.exceptions[0]
    return error


def _milliseconds(start: float, end: float | None) -> float | None:
    return None if end is None else round((end - start) * 1000, 3)
