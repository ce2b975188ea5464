"""The dashboard over `flk demo`: how soon it is there, what is wrong with it for some, and pictures of it."""

import asyncio
import re
import sys
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import product
from pathlib import Path
from statistics import median
from typing import Literal

from playwright.async_api import Browser, Page

from benchmarks.children import BenchmarkError
from benchmarks.findings import Finding
from benchmarks.watched_page import watched_page

VIEWS = ("streams", "graph", "board", "timeline", "metrics")
Theme = Literal["light", "dark"]
THEMES: tuple[Theme, ...] = ("light", "dark")
AXE = Path(__file__).parents[1] / "dashboard" / "node_modules" / "axe-core" / "axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
PAINT_ROUNDS = 5
AGENTS = 8
PICTURE_TOKENS = 120
"""How much of a round is written when a view is opened for its picture."""
MOMENT_PX = 1100
"""Where on the scrubber the replay stands that is shown."""
BLINK_MS = 250
"""How long colours take to change."""

FIRST_PANE = """
new Promise((resolve) => {
  const look = () => {
    if (document.querySelector("article") === null) return requestAnimationFrame(look);
    setTimeout(() => resolve(performance.now()));
  };
  look();
})
"""
IS_IN_THE_MIDDLE = """
([agents, tokens]) => {
  const runs = [...window.flock.shown().live.values()];
  return runs.length === agents && runs.reduce((sum, run) => sum + run.next, 0) >= tokens;
}
"""
HAS_WRITTEN = """
tokens => [...window.flock.shown().live.values()].reduce((sum, run) => sum + run.next, 0) >= tokens
"""


@asynccontextmanager
async def demo() -> AsyncIterator[str]:
    """Run the demo for as long as the block runs; gives the address it prints."""
    words = (sys.executable, "-m", "flock", "demo", "--no-browser", "--port", "0")
    process = await asyncio.create_subprocess_exec(*words, stdout=PIPE)
    assert process.stdout is not None
    try:
        async for line in process.stdout:
            if found := re.search(rb"http://\S+", line):
                yield found[0].decode()
                return
        raise BenchmarkError("The demo printed no address.")
    finally:
        if process.returncode is None:
            process.terminate()
        await process.communicate()


async def first_paint(browser: Browser, seconds: float) -> list[Finding]:
    """Open the demo's page as soon as its server answers, again and again."""
    panes_s: list[float] = []
    words_s: list[float] = []
    for _ in range(PAINT_ROUNDS):
        async with demo() as url, watched_page(browser, url) as page:
            panes_s.append(await page.page.evaluate(FIRST_PANE) / 1e3)
            await page.page.wait_for_function(HAS_WRITTEN, arg=1)
            words_s.append(await page.page.evaluate("performance.now()") / 1e3)
    return [
        Finding("`flk demo`: from the server's first answer to the first panes", median(panes_s), 1.5, 1.5, "s"),
        Finding("`flk demo`: to the first words in them", median(words_s), unit="s"),
    ]


async def flaws_of_views(browser: Browser, seconds: float) -> list[Finding]:
    """Let axe look at each view in both themes."""
    findings: list[Finding] = []
    async with demo() as url, watched_page(browser, url) as watched:
        await watched.wait_live()
        await watched.page.evaluate(AXE.read_text())
        for theme, view in product(THEMES, VIEWS):
            await show(watched.page, view, theme)
            violations = await _violations(watched.page)
            what = f"axe, A and AA: {view}, {theme}" + (f" ({', '.join(violations)})" if violations else "")
            findings.append(Finding(what, len(violations), 0, 0))
    return findings


async def pictures(browser: Browser, folder: Path) -> None:
    """Take a picture of each view in both themes, in the middle of a round that is not the first one."""
    async with demo() as url, watched_page(browser, url) as watched:
        page = watched.page
        await watched.wait_finished(AGENTS)
        for view in VIEWS:
            await page.wait_for_function(IS_IN_THE_MIDDLE, arg=[AGENTS, PICTURE_TOKENS])
            await show(page, view, THEMES[0])
            async with _looking_closer(page, view):
                for theme in THEMES:
                    await page.emulate_media(color_scheme=theme)
                    await page.wait_for_timeout(BLINK_MS)
                    await page.screenshot(path=folder / f"dashboard-{view}-{theme}.png")


@asynccontextmanager
async def _looking_closer(page: Page, view: str) -> AsyncIterator[None]:
    """Open for as long as the block runs what a view shows only when it is asked for."""
    match view:
        case "board":
            await page.get_by_role("row").filter(has_text="planner").first.click()
            await _settled(page)
            yield
            panel = page.get_by_role("complementary", name="Artifact")
            await panel.get_by_role("button", name="Close", exact=True).click()
        case "timeline":
            await page.get_by_role("button", name="Replay", exact=True).click()
            await page.get_by_role("menuitem").last.click()  # the first round, which waited for its engines
            replay = page.get_by_role("region", name="Replay")
            await replay.get_by_role("slider").click(position={"x": MOMENT_PX, "y": 10})
            await replay.get_by_role("button", name="Pause").click()
            await page.get_by_role("button", name="Fit").click()
            await _settled(page)
            yield
            await replay.get_by_role("button", name="Back to live").click()
        case _:
            yield


async def show(page: Page, view: str, theme: Theme) -> None:
    """Open a view in a theme, and return when it is drawn."""
    await page.emulate_media(color_scheme=theme)
    await page.get_by_role("navigation", name="Views").get_by_role("button", name=view.capitalize()).click()
    await _settled(page)


async def _settled(page: Page) -> None:
    await page.mouse.move(0, 0)
    await page.wait_for_load_state("networkidle")
    await page.wait_for_timeout(1500)


async def _violations(page: Page) -> list[str]:
    found: list[str] = await page.evaluate(
        "async rules => (await axe.run({ runOnly: rules })).violations.map(({ id }) => id)", RULES
    )
    return found
