"""A real browser, and a page that notices whatever it should not do."""

import os
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Any

import pytest
from playwright.async_api import Browser, Page, Request, async_playwright

ARGUMENTS = (
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-dev-shm-usage",
    "--disable-extensions",
    "--disable-gpu",
    "--disable-sync",
    "--no-first-run",
    "--no-proxy-server",
)
WATCH_POLICY = """
window.violations = [];
document.addEventListener("securitypolicyviolation", (event) => {
  window.violations.push(`${event.violatedDirective}: ${event.blockedURI}`);
});
"""


class Watched:
    """A page, the addresses it asked for, and what went wrong in it."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.requests: list[str] = []
        self.errors: list[str] = []
        page.on("request", self._note_request)
        page.on("websocket", lambda socket: self.requests.append(socket.url))
        page.on("pageerror", lambda error: self.errors.append(str(error)))

    def _note_request(self, request: Request) -> None:
        self.requests.append(request.url)

    async def check(self, port: int) -> None:
        """Check that nothing broke, no policy was violated, and nobody but the server was asked."""
        assert self.errors == []
        assert await self.page.evaluate("window.violations") == []
        foreign = [url for url in self.requests if f"127.0.0.1:{port}" not in url and not url.startswith("data:")]
        assert foreign == []


def chromium() -> str:
    """Give the path of the browser."""
    names = (os.environ.get("FLOCK_CHROMIUM"), "chromium", "chromium-browser", "google-chrome")
    found = next((path for name in names if name and (path := shutil.which(name))), None)
    if found is None:
        pytest.skip("no chromium: install it, or set FLOCK_CHROMIUM to its path")
    return found


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    """Give a browser without a window."""
    sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium(), args=[*ARGUMENTS, *sandbox])
        try:
            yield browser
        finally:
            await browser.close()


OpenPage = Callable[..., Awaitable[Watched]]


@pytest.fixture
async def open_page(browser: Browser) -> AsyncIterator[OpenPage]:
    """Give a function that opens an address in a profile of its own."""
    async with AsyncExitStack() as stack:

        async def open_one(url: str, **options: Any) -> Watched:
            context = await stack.enter_async_context(await browser.new_context(**options))
            await context.add_init_script(WATCH_POLICY)
            page = await context.new_page()
            page.set_default_timeout(10_000)
            watched = Watched(page)
            await page.goto(url)
            return watched

        yield open_one
