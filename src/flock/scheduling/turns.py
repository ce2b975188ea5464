"""Whose turn it is to run: slots per agent and for the process, given to waiting runs by priority."""

import asyncio
from collections import Counter, deque
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import NamedTuple, Self

Rank = tuple[int, int]
"""What is compared between waiting runs of different agents; lower goes first."""


class Claim(NamedTuple):
    """What a run asks for: one of the `limit` turns of its agent, at its rank."""

    agent_name: str
    limit: int
    rank: Rank


class _Waiter(NamedTuple):
    claim: Claim
    number: int
    granted: asyncio.Future[None]


class Turns:
    """Hands out at most `max_parallel` turns, and to each agent's runs at most its own limit.

    Waiting runs go by rank, then in the order they came. A run whose agent is full holds up no other agent's.
    """

    def __init__(self, max_parallel: int) -> None:
        self.max_parallel = max_parallel
        self._taken: Counter[str] = Counter()
        self._total = 0
        self._waiting: dict[str, deque[_Waiter]] = {}
        self._arrivals = 0

    def turn(self, claim: Claim, waiting: Callable[[str], AbstractContextManager[None]]) -> "Turn":
        """Give a turn to hold for as long as its block runs; where there is none yet, wait inside `waiting(reason)`."""
        return Turn(self, claim, waiting)

    async def get(self, claim: Claim, waiting: Callable[[str], AbstractContextManager[None]]) -> None:
        """Take a turn as soon as there is one; it is to be given back."""
        reason = self._refusal(claim)
        if reason is None:
            self.take(claim)
        else:
            with waiting(reason):
                await self._wait(claim)

    def take(self, claim: Claim) -> None:
        """Take a turn, be it one more than the limit."""
        self._taken[claim.agent_name] += 1
        self._total += 1

    def give_back(self, claim: Claim) -> None:
        """Give a turn back, to the first who waits for one."""
        self._taken[claim.agent_name] -= 1
        if not self._taken[claim.agent_name]:
            del self._taken[claim.agent_name]
        self._total -= 1
        self._grant()

    def _refusal(self, claim: Claim) -> str | None:
        """Say in words why there is no turn for this claim now, None if there is one."""
        if self._taken[claim.agent_name] >= claim.limit:
            return f"agent {claim.agent_name!r} does {_counted(claim.limit)} at a time (max_concurrency)"
        if self._total >= self.max_parallel:
            return f"the flock does {_counted(self.max_parallel)} at a time (max_parallel_runs)"
        return None

    async def _wait(self, claim: Claim) -> None:
        self._arrivals += 1
        waiter = _Waiter(claim, self._arrivals, asyncio.get_running_loop().create_future())
        self._waiting.setdefault(claim.agent_name, deque()).append(waiter)
        try:
            await waiter.granted
        except asyncio.CancelledError:
            if waiter.granted.cancelled():
                self._remove(waiter)
            else:
                self.give_back(claim)
            raise

    def _grant(self) -> None:
        while (waiter := self._next()) is not None:
            self._remove(waiter)
            if not waiter.granted.done():  # else it was cancelled, and has not come to notice it
                self.take(waiter.claim)
                waiter.granted.set_result(None)

    def _next(self) -> _Waiter | None:
        firsts = [queue[0] for queue in self._waiting.values()]
        ready = [waiter for waiter in firsts if self._refusal(waiter.claim) is None]
        return min(ready, key=lambda waiter: (waiter.claim.rank, waiter.number), default=None)

    def _remove(self, waiter: _Waiter) -> None:
        queue = self._waiting.get(waiter.claim.agent_name)
        if queue is not None and waiter in queue:
            queue.remove(waiter)
            if not queue:
                del self._waiting[waiter.claim.agent_name]


class Turn:
    """A turn one run holds for as long as the block runs, except while it waits for other runs."""

    __slots__ = ("_borrowers", "_claim", "_is_over", "_turns", "_waiting")

    def __init__(self, turns: Turns, claim: Claim, waiting: Callable[[str], AbstractContextManager[None]]) -> None:
        self._turns = turns
        self._claim = claim
        self._waiting = waiting
        self._borrowers = 0
        self._is_over = False

    async def __aenter__(self) -> Self:
        await self._turns.get(self._claim, self._waiting)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._is_over = True
        if not self._borrowers:
            self._turns.give_back(self._claim)

    @contextmanager
    def lent(self) -> Iterator[None]:
        """Let others have the turn for as long as the block runs, so that a run can wait for one that needs it.

        Afterwards the run goes on at once, for that long perhaps beside one run more than the limit.
        """
        if not self._borrowers and not self._is_over:
            self._turns.give_back(self._claim)
        self._borrowers += 1
        try:
            yield
        finally:
            self._borrowers -= 1
            if not self._borrowers and not self._is_over:
                self._turns.take(self._claim)


def _counted(runs: int) -> str:
    return "1 run" if runs == 1 else f"{runs} runs"
