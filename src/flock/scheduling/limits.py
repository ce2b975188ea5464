"""What keeps agents from running away, and what is said to a run or a caller that is over a limit."""

from dataclasses import dataclass

from flock.errors import LoopError, OverloadedError


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What keeps agents from running away.

    Three end loops with a `LoopError`: `max_runs_per_correlation`; `max_depth`, how many runs one behind the other;
    `max_fan_out`, how many artifacts one run may publish, and how many runs one publication may set off.
    `max_pending_joins` artifacts wait for their partners, the oldest are dropped. `max_parallel_runs` go on at once and
    `max_waiting_runs` further ones wait for their turn; `max_pending_openings` artifacts wait until they become
    visible. Beyond that new work is refused with an `OverloadedError`.
    """

    max_runs_per_correlation: int = 1000
    max_depth: int = 50
    max_fan_out: int = 1000
    max_pending_joins: int = 10_000
    max_pending_openings: int = 10_000
    max_parallel_runs: int = 1000
    max_waiting_runs: int = 10_000


def fan_out_error(what: str, *, max_fan_out: int) -> LoopError:
    """Make the error of a run that publishes, or a publication that sets off, more than it may."""
    return LoopError(
        f"{what}, more than {max_fan_out:,}.",
        hint="Publish less at once, or narrow what agents consume, with consumes(…, where=…);"
        " if so many are meant, raise Limits.max_fan_out.",
    )


def overloaded_error(waiting: int, *, max_waiting_runs: int) -> OverloadedError:
    """Make the error of new work that finds as many runs waiting as may."""
    return OverloadedError(
        f"{waiting:,} runs wait for their turn, and no more than {max_waiting_runs:,} may.",
        hint="Try again when some have ended; if so many are meant to wait, raise Limits.max_waiting_runs.",
    )
