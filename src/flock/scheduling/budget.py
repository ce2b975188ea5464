"""What one correlation may spend: how many runs, how long a chain of them, how many tokens, how much time."""

import asyncio
import time
from collections import Counter, OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from types import TracebackType
from typing import NamedTuple
from uuid import UUID

from flock.allowance import Allowance
from flock.errors import BudgetError, LoopError
from flock.scheduling.limits import time_error

FORGET_AFTER_S = 60.0
"""How long a correlation without runs is remembered: a loop through something outside may take a while to return."""

MAX_REMEMBERED = 10_000
"""How many correlations without runs are remembered at the most."""


class Refusal(NamedTuple):
    """A run that may not start. `is_first` is false where its agent was refused in this correlation before."""

    error: LoopError | BudgetError
    is_first: bool


@dataclass(slots=True)
class _Account:
    """What one correlation spent. `worked_s` is the time with runs at work, without the stretch that goes on."""

    allowance: Allowance
    runs: Counter[str] = field(default_factory=Counter)
    unfinished: int = 0
    at_work: int = 0
    at_work_since_s: float = 0.0
    worked_s: float = 0.0
    is_out_of_time: bool = False
    refused: set[str] = field(default_factory=set)
    idle_since_s: float = 0.0

    def clock_in(self) -> None:
        """Count the time from here on as worked; runs side by side count once."""
        if not self.at_work:
            self.at_work_since_s = asyncio.get_running_loop().time()
        self.at_work += 1

    def clock_out(self) -> None:
        """Count the time no longer, where this was the last run at work."""
        self.at_work -= 1
        if not self.at_work:
            self.worked_s += asyncio.get_running_loop().time() - self.at_work_since_s


class Budget:
    """Counts what each correlation spends while it has runs, and for a minute after. None is no bound."""

    def __init__(
        self,
        *,
        max_runs: int,
        max_depth: int,
        max_tokens: int | None = None,
        max_seconds: float | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.max_runs = max_runs
        self.max_depth = max_depth
        self.max_tokens = max_tokens
        self.max_seconds = max_seconds
        self._clock = clock
        self._busy: dict[UUID, _Account] = {}
        self._idle: OrderedDict[UUID, _Account] = OrderedDict()

    def __len__(self) -> int:
        return len(self._busy) + len(self._idle)

    def refusal(
        self, correlation_id: UUID, agent_name: str, *, depth: int, may_name: Callable[[str], bool] = lambda name: True
    ) -> Refusal | None:
        """Say why a run of this agent may not start, None if it may; the error names agents that `may_name` lets it."""
        self._forget()
        account = self._account(correlation_id)
        error = self._judge(account, correlation_id, agent_name, depth, may_name)
        if error is None:
            return None
        is_first = agent_name not in account.refused
        account.refused.add(agent_name)
        if not account.unfinished and correlation_id not in self._idle:
            self._retire(correlation_id, account)
        return Refusal(error, is_first)

    def spend(self, correlation_id: UUID, agent_name: str) -> None:
        """Count a run that starts; each must be settled."""
        account = self._account(correlation_id)
        account.runs[agent_name] += 1
        account.unfinished += 1
        self._idle.pop(correlation_id, None)
        self._busy[correlation_id] = account

    def settle(self, correlation_id: UUID) -> None:
        """Note that a run that was counted has ended."""
        account = self._busy[correlation_id]
        account.unfinished -= 1
        if not account.unfinished:
            del self._busy[correlation_id]
            self._retire(correlation_id, account)

    def working(self, correlation_id: UUID) -> "AtWork":
        """Count the time while a run that was spent is at work, and give the tokens it shares with the others.

        Raises the `BudgetError` of a correlation that used up its tokens or its time before; cancels the block and
        raises `TimeBudgetError` when its time is over.
        """
        return AtWork(self, self._busy[correlation_id], correlation_id)

    def deadline_s(self, account: _Account) -> float | None:
        """Give when a correlation at work has used up its time, by the loop's clock."""
        return None if self.max_seconds is None else account.at_work_since_s + self.max_seconds - account.worked_s

    def overspent(self, account: _Account, correlation_id: UUID) -> BudgetError | None:
        """Give the error of a correlation that used up its tokens or its time, None where it did not."""
        if self.max_seconds is not None and (account.is_out_of_time or account.worked_s >= self.max_seconds):
            return time_error(correlation_id, max_seconds=self.max_seconds)
        return account.allowance.error

    def _account(self, correlation_id: UUID) -> _Account:
        known = self._busy.get(correlation_id) or self._idle.get(correlation_id)
        return known or _Account(Allowance(str(correlation_id), max_tokens=self.max_tokens))

    def _retire(self, correlation_id: UUID, account: _Account) -> None:
        account.idle_since_s = self._clock()
        self._idle[correlation_id] = account
        self._forget()

    def _forget(self) -> None:
        """Forget those without runs: after a while, or the longest idle where there are too many."""
        latest_s = self._clock() - FORGET_AFTER_S
        while self._idle:
            correlation_id, account = next(iter(self._idle.items()))
            if account.idle_since_s > latest_s and len(self._idle) <= MAX_REMEMBERED:
                break
            del self._idle[correlation_id]

    def _judge(
        self,
        account: _Account,
        correlation_id: UUID,
        agent_name: str,
        depth: int,
        may_name: Callable[[str], bool],
    ) -> LoopError | BudgetError | None:
        if depth > self.max_depth:
            what, limit = f"{depth} runs led to this run of {agent_name!r}, more than {self.max_depth}", "max_depth"
        elif account.runs.total() >= self.max_runs:
            what, limit = f"{agent_name!r} would start one run more than {self.max_runs}", "max_runs_per_correlation"
        else:
            return self.overspent(account, correlation_id)
        named = [(name, runs) for name, runs in account.runs.most_common() if may_name(name)]
        so_far = ", ".join(f"{name!r} {runs}" for name, runs in named[:5]) or "none"
        return LoopError(
            f"{what}, in correlation {correlation_id} (runs so far: {so_far}).",
            hint="Agents that trigger each other need a condition that ends it, such as consumes(…, where=…);"
            f" if so many runs are meant, raise Limits.{limit}.",
        )


class AtWork:
    """The block in which one run is at work: its time counts, and ends with the time of its correlation."""

    __slots__ = ("_account", "_budget", "_correlation_id", "_limit")

    def __init__(self, budget: Budget, account: _Account, correlation_id: UUID) -> None:
        self._budget = budget
        self._account = account
        self._correlation_id = correlation_id

    async def __aenter__(self) -> Allowance:
        account = self._account
        if (error := self._budget.overspent(account, self._correlation_id)) is not None:
            raise error
        account.clock_in()
        self._limit = asyncio.timeout_at(self._budget.deadline_s(account))
        await self._limit.__aenter__()
        return account.allowance

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            await self._limit.__aexit__(kind, error, trace)
        except TimeoutError as exc:
            raise self._time_error() from exc
        finally:
            self._account.clock_out()
        if isinstance(error, TimeoutError) and self._limit.expired():
            raise self._time_error() from error

    def _time_error(self) -> BudgetError:
        self._account.is_out_of_time = True  # the timer may be a hair early
        return time_error(self._correlation_id, max_seconds=self._budget.max_seconds or 0.0)
