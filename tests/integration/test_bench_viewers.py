"""The benchmark's processes over real sockets: what is lost on the way fails the round, what is whole does not."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace

import pytest

from benchmarks.cells import Cell
from benchmarks.children import BenchmarkError, Child, child
from benchmarks.contest import Corner, contest
from benchmarks.model_server import answer_path
from benchmarks.relay import FanOut, ViewerConnection

CELL = Cell(streams=2, viewers=3, tokens_per_s=0, tokens=10)
TOKENS = [b'{"text":"%06d|%06d|%019d "}' % (stream, number, 1) for number in range(10) for stream in range(2)]


@asynccontextmanager
async def served() -> AsyncIterator[tuple[FanOut, int]]:
    """A server that sends its viewers whatever a test gives it."""
    fan_out = FanOut(0)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: ViewerConnection(fan_out), "127.0.0.1", 0)
    async with server:
        yield fan_out, server.sockets[0].getsockname()[1]


async def report(tokens: list[bytes], viewers: Child, fan_out: FanOut) -> list[str]:
    """Send these tokens and a last message; gives the flaws that viewers report when they have seen it all."""
    await viewers.ask("begin", 2, 10)
    fan_out.send(tokens)
    await viewers.hear()
    flaws: list[str] = (await viewers.ask("report"))["flaws"]
    return flaws


async def test_planted_flaws_are_reported_by_every_viewer() -> None:
    async with served() as (fan_out, port), child("benchmarks.viewers", port, "relay", 3, 0) as viewers:
        await viewers.hear()
        assert await report(TOKENS, viewers, fan_out) == []
        doubled = await report([*TOKENS[:5], TOKENS[4], *TOKENS[5:]], viewers, fan_out)
        assert doubled == [
            f"viewer {number}: 0 tokens missing, 1 doubled, 0 out of order, 0 too many" for number in range(3)
        ]
        swapped = [TOKENS[2], TOKENS[1], TOKENS[0], *TOKENS[3:]]
        assert "1 out of order" in (await report(swapped, viewers, fan_out))[0]
        foreign = [*TOKENS[:-1], TOKENS[0].replace(b"000000|000000", b"000009|000000")]
        assert "1 tokens missing, 0 doubled, 0 out of order, 1 too many" in (await report(foreign, viewers, fan_out))[0]


async def test_a_planted_gap_is_reported_though_every_token_came() -> None:
    async with served() as (fan_out, port), child("benchmarks.viewers", port, "relay", 1, 0) as viewers:
        await viewers.hear()
        assert await report([b'{"type":"gap"}', *TOKENS], viewers, fan_out) == [
            "a gap: the viewer fell behind the journal's reach"
        ]


async def test_the_contestants_stream_a_round_without_loss() -> None:
    said: list[str] = []
    async with child("benchmarks.model_server") as model:
        port = (await model.hear())["port"]
        cell = Cell(streams=3, viewers=4, stalled=1, tokens_per_s=0, fields=3, contestants=("relay", "compact"))
        row = await contest(cell, 1, port, said.append)
    assert list(row.rounds) == list(cell.contestants)
    assert all(row.median(contestant).cpu_us > 0 for contestant in cell.contestants)
    assert len(said) == 2 * len(cell.contestants)


async def test_a_round_in_which_a_token_is_lost_fails() -> None:
    async with child("benchmarks.model_server") as model, AsyncExitStack() as stack:
        port = (await model.hear())["port"]
        path = answer_path(CELL.adapter, ("body",), CELL.tokens, CELL.tokens_per_s)
        losing = await stack.enter_async_context(child("tests.losing_relay", port, path, CELL.streams, 1, name="relay"))
        corner = Corner(CELL, "relay", losing, stack, delivery_s=0.2)
        await corner.open()
        with pytest.raises(BenchmarkError, match=r"^relay, .*viewer 0: 1 tokens missing, 0 doubled, 0 out of order"):
            await corner.round()


async def test_a_round_in_which_a_run_does_not_complete_fails() -> None:
    async with child("benchmarks.model_server") as model, AsyncExitStack() as stack:
        port = (await model.hear())["port"]
        path = answer_path(CELL.adapter, ("body",), CELL.tokens, CELL.tokens_per_s)
        relay = await stack.enter_async_context(
            child("benchmarks.relay", port, path, CELL.streams - 1, 1, name="relay")
        )
        corner = Corner(replace(CELL, viewers=0), "relay", relay, stack)
        await corner.open()
        with pytest.raises(BenchmarkError, match="not every run completed"):
            await corner.round()


async def test_a_process_that_ends_early_or_says_nothing_is_told() -> None:
    async with child("benchmarks.relay") as wrongly_called:
        with pytest.raises(BenchmarkError, match="The relay ended early, with 1"):
            await wrongly_called.hear()
    async with child("benchmarks.model_server") as model:
        await model.hear()
        with pytest.raises(BenchmarkError, match=r"said nothing for 0\.1 s"):
            await model.hear(0.1)
