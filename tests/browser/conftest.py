"""Real browsers, and pages that notice whatever they should not do."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser

from tests.backend import Served
from tests.browser.dashboard_page import DashboardPage
from tests.browser.watched import WATCH_POLICY, Watched
from tools.browser import chromium, launched
from tools.dashboard import Dashboard


def browser_path() -> str:
    """Give the path of the browser."""
    path = chromium()
    if path is None:
        pytest.skip("no chromium: install it, or set FLOCK_CHROMIUM to its path")
    return path


@asynccontextmanager
async def started() -> AsyncIterator[Browser]:
    """Give a browser without a window."""
    async with launched(browser_path()) as browser:
        yield browser


@asynccontextmanager
async def opening(browser: Browser) -> AsyncIterator["OpenPage"]:
    """Give a function that opens an address in a profile of its own, for as long as the block runs."""
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


OpenPage = Callable[..., Awaitable[Watched]]


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    """Give a browser of one test."""
    async with started() as browser:
        yield browser


@pytest.fixture
async def open_page(browser: Browser) -> AsyncIterator[OpenPage]:
    """Give a function that opens an address in a profile of its own."""
    async with opening(browser) as open_one:
        yield open_one


@pytest.fixture(scope="session")
def built_dashboard() -> None:
    """Build the dashboard, unless it is built, and install what its tests need."""
    dashboard = Dashboard(Path(__file__).parents[2])
    dashboard.install("all")
    if not dashboard.is_current:
        dashboard.build()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def shared_browser() -> AsyncIterator[Browser]:
    """Give the browser of all tests of the dashboard."""
    async with started() as browser:
        yield browser


OpenDashboard = Callable[..., Awaitable[DashboardPage]]


@pytest_asyncio.fixture(loop_scope="session")
async def open_dashboard(built_dashboard: None, shared_browser: Browser) -> AsyncIterator[OpenDashboard]:
    """Give a function that opens the dashboard of a server in a profile of its own, and waits until it is live."""
    async with opening(shared_browser) as open_one:

        async def open_dashboard_of(
            site: Served, path: str = "/", *, is_signed_in: bool = True, **options: Any
        ) -> DashboardPage:
            code = site.server.browser_url().partition("#")[2] if is_signed_in else ""
            dashboard = DashboardPage(await open_one(f"{site.server.url}{path}#{code}", **options), site)
            if is_signed_in:
                await dashboard.is_live()
            return dashboard

        yield open_dashboard_of
