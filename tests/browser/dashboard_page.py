"""The dashboard in a browser: what it knows, what it shows, and that it does nothing it should not."""

import gc
import re
from typing import Any

from playwright.async_api import Locator, expect

from flock.server.websocket_protocol import SocketConnection
from tests.backend import Served, Writing
from tests.browser.watched import Watched

KNOWN = """
(id) => {
  const { live, finished } = window.flock.live();
  const run = live.get(id) ?? finished.get(id);
  const text = run?.fields.map((field) => field.text).join("");
  return run && { state: run.state, attempt: run.attempt, next: run.next, text };
}
"""
SHOWS_TEXT = """
([id, text]) => [...document.querySelectorAll(`article[data-run="${id}"] section *`)].some(
  (node) => node.textContent === text)
"""
CONTROLS = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
FOLLOWS = re.compile("^(live|replay)$")
HAS_TEXT = f"([id, text]) => ({KNOWN})(id)?.text === text"


class DashboardPage:
    """A page that shows the dashboard of a server."""

    def __init__(self, watched: Watched, site: Served) -> None:
        self.watched = watched
        self.page = watched.page
        self.site = site

    async def is_live(self) -> None:
        """Wait until it follows the server, be it behind a replay."""
        await expect(self.page.locator("header").get_by_text(FOLLOWS)).to_be_visible()

    async def knows(self, work: Writing) -> None:
        """Wait until it knows all text of a run, byte for byte."""
        await self.page.wait_for_function(HAS_TEXT, arg=[work.run_id, work.text], polling=50)

    async def shows(self, work: Writing) -> None:
        """Wait until it shows all text of a run as plain text, byte for byte."""
        await self.page.get_by_role("combobox", name="Text").select_option("plain text")
        await self.page.wait_for_function(SHOWS_TEXT, arg=[work.run_id, shown(work.text)], polling=50)

    async def run(self, run_id: str) -> dict[str, Any]:
        """Give what it knows of a run."""
        run: dict[str, Any] = await self.page.evaluate(KNOWN, run_id)
        return run

    async def misfits(self) -> int:
        """Give how many deltas did not fit behind what was there."""
        count: int = await self.page.evaluate("() => window.flock.live().misfits")
        return count

    def pane(self, agent: str) -> Locator:
        """Give the panes of an agent's runs."""
        return self.page.get_by_role("article", name=re.compile(f"^{re.escape(agent)}, "))

    async def go_offline(self) -> None:
        """Cut the connection, and let no other one come about."""
        await self.page.context.set_offline(True)
        cut_sockets()

    async def go_online(self) -> None:
        """Let the page connect again."""
        await self.page.context.set_offline(False)

    async def fits(self) -> bool:
        """Whether nothing is wider than the window."""
        fits: bool = await self.page.evaluate("() => document.documentElement.scrollWidth <= window.innerWidth")
        return fits

    async def check(self) -> None:
        """Check that nothing broke, no policy was violated, nobody but the server was asked, and no delta misfitted."""
        assert await self.misfits() == 0
        await self.watched.check(self.site.server.port)

    async def search(self, pattern: str) -> None:
        """Wait until the address has this in it."""
        await self.page.wait_for_url(re.compile(pattern))


def shown(text: str) -> str:
    """Say how the page shows a text: what would turn it around is written out."""
    return CONTROLS.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


def cut_sockets() -> None:
    """Cut all WebSockets of this process, without a word."""
    for item in gc.get_objects():
        if type(item) is SocketConnection:
            item._transport.abort()
