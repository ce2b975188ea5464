"""The error tree. Every error flock raises is a `FlockError` with a stable code and, where one helps, a hint.

FlockError
├── ConfigurationError            the program is put together wrongly
│   ├── MissingKeyError           a model needs a key and none is set
│   ├── IncompleteAgentError      an agent lacks an engine, types or a model
│   ├── DuplicateNameError        two agents, or two types, of one name
│   └── ServingError              the server cannot start as asked
├── InputError                    what came from outside is wrong
│   ├── UnknownNameError          no agent, type, run or artifact of that name
│   ├── PayloadError              a payload fails its type's validation
│   └── CursorError               a cursor cannot be read
├── RunError                      one run failed; others are untouched
│   ├── ModelError                the model server failed or refused
│   │   ├── TransportError        no connection, or it broke
│   │   ├── TruncatedError        the answer ended before its end
│   │   └── DeadlineError         a deadline of the engine passed
│   ├── FormatError               the answer could not be parsed into its fields
│   ├── OutputError               what an engine returned does not fit the agent
│   ├── OutputTooLargeError       a run passed its output bound
│   ├── WhereError                a condition of a subscription raised
│   ├── LoopError                 runs per correlation, depth or fan-out exceeded
│   └── BudgetError               a correlation used up what its runs may cost
│       ├── TokenBudgetError      its runs wrote too many tokens
│       └── TimeBudgetError       its runs took too long together
├── IdleTimeoutError              run_until_idle passed its timeout
├── LeftBehindError               a subscriber of the board was slower than the board forgets
├── ClosedError                   the flock was shut down
└── OverloadedError               too many runs wait for their turn already
"""

import difflib
from collections.abc import Iterable, Sequence
from typing import Any


class FlockError(Exception):
    """Base of all flock errors.

    `code` is stable and unique per kind (`FLK-…`), `message` says what was wrong, `hint` what to do.
    """

    code: str = "FLK-ERROR"

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} {self.hint}" if self.hint else self.message


class ConfigurationError(FlockError):
    """Raised when agents, engines or settings do not fit together."""

    code = "FLK-CONFIG"


class MissingKeyError(ConfigurationError):
    """Raised before any run when the model needs a key that is not set."""

    code = "FLK-CONFIG-KEY"


class IncompleteAgentError(ConfigurationError):
    """Raised when an agent has no engine, no types or no model."""

    code = "FLK-CONFIG-AGENT"


class DuplicateNameError(ConfigurationError):
    """Raised when a second agent or type takes a name that is in use."""

    code = "FLK-CONFIG-DUPLICATE"


class ServingError(ConfigurationError):
    """Raised when the server cannot start: port in use, served twice, no token on a public host."""

    code = "FLK-SERVE"


class InputError(FlockError):
    """Raised when a publication, request or message from outside is wrong."""

    code = "FLK-INPUT"


class UnknownNameError(InputError):
    """Raised when no agent, type, run, artifact or correlation has the given name."""

    code = "FLK-UNKNOWN"

    @classmethod
    def of(cls, kind: str, name: str, known: Iterable[str]) -> "UnknownNameError":
        """Make the error for `name`, with a "did you mean" from the `known` names."""
        names = sorted(known)
        close = difflib.get_close_matches(name, names, n=3, cutoff=0.5)
        if not close:
            folded = {candidate.casefold(): candidate for candidate in names}
            close = [folded[name.casefold()]] if name.casefold() in folded else []
        if close:
            hint = f"Did you mean {' or '.join(repr(candidate) for candidate in close)}?"
        elif names:
            shown = ", ".join(names[:10]) + (", …" if len(names) > 10 else "")
            hint = f"Known: {shown}."
        else:
            hint = None
        return cls(f"There is no {kind} {name!r}.", hint=hint)


class PayloadError(InputError):
    """Raised when a payload fails validation. `issues` lists `{"path", "message"}` per violation."""

    code = "FLK-PAYLOAD"

    def __init__(self, message: str, *, issues: Sequence[dict[str, str]] = (), hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.issues = list(issues)


class CursorError(InputError):
    """Raised when a cursor is not of the form `<epoch>-<offset>`."""

    code = "FLK-CURSOR"


class RunError(FlockError):
    """Raised inside one run; ends that run as failed and touches no other."""

    code = "FLK-RUN"


class ModelError(RunError):
    """Raised when the model server refuses or fails.

    `status` is the HTTP status if there was one, `retryable` whether the same call may succeed later,
    `retry_after_s` what the server asked for (seconds), `finish_reason` the provider's word when it ended the answer.
    """

    code = "FLK-MODEL"

    def __init__(
        self,
        message: str,
        *,
        status: int | None = None,
        retryable: bool = False,
        retry_after_s: float | None = None,
        finish_reason: str | None = None,
        hint: str | None = None,
    ) -> None:
        super().__init__(message, hint=hint)
        self.status = status
        self.retryable = retryable
        self.retry_after_s = retry_after_s
        self.finish_reason = finish_reason


class TransportError(ModelError):
    """Raised when no connection to the model server can be made, or it breaks."""

    code = "FLK-MODEL-TRANSPORT"


class TruncatedError(ModelError):
    """Raised when an answer ends early: cut off, filtered, or at its length limit."""

    code = "FLK-MODEL-TRUNCATED"


class DeadlineError(ModelError):
    """Raised when connecting, the first token, progress or the whole call takes too long."""

    code = "FLK-MODEL-DEADLINE"


class FormatError(RunError):
    """Raised when a model's answer cannot be parsed into the fields it was asked for."""

    code = "FLK-FORMAT"


class OutputError(RunError):
    """Raised when an engine returns something its agent does not publish, or that fails validation."""

    code = "FLK-OUTPUT"


class OutputTooLargeError(RunError):
    """Raised when a run's output passes `max_output_bytes`, or all running text passes the journal's bound."""

    code = "FLK-OUTPUT-SIZE"


class WhereError(RunError):
    """Raised when the `where` of a subscription raises; fails a run of its agent, no other agent's."""

    code = "FLK-WHERE"


class LoopError(RunError):
    """Raised when a correlation passes its budget of runs, depth or fan-out."""

    code = "FLK-LOOP"


class BudgetError(RunError):
    """Raised when the runs of a correlation cost more than they may; further ones fail with it, too."""

    code = "FLK-BUDGET"


class TokenBudgetError(BudgetError):
    """Raised when the runs of a correlation wrote more than `max_tokens_per_correlation`."""

    code = "FLK-BUDGET-TOKENS"


class TimeBudgetError(BudgetError):
    """Raised when the runs of a correlation took longer than `max_seconds_per_correlation`; they have timed out."""

    code = "FLK-BUDGET-TIME"


class IdleTimeoutError(FlockError, TimeoutError):
    """Raised when `run_until_idle(timeout=…)` passes its timeout; the runs go on."""

    code = "FLK-IDLE-TIMEOUT"


class LeftBehindError(FlockError):
    """Raised in a subscriber of the board whose next artifact was dropped before it was read."""

    code = "FLK-LEFT-BEHIND"


class ClosedError(FlockError):
    """Raised when something is published or run after shutdown."""

    code = "FLK-CLOSED"


class OverloadedError(FlockError):
    """Raised when new work comes while as many runs wait as may; nothing of it is on the board then."""

    code = "FLK-OVERLOADED"


def error_body(error: FlockError) -> dict[str, Any]:
    """Give the wire form of an error: `{"code", "message", "hint"}`, with `issues` for payloads."""
    body: dict[str, Any] = {"code": error.code, "message": error.message, "hint": error.hint}
    if isinstance(error, PayloadError) and error.issues:
        body["issues"] = error.issues
    return body
