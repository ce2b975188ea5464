"""The dashboard with 10,000 finished runs of 1,000 agents: how long a person waits for each view."""

from playwright.async_api import Browser, Page

from benchmarks.children import child
from benchmarks.findings import Finding
from benchmarks.watched_page import WatchedPage, watched_page

AGENTS = 1000
ROUNDS = 10
TOKENS_PER_S = 20.0
SECONDS = 0.25
VIEWS = ("Streams", "Graph", "Board", "Timeline", "Metrics")
DRAWN = """
() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(resolve))))
"""


async def ten_thousand_runs(browser: Browser, seconds: float) -> list[Finding]:
    """Let 10,000 runs end before a page, then open its views."""
    what = f"{AGENTS * ROUNDS:,} finished runs of {AGENTS:,} agents: main thread to open"
    async with child("benchmarks.scribes", AGENTS) as server:
        port = (await server.hear())["port"]
        async with watched_page(browser, f"http://127.0.0.1:{port}/") as watched:
            await watched.wait_live()
            for number in range(ROUNDS):
                await server.ask("go", TOKENS_PER_S, SECONDS)
                await watched.wait_finished(AGENTS * (number + 1))
            for view in VIEWS:  # what is loaded at first is told by the first paint
                await _open(watched.page, view)
            times_ms = {view: await _opening_ms(watched, view) for view in VIEWS}
    return [Finding(f"{what} {view}", spent_ms, unit="ms") for view, spent_ms in times_ms.items()]


async def _opening_ms(watched: WatchedPage, view: str) -> float:
    await _open(watched.page, "Metrics" if view != "Metrics" else "Streams")
    before = await watched.counters()
    await _open(watched.page, view)
    return ((await watched.counters())["TaskDuration"] - before["TaskDuration"]) * 1e3


async def _open(page: Page, view: str) -> None:
    await page.get_by_role("navigation", name="Views").get_by_role("button", name=view).click()
    await page.evaluate(DRAWN)
