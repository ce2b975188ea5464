"""Debian's chromium without a window, for the tests and the benchmark of the dashboard."""

import os
import shutil
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from playwright.async_api import Browser, async_playwright

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


def chromium() -> str | None:
    """Give the path of the browser, None where there is none."""
    names = (os.environ.get("FLOCK_CHROMIUM"), "chromium", "chromium-browser", "google-chrome")
    return next((path for name in names if name and (path := shutil.which(name))), None)


@asynccontextmanager
async def launched(path: str, *, options: Sequence[str] = ()) -> AsyncIterator[Browser]:
    """Start the browser, and close it at the end of the block."""
    sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=[*ARGUMENTS, *sandbox, *options])
        try:
            yield browser
        finally:
            await browser.close()
