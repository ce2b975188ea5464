"""What keeps agents from running away, and what is said to a run or a caller that is over a limit."""

from dataclasses import asdict, dataclass
from uuid import UUID

from flock.errors import ConfigurationError, LoopError, OverloadedError, TimeBudgetError

_MAY_BE_NONE = frozenset({"max_tokens_per_correlation", "max_seconds_per_correlation"})
_MAY_BE_0 = frozenset({"max_depth", "max_pending_openings", *_MAY_BE_NONE})


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What keeps agents from running away.

    Three end loops with a `LoopError`: `max_runs_per_correlation`; `max_depth`, how many runs one behind the other;
    `max_fan_out`, how many artifacts one run may publish, and how many runs one publication may set off.
    Two bound what a correlation costs, None for no bound; its runs at work end with a `BudgetError`, further ones fail
    with it at once:

    - `max_tokens_per_correlation`: what the models of its runs wrote. A run's tokens are the pieces of its model output
      as they come, texts and reasoning of all attempts (a long piece counts one per 16 characters), or what its
      provider reports at its end where that is more. Prompts do not count. The run whose token passes it fails there
      and then, the others with their next token, at the latest at their end.
    - `max_seconds_per_correlation`: wall-clock seconds in which at least one of its runs was at work. Parallel runs
      count once; waiting for a turn, or for a person between two runs, does not count. Its runs have `timed_out`.

    A correlation that had no run for a minute begins anew.
    `max_pending_joins` artifacts wait for their partners, the oldest are dropped. `max_parallel_runs` go on at once and
    `max_waiting_runs` further ones wait for their turn; `max_pending_openings` artifacts wait until they become
    visible. Beyond that new work is refused with an `OverloadedError`.
    All are at least 1; the bounds of depth, cost and openings may be 0. Raises `ConfigurationError` for what is not.
    """

    max_runs_per_correlation: int = 1000
    max_depth: int = 50
    max_fan_out: int = 1000
    max_tokens_per_correlation: int | None = 10_000_000  # all its runs at 10,000 each
    max_seconds_per_correlation: float | None = 6 * 3600.0  # all its runs one after the other at 20 s each
    max_pending_joins: int = 10_000
    max_pending_openings: int = 10_000
    max_parallel_runs: int = 1000
    max_waiting_runs: int = 10_000

    def __post_init__(self) -> None:
        for name, value in asdict(self).items():
            _check(name, value)


def _check(name: str, value: object) -> None:
    if value is None and name in _MAY_BE_NONE:
        return
    kinds = (int, float) if name == "max_seconds_per_correlation" else (int,)
    least = 0 if name in _MAY_BE_0 else 1
    if isinstance(value, bool) or not isinstance(value, kinds) or not value >= least:
        raise ConfigurationError(
            f"Limits.{name} is {value!r}.",
            hint=f"It must be a number of at least {least}{', or None' if name in _MAY_BE_NONE else ''}.",
        )


def fan_out_error(what: str, *, max_fan_out: int) -> LoopError:
    """Make the error of a run that publishes, or a publication that sets off, more than it may."""
    return LoopError(
        f"{what}, more than {max_fan_out:,}.",
        hint="Publish less at once, or narrow what agents consume, with consumes(…, where=…);"
        " if so many are meant, raise Limits.max_fan_out.",
    )


def time_error(correlation_id: UUID, *, max_seconds: float) -> TimeBudgetError:
    """Make the error of a correlation whose runs took longer than they may."""
    return TimeBudgetError(
        f"The runs of correlation {correlation_id} took {max_seconds:,g} s, and may not take longer.",
        hint="If it needs to take so long, raise Limits.max_seconds_per_correlation.",
    )


def overloaded_error(waiting: int, *, max_waiting_runs: int) -> OverloadedError:
    """Make the error of new work that finds as many runs waiting as may."""
    return OverloadedError(
        f"{waiting:,} runs wait for their turn, and no more than {max_waiting_runs:,} may.",
        hint="Try again when some have ended; if so many are meant to wait, raise Limits.max_waiting_runs.",
    )
