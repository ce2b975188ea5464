"""Whose turn it is to run: slots per agent and for the process, given to waiting runs by priority."""

import asyncio
from collections import Counter, deque
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractContextManager, asynccontextmanager, contextmanager
from typing import NamedTuple

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

    @asynccontextmanager
    async def turn(self, claim: Claim, waiting: Callable[[str], AbstractContextManager[None]]) -> AsyncIterator["Turn"]:
        """Hold a turn for as long as the block runs; where there is none yet, wait for it inside `waiting(reason)`."""
        reason = self._refusal(claim)
        if reason is None:
            self._take(claim)
        else:
            with waiting(reason):
                await self._wait(claim)
        turn = Turn(take=lambda: self._take(claim), give_back=lambda: self._give_back(claim))
        try:
            yield turn
        finally:
            turn.end()

    def _refusal(self, claim: Claim) -> str | None:
        """Say in words why there is no turn for this claim now, None if there is one."""
        if self._taken[claim.agent_name] >= claim.limit:
            return f"agent {claim.agent_name!r} runs {claim.limit} at once (max_concurrency), and they are all at work"
        if self._total >= self.max_parallel:
            return f"{self.max_parallel} runs may go on at once (max_parallel_runs), and they are all at work"
        return None

    def _take(self, claim: Claim) -> None:
        self._taken[claim.agent_name] += 1
        self._total += 1

    def _give_back(self, claim: Claim) -> None:
        self._taken[claim.agent_name] -= 1
        if not self._taken[claim.agent_name]:
            del self._taken[claim.agent_name]
        self._total -= 1
        self._grant()

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
                self._give_back(claim)
            raise

    def _grant(self) -> None:
        while (waiter := self._next()) is not None:
            self._remove(waiter)
            if not waiter.granted.done():  # else it was cancelled, and has not come to notice it
                self._take(waiter.claim)
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
    """A turn one run holds, except while it waits for other runs."""

    def __init__(self, *, take: Callable[[], None], give_back: Callable[[], None]) -> None:
        self._take = take
        self._give_back = give_back
        self._borrowers = 0
        self._is_over = False

    @contextmanager
    def lent(self) -> Iterator[None]:
        """Let others have the turn for as long as the block runs, so that a run can wait for one that needs it.

        Afterwards the run goes on at once, for that long perhaps beside one run more than the limit.
        """
        if not self._borrowers and not self._is_over:
            self._give_back()
        self._borrowers += 1
        try:
            yield
        finally:
            self._borrowers -= 1
            if not self._borrowers and not self._is_over:
                self._take()

    def end(self) -> None:
        """Give the turn back for good."""
        self._is_over = True
        if not self._borrowers:
            self._give_back()
