"""The dashboard in a real browser, as the benchmark watches it: what its main thread does, and what it shows when."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from playwright.async_api import Browser, CDPSession, Page

from benchmarks.children import BenchmarkError
from tools.browser import chromium, launched

WATCH_FRAMES = """
window.painted = [];
let last = null;
const note = () => {
  const shown = window.flock?.shown();
  if (!shown || shown === last) return;
  last = shown;
  const runs = [...shown.live.values()].map((run) => [run.runId, run.next]);
  requestAnimationFrame(() => {
    setTimeout(() => window.painted.push([(performance.timeOrigin + performance.now()) / 1000, runs]));
  });
};
new MutationObserver(note).observe(document, { characterData: true, childList: true, subtree: true });
"""
"""Notes, behind each frame that drew something new, the moment and how many tokens of each live run were drawn."""

TEXTS = """
async () => {
  const hex = (bytes) => [...new Uint8Array(bytes)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  const { live, finished, misfits, gaps } = window.flock.live();
  const runs = await Promise.all([...live.values(), ...finished.values()].map(async (run) => {
    const text = run.fields.map((field) => field.text).join("");
    const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
    return [run.runId, run.next, text.length, hex(digest)];
  }));
  return { runs, misfits, gaps: gaps.length };
}
"""

Reading = dict[str, float]
"""The browser's own counters, by name; durations are in seconds."""


class WatchedPage:
    """One page of the dashboard."""

    def __init__(self, page: Page, session: CDPSession) -> None:
        self.page = page
        self._session = session

    async def counters(self) -> Reading:
        """Read what the main thread has done so far."""
        metrics = (await self._session.send("Performance.getMetrics"))["metrics"]
        return {metric["name"]: metric["value"] for metric in metrics}

    async def heap_bytes(self) -> float:
        """Collect garbage, and give what is left of JavaScript's memory."""
        await self._session.send("HeapProfiler.collectGarbage")
        return (await self.counters())["JSHeapUsedSize"]

    async def painted(self) -> list[tuple[float, list[tuple[str, int]]]]:
        """Take what was noted of the frames since the last time."""
        frames: list[tuple[float, list[tuple[str, int]]]] = await self.page.evaluate("window.painted.splice(0)")
        return frames

    async def texts(self) -> dict[str, Any]:
        """Give the hash of each run's text as the page holds it, and what did not fit."""
        texts: dict[str, Any] = await self.page.evaluate(TEXTS)
        return texts

    async def wait_live(self) -> None:
        """Return when the page is connected."""
        await self.page.wait_for_function("() => (window.flock?.live().cursor ?? null) !== null")

    async def wait_finished(self, runs: int) -> None:
        """Return when so many runs have ended, as far as the page knows."""
        await self.page.wait_for_function(
            "count => window.flock.live().finished.size >= count", arg=runs, timeout=180_000
        )


@asynccontextmanager
async def browser() -> AsyncIterator[Browser]:
    """Start a browser that tells its memory exactly; raises `BenchmarkError` where there is none."""
    path = chromium()
    if path is None:
        raise BenchmarkError("There is no chromium: install it, or set FLOCK_CHROMIUM to its path.")
    async with launched(path, options=["--enable-precise-memory-info"]) as browser:
        yield browser


@asynccontextmanager
async def watched_page(browser: Browser, url: str, **options: Any) -> AsyncIterator[WatchedPage]:  # noqa: ANN401 - Playwright's
    """Open an address in a profile of its own."""
    context = await browser.new_context(viewport={"width": 1440, "height": 900}, **options)
    try:
        await context.add_init_script(WATCH_FRAMES)
        page = await context.new_page()
        session = await context.new_cdp_session(page)
        await session.send("Performance.enable")
        await page.goto(url)
        yield WatchedPage(page, session)
    finally:
        await context.close()
