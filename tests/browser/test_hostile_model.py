"""A hostile model, hostile names and hostile errors in a real browser: text stays text, and nothing leaves."""

import os
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from playwright.async_api import BrowserContext, Page, async_playwright, expect
from playwright.async_api import Error as PlaywrightError
from pydantic import BaseModel, Field

from flock.artifacts import types
from flock.orchestrator import Flock
from flock.testing import ScriptedEngine
from tests.backend import TOKEN, Served, ServedIdea, served, writing
from tests.browser.conftest import browser_path
from tests.browser.watched import WATCH_POLICY, Watched
from tests.security.hostile import BROWSER_TRICKS, EVIL
from tools.browser import ARGUMENTS

EVERYTHING = " ".join(BROWSER_TRICKS)
AGENT = f"<img src=x onerror=window.pwned=17> [a](javascript:window.pwned=18) {{{{7*7}}}} {EVIL}"
TYPE = f"<b onmouseover=window.pwned=19>{EVIL}</b>"
CONTROLS = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")


class Hostile(BaseModel):
    """<script>window.pwned=20</script>"""

    text: str = Field(default=EVERYTHING, description=EVERYTHING)
    second: str = "<script>window.pwned=21</script>"


@pytest.fixture
def hostile_type() -> Iterator[type[BaseModel]]:
    """An artifact type with a hostile name, known for as long as the test runs."""
    types.register(Hostile, TYPE)
    yield Hostile
    del types._models[TYPE], types._names[Hostile]


class Suspicious(Watched):
    """A page that notes dialogs and new pages, too."""

    def __init__(self, page: Page, context: BrowserContext) -> None:
        super().__init__(page)
        page.on("dialog", lambda dialog: self.errors.append(f"dialog {dialog.message}"))
        page.on("download", lambda download: self.errors.append(f"download {download.url}"))
        context.on("page", lambda opened: self.errors.append(f"page {opened.url}"))

    async def check_nothing_ran(self, site: Served) -> None:
        """Check that no script of the model ran, none of its markup is markup, and nobody else was asked."""
        await self.check(site.server.port)
        assert await self.page.evaluate("window.pwned") is None
        sources = "[...document.querySelectorAll('[src], [href], [action]')].map((node) => node.outerHTML)"
        assert [text for text in await self.page.evaluate(sources) if EVIL in text or "javascript:" in text] == []
        assert (
            await self.page.locator("main :is(script, img, svg, iframe, style, link, meta, base, a, form, b)").count()
            == 0
        )
        assert await self.page.locator("[onerror], [onload], [onclick], [onmouseover]").count() == 0
        assert self.page.url.startswith(site.server.url)


@asynccontextmanager
async def browser_with_log(log: Path) -> AsyncIterator[BrowserContext]:
    """Give a browser that writes down what its network stack does, names that it looks up included."""
    sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []
    arguments = [
        *ARGUMENTS,
        *sandbox,
        f"--log-net-log={log}",
        "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
    ]
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=browser_path(), args=arguments)
        context = await browser.new_context()
        await context.add_init_script(WATCH_POLICY)
        try:
            yield context
        finally:
            await context.close()
            await browser.close()


async def opened(context: BrowserContext, url: str) -> Suspicious:
    """Open a page."""
    page = await context.new_page()
    page.set_default_timeout(10_000)
    watched = Suspicious(page, context)
    await page.goto(url)
    return watched


def shown(text: str) -> str:
    """Say how a page shows a text."""
    return CONTROLS.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


async def show_a_hostile_model(site: Served, watched: Suspicious) -> None:
    """Let agents say hostile things everywhere they can, and look whether the page shows them as they are."""
    page = watched.page
    with writing(site.flock, AGENT, type=TYPE) as work:
        work.write(*BROWSER_TRICKS)
        for kind in ("reasoning", "tool_call", "tool_result", "log"):
            work.writer.append(EVERYTHING, output_type=kind, field=f"<i>{EVERYTHING[:80]}</i>")
        words = page.locator(".pane.running .words")
        await expect(words).to_have_count(5)
        assert await words.all_text_contents() == [shown(work.text)] + [shown(EVERYTHING)] * 4
        await expect(page.locator(".pane.running h2")).to_have_text(AGENT)
        await expect(page.locator(".pane.running header")).to_contain_text(TYPE)
    await site.flock.publish(ServedIdea(topic=EVERYTHING))
    await expect(page.locator(".pane.failed .reason")).to_contain_text("window.pwned=14")
    await expect(page.locator(".pane.completed")).to_have_count(2)
    await watched.check_nothing_ran(site)


async def publish_what_is_hostile(site: Served, watched: Suspicious) -> None:
    """Choose the hostile type in the form, and get a hostile error."""
    page = watched.page
    await page.click("summary")
    await page.select_option("#type", TYPE)
    assert "window.pwned=21" in await page.input_value("#payload")
    await page.fill("#payload", '{"text": ["<script>window.pwned=22</script>"]}')
    await page.click("#publish button")
    await expect(page.locator("#publish-result")).to_contain_text("text")
    await watched.check_nothing_ran(site)


async def read_the_reference(site: Served, watched: Suspicious) -> None:
    """Sign in to the API's reference with what is no token, then with the token."""
    page = watched.page
    for token in (f"<img src=//{EVIL}/x onerror=window.pwned=23>", TOKEN):
        await page.fill("#token", token)
        await page.click("#sign-in button")
    await expect(page.locator("#status")).to_contain_text("version")
    await watched.check_nothing_ran(site)


@pytest.mark.default(5, 6)
async def test_nothing_a_hostile_model_says_runs_or_leaves(hostile_type: type[BaseModel], tmp_path: Path) -> None:
    flock = Flock(view=None)
    says = ScriptedEngine(answers=[Hostile()])
    fails = ScriptedEngine(answers=[ValueError(EVERYTHING)])
    flock.agent(f"says {AGENT}").description(EVERYTHING).consumes(ServedIdea).publishes(hostile_type).engine(says)
    flock.agent(f"fails {AGENT}").description(EVERYTHING).consumes(ServedIdea).publishes(hostile_type).engine(fails)
    log = tmp_path / "net.json"
    async with served(flock, dashboard=True, plain_page=True) as site:
        async with browser_with_log(log) as context:
            await show_a_hostile_model(site, watched := await opened(context, site.server.browser_url()))
            await publish_what_is_hostile(site, watched)
            late = await opened(context, site.server.browser_url())
            await expect(late.page.locator(".pane.completed")).to_have_count(2)
            await late.check_nothing_ran(site)
            await context.clear_cookies()
            await read_the_reference(site, await opened(context, f"{site.server.url}/docs"))
        assert EVIL not in log.read_text()


async def test_planted_markup_and_a_planted_leak_are_noticed(tmp_path: Path) -> None:
    log = tmp_path / "net.json"
    async with served(dashboard=True, plain_page=True) as site:
        async with browser_with_log(log) as context:
            watched = await opened(context, site.server.browser_url())
            await expect(watched.page.locator("#connection")).to_have_text("live")
            for bug in ("<b>x</b>", "<i onclick=1>x</i>"):
                await watched.check_nothing_ran(site)
                await watched.page.evaluate("(bug) => { document.querySelector('main').innerHTML = bug; }", bug)
                with pytest.raises(AssertionError):
                    await watched.check_nothing_ran(site)
                await watched.page.evaluate("() => { document.querySelector('main').replaceChildren(); }")
            with pytest.raises(PlaywrightError, match="ERR_NAME_NOT_RESOLVED"):
                await watched.page.goto(f"http://{EVIL}/")
    assert EVIL in log.read_text()
