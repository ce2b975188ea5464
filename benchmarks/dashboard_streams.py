"""A hundred streams in the browser: what they cost it, how late they are, and whether all of their text is there."""

import asyncio
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from statistics import median
from typing import Any, NamedTuple

from playwright.async_api import Browser

from benchmarks.children import Child, child
from benchmarks.cut import cuttable_way
from benchmarks.figures import quantile
from benchmarks.findings import Finding
from benchmarks.watched_page import WatchedPage, watched_page

STREAMS = 100
TOKENS_PER_S = 50
MANY_TOKENS_PER_S = 200
WARM_S = 3.0
"""How long streams are let run before it is measured."""

CUT_S = 5.0
ROUNDS = 3


class Manuscript(NamedTuple):
    """What the server says of a run: its text's hash, and when each token was written."""

    sha256: str
    written_at: list[float]


@asynccontextmanager
async def scribes() -> AsyncIterator[tuple[Child, int]]:
    """Start a server with a hundred agents; gives it and its port."""
    async with child("benchmarks.scribes", STREAMS) as server:
        port = (await server.hear())["port"]
        yield server, port


async def _manuscripts(server: Child) -> dict[str, Manuscript]:
    runs: dict[str, list[Any]] = (await server.hear())["runs"]
    return {run_id: Manuscript(*told) for run_id, told in runs.items()}


async def hundred_streams(browser: Browser, seconds: float) -> list[Finding]:
    """Watch a hundred streams of 50 tokens/s."""
    async with scribes() as (server, port), watched_page(browser, f"http://127.0.0.1:{port}/") as page:
        await page.wait_live()
        server.say("go", TOKENS_PER_S, seconds + 2 * WARM_S)
        await asyncio.sleep(WARM_S)
        chars, heap = await _chars(page), await page.heap_bytes()
        began, before = time.time(), await page.counters()
        await asyncio.sleep(seconds)
        ended, after = time.time(), await page.counters()
        heap_growth = await page.heap_bytes() - heap - (await _chars(page) - chars)
        manuscripts = await _manuscripts(server)
        await page.wait_finished(STREAMS)
        texts = await page.texts()
        lags_ms = lags(await page.painted(), manuscripts, began, ended)
    what = f"{STREAMS} streams x {TOKENS_PER_S} tokens/s, {seconds:g} s"
    busy = (after["TaskDuration"] - before["TaskDuration"]) / (after["Timestamp"] - before["Timestamp"])
    return [
        Finding(f"{what}: deltas that are not in the page's state", missing(texts, manuscripts), 0, 0),
        Finding(f"{what}: sequence gaps", texts["misfits"] + texts["gaps"], 0, 0),
        Finding(f"{what}: runs whose text is not the server's", differing(texts, manuscripts), 0, 0),
        Finding(f"{what}: main thread busy", busy * 100, 50, 50, "%"),
        Finding(f"{what}: from written to drawn, p50", quantile(lags_ms, 0.5), unit="ms"),
        Finding(f"{what}: from written to drawn, p95", quantile(lags_ms, 0.95), 250, 250, "ms"),
        Finding(f"{what}: heap growth beyond the text", heap_growth / 1e6, 5, 5, "MB"),
    ]


async def four_times_as_many(browser: Browser, seconds: float) -> list[Finding]:
    """Compare 20,000 tokens/s with 5,000: rounds of both, taking turns, on one page."""
    costs: dict[float, list[float]] = {TOKENS_PER_S: [], MANY_TOKENS_PER_S: []}
    missed = 0
    async with scribes() as (server, port):
        for _ in range(ROUNDS):
            for tokens_per_s, busy in costs.items():
                async with watched_page(browser, f"http://127.0.0.1:{port}/") as page:
                    cost, lost = await _round(server, page, tokens_per_s, seconds / 4)
                    busy.append(cost)
                    missed += lost
    ratio = median(costs[MANY_TOKENS_PER_S]) / median(costs[TOKENS_PER_S])
    what = f"{STREAMS * MANY_TOKENS_PER_S:,} tokens/s"
    return [
        Finding(f"{what}: main thread busy", median(costs[MANY_TOKENS_PER_S]) * 100, unit="%"),
        Finding(f"{what}: cost of the main thread / that of {STREAMS * TOKENS_PER_S:,}", ratio, 1.5, 1.5),
        Finding(f"{what}: deltas that are not in the page's state", missed, 0, 0),
    ]


async def _round(server: Child, page: WatchedPage, tokens_per_s: float, seconds: float) -> tuple[float, int]:
    """Watch for so long; gives the share of its time the main thread was busy, and how many deltas are missing."""
    await page.wait_live()
    server.say("go", tokens_per_s, seconds + 2 * WARM_S)
    await asyncio.sleep(WARM_S)
    before = await page.counters()
    await asyncio.sleep(seconds)
    after = await page.counters()
    manuscripts = await _manuscripts(server)
    await page.wait_finished(STREAMS)
    busy = (after["TaskDuration"] - before["TaskDuration"]) / (after["Timestamp"] - before["Timestamp"])
    return busy, missing(await page.texts(), manuscripts)


async def reloaded(browser: Browser, seconds: float) -> list[Finding]:
    """Reload the page in the middle, twice."""
    async with scribes() as (server, port), watched_page(browser, f"http://127.0.0.1:{port}/") as page:
        await page.wait_live()
        server.say("go", TOKENS_PER_S, 10)
        for _ in range(2):
            await asyncio.sleep(WARM_S)
            await page.page.reload()
        manuscripts = await _manuscripts(server)
        await page.wait_finished(STREAMS)
        texts = await page.texts()
    return [Finding("reload in mid-stream: runs whose text is not the server's", differing(texts, manuscripts), 0, 0)]


async def cut_off(browser: Browser, seconds: float) -> list[Finding]:
    """Cut the socket for five seconds."""
    async with scribes() as (server, port), cuttable_way(port) as (way, way_port):
        async with watched_page(browser, f"http://127.0.0.1:{way_port}/") as page:
            await page.wait_live()
            server.say("go", TOKENS_PER_S, 15)
            await asyncio.sleep(WARM_S)
            way.cut()
            await asyncio.sleep(CUT_S)
            way.join()
            manuscripts = await _manuscripts(server)
            await page.wait_finished(STREAMS)
            texts = await page.texts()
    what = f"socket cut for {CUT_S:g} s"
    return [
        Finding(f"{what}: runs whose text is not the server's", differing(texts, manuscripts), 0, 0),
        Finding(f"{what}: sequence gaps", texts["misfits"] + texts["gaps"], 0, 0),
    ]


async def _chars(page: WatchedPage) -> int:
    chars: int = await page.page.evaluate(
        "[...window.flock.live().live.values()].reduce((sum, run) => sum + run.chars, 0)"
    )
    return chars


def missing(texts: Mapping[str, Any], manuscripts: Mapping[str, Manuscript]) -> int:
    """Count the deltas that were written and are not in the page."""
    known = {run_id: count for run_id, count, _, _ in texts["runs"]}
    return sum(len(one.written_at) - known.get(run_id, 0) for run_id, one in manuscripts.items())


def differing(texts: Mapping[str, Any], manuscripts: Mapping[str, Manuscript]) -> int:
    """Count the runs whose text is another one than the server's, byte for byte."""
    hashes = {run_id: sha256 for run_id, _, _, sha256 in texts["runs"]}
    return sum(hashes.get(run_id) != one.sha256 for run_id, one in manuscripts.items())


def lags(
    frames: Sequence[tuple[float, Sequence[tuple[str, int]]]],
    manuscripts: Mapping[str, Manuscript],
    began: float,
    ended: float,
) -> list[float]:
    """Give for each token written in between the milliseconds until it was drawn, ascending."""
    drawn: dict[str, int] = {}
    found: list[float] = []
    for moment, runs in frames:
        for run_id, count in runs:
            if run_id not in manuscripts:
                continue
            written_at = manuscripts[run_id].written_at
            new = written_at[drawn.get(run_id, 0) : count]
            found += [(moment - written) * 1e3 for written in new if began <= written < ended]
            drawn[run_id] = max(count, drawn.get(run_id, 0))
    return sorted(found)
