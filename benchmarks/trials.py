"""What no row can tell: the first token, memory, and very long answers."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from statistics import fmean, median

from benchmarks.cells import START_S, Adapter, Cell
from benchmarks.children import Facts, child
from benchmarks.contest import Corner, Note, corner
from benchmarks.findings import Finding
from benchmarks.model_server import answer_path
from benchmarks.product import field_names
from benchmarks.startup import START_COST_ROUNDS, start_up_cost, start_up_time

Run = Callable[[int, int, Note], Awaitable[list[Finding]]]
"""Takes the number of rounds and the model server's port."""

FIRST_TOKEN_ROUNDS = 15
"""At the least: a round takes a second."""

STREAMED = 100_000
"""Tokens after which the memory is looked at again."""

LOOK_S = 0.2
"""How often it is looked whether the streams are halfway."""

LONG, SHORT = 30_000, 500


@dataclass(frozen=True, slots=True)
class Trial:
    """A measurement of its own. `seconds` says how long it takes, roughly: at all, and per round."""

    name: str
    run: Run
    seconds: tuple[float, float]

    def duration_s(self, rounds: int) -> float:
        """Say how long it will take, roughly."""
        return self.seconds[0] + rounds * self.seconds[1]


@asynccontextmanager
async def product(cell: Cell, model_port: int, *, warms_all: bool = False) -> AsyncIterator[Corner]:
    """Start the product and its viewers, and let one agent run, or each of them, so that everything is loaded."""
    async with corner(cell, "full", model_port) as one:
        await one.open()
        assert one.viewers is not None
        await one.viewers.ask("begin", cell.agents if warms_all else 1, cell.tokens)
        await one.serving.ask("warm", *(["all"] if warms_all else []))
        await one.viewers.hear()
        yield one


def first_token(streams: int, goal: float, bound: float) -> Trial:
    """Compare the time to first token with the raw socket's, for so many agents that start at once."""
    cell = Cell(streams=streams, viewers=1, tokens=20)
    path = answer_path(cell.adapter, field_names(cell.fields), cell.tokens, cell.tokens_per_s)

    async def run(rounds: int, model_port: int, note: Note) -> list[Finding]:
        ours: list[float] = []
        raw: list[float] = []
        async with (
            product(cell, model_port) as one,
            child("benchmarks.raw_client", model_port, path, streams) as client,
        ):
            await client.hear()
            for number in range(max(rounds, FIRST_TOKEN_ROUNDS) + 1):
                raw_ms = median((await client.ask("go"))["first_ms"])
                ours_ms = await _first_token_ms(one)
                note(f"round {number}: flock {ours_ms:.1f} ms, raw socket {raw_ms:.1f} ms")
                if number:
                    raw.append(raw_ms)
                    ours.append(ours_ms)
        what = f"time to first token, {streams} agents starting at once"
        return [
            Finding(f"{what}: added to the raw socket's", median(ours) - median(raw), goal, bound, "ms"),
            Finding(f"{what}: the raw socket's", median(raw), unit="ms"),
        ]

    return Trial(f"first token, {streams} agents", run, (START_S + FIRST_TOKEN_ROUNDS * 1.5, 0.0))


async def _first_token_ms(one: Corner) -> float:
    _, start = await one.round()
    assert one.viewers is not None
    first_ns: list[int] = (await one.viewers.ask("first"))["first_ns"]
    began_ns: int = start["began_ns"]
    return median((ns - began_ns) / 1e6 for ns in first_ns)


async def memory_of_streams(rounds: int, model_port: int, note: Note) -> list[Finding]:
    """See what a stream holds while it is under way, beside its text and its events in the journal.

    The streams are of few agents, each of which has run before: what an agent keeps is told by `memory_afterwards`.
    """
    cell = Cell(streams=1000, viewers=2, tokens_per_s=20, runs_per_agent=100)
    beside: list[float] = []
    whole: list[float] = []
    for _ in range(rounds):
        async with product(cell, model_port, warms_all=True) as one:
            before = await one.serving.ask("memory")
            start = (await one.serving.ask("head"))["head"]
            await one.begin()
            while (await one.serving.ask("head"))["head"] < start + cell.total / 2:  # noqa: ASYNC110 - it is another process
                await asyncio.sleep(LOOK_S)
            halfway = await one.serving.ask("memory")
            await one.end()
        grown = halfway["memory"] - before["memory"]
        journal = halfway["journal"] - before["journal"]
        whole.append(grown / cell.streams / 1e3)
        beside.append((grown - journal) / cell.streams / 1e3)
        note(f"{beside[-1]:.1f} kB per stream, {whole[-1]:.1f} kB with its text and events")
    what = f"memory per active stream, {cell.streams} of them halfway"
    return [
        Finding(f"{what}: beyond its text and events in the journal", median(beside), 30, 50, "kB"),
        Finding(f"{what}: with them", median(whole), unit="kB"),
    ]


async def memory_afterwards(rounds: int, model_port: int, note: Note) -> list[Finding]:
    """See what is left when all runs have ended, beside what the journal and the board account for."""
    cell = Cell(streams=100, viewers=2, tokens_per_s=0)
    left: list[float] = []
    kept: list[float] = []
    once: list[float] = []
    for _ in range(rounds):
        async with product(cell, model_port) as one:
            fresh = await one.serving.ask("memory")
            await one.round()
            before = await one.serving.ask("memory")
            for _ in range(STREAMED // cell.total):
                await one.round()
            after = await one.serving.ask("memory")
        once.append(_unaccounted_mb(fresh, before))
        left.append(_unaccounted_mb(before, after))
        kept.append((after["board"] - before["board"]) / 1e6)
        note(f"{left[-1]:.2f} MB, {kept[-1]:.2f} on the board; {once[-1]:.2f} MB after the first round")
    what = f"memory after {STREAMED:,} tokens and the end of all runs, beyond the journal and the board"
    return [
        Finding(what, median(left), 2, 5, "MB"),
        Finding("beside that, the published artifacts on the board", median(kept), unit="MB"),
        Finding(f"before that, what the first run of {cell.streams} agents left", median(once), unit="MB"),
    ]


def _unaccounted_mb(before: Facts, after: Facts) -> float:
    """Give what the memory grew by beyond what the journal and the board account for."""
    grown, journal, board = (after[what] - before[what] for what in ("memory", "journal", "board"))
    return float(grown - journal - board) / 1e6


def long_answer(adapter: Adapter) -> Trial:
    """Compare the CPU per token of one long answer with that of short ones, as many tokens in all, one by one."""
    long = Cell(streams=1, viewers=1, tokens_per_s=0, tokens=LONG, adapter=adapter)
    short = replace(long, tokens=SHORT)

    async def run(rounds: int, model_port: int, note: Note) -> list[Finding]:
        longs: list[float] = []
        shorts: list[float] = []
        async with product(long, model_port) as whole, product(short, model_port) as parts:
            for number in range(rounds + 1):
                long_us = (await whole.round())[0].cpu_us
                short_us = fmean([(await parts.round())[0].cpu_us for _ in range(LONG // SHORT)])
                note(f"round {number}: {long_us:.1f} µs/token of {LONG:,} tokens, {short_us:.1f} of {SHORT}")
                if number:
                    longs.append(long_us)
                    shorts.append(short_us)
        what = f"one answer of {LONG:,} tokens flat out, {adapter}: CPU per token"
        ratio = median(one / other for one, other in zip(longs, shorts, strict=True))
        return [
            Finding(f"{what} / that of answers of {SHORT} tokens", ratio, 1.0, 1.1),
            Finding(f"{what}, itself", median(longs), unit="µs"),
        ]

    return Trial(f"one answer of {LONG:,} tokens, {adapter}", run, (START_S, 10.0))


TRIALS = (
    first_token(10, goal=10, bound=25),
    first_token(50, goal=40, bound=100),
    long_answer("chat"),
    long_answer("json"),
    Trial("memory of active streams", memory_of_streams, (0.0, 25.0)),
    Trial("memory afterwards", memory_afterwards, (0.0, 15.0)),
    Trial("start-up, CPU", start_up_cost, (START_COST_ROUNDS * 4.0, 0.0)),
    Trial("start-up, until ready", start_up_time, (0.0, 4.0)),
)
