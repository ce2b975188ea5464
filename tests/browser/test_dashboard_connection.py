"""The dashboard stays with its server: reloads, cuts, gaps, hidden tabs. What it shows is whole, or it says so."""

import pytest
from playwright.async_api import expect

from flock.journal import Journal
from flock.orchestrator import Flock
from tests.backend import served, writing
from tests.browser.conftest import OpenDashboard
from tests.browser.dashboard_page import cut_sockets

pytestmark = pytest.mark.asyncio(loop_scope="session")

ODD = "tab\tline\r\n\n  indented \u00e9e\u0301 \U0001f989\U0001f3fd\u200d \u202eback\u202c \x00\x1b[31m\ufeff\u2028 "
HIDE = """
(isHidden) => {
  Object.defineProperty(document, "visibilityState", { value: isHidden ? "hidden" : "visible", configurable: true });
  document.dispatchEvent(new Event("visibilitychange"));
}
"""


async def test_text_is_the_servers_byte_for_byte_whenever_one_comes(open_dashboard: OpenDashboard) -> None:
    async with served(dashboard=True) as site:
        with writing(site.flock) as work:
            work.write(ODD, "early ")
            dashboard = await open_dashboard(site)
            await dashboard.knows(work)
            await dashboard.page.reload()
            work.write(*ODD)
            await dashboard.knows(work)
            for _ in range(3):
                cut_sockets()
                work.write(*ODD)
                await dashboard.knows(work)
        await expect(dashboard.pane("writer")).to_contain_text("completed")
        late = await open_dashboard(site)
        for one in (dashboard, late):
            await one.knows(work)
            await one.shows(work)
            assert (await one.run(work.run_id))["next"] == 2 + 4 * len(ODD)
            await one.check()
        assert any("cursor=" in url for url in dashboard.watched.requests)


async def test_a_lost_connection_is_told_calmly_and_nothing_is_lost_or_doubled(open_dashboard: OpenDashboard) -> None:
    async with served(dashboard=True) as site:
        with writing(site.flock) as work:
            dashboard = await open_dashboard(site)
            await dashboard.knows(work.write("before "))
            banner = dashboard.page.get_by_text("Not connected since")
            await dashboard.go_offline()
            await expect(dashboard.page.get_by_text("reconnecting")).to_be_visible()
            await expect(banner).to_be_hidden()
            work.write(*(f"word{number} " for number in range(1000)))
            await expect(banner).to_be_visible()
            await dashboard.go_online()
            await dashboard.page.get_by_role("button", name="Try now").click()
            await dashboard.knows(work)
            await expect(banner).to_be_hidden()
        await dashboard.check()


async def test_a_gap_is_shown_as_a_gap_and_the_text_is_whole(open_dashboard: OpenDashboard) -> None:
    flock = Flock(view=None, journal=Journal(max_bytes=96 * 2**10))
    async with served(flock, dashboard=True) as site:
        with writing(flock) as work:
            dashboard = await open_dashboard(site)
            await dashboard.knows(work.write("before "))
            await dashboard.go_offline()
            work.write(*(f"{number} " for number in range(1000)))
            assert flock.journal.tail > 0
            await dashboard.go_online()
            await expect(dashboard.page.get_by_text("Gap: The journal no longer reached back")).to_be_visible()
            await dashboard.knows(work.write("after"))
            await dashboard.page.get_by_role("button", name="Dismiss").click()
            await expect(dashboard.page.get_by_text("Gap:")).to_be_hidden()
        await dashboard.check()


async def test_a_server_that_is_started_anew_is_followed(open_dashboard: OpenDashboard) -> None:
    async with served(dashboard=True) as first:
        with writing(first.flock, "former") as work:
            dashboard = await open_dashboard(first)
            await dashboard.knows(work.write("of the former server"))
        port = first.server.port
    async with served(dashboard=True, port=port) as second:
        with writing(second.flock, "latter") as work:
            work.write("of the latter server")
            await dashboard.page.get_by_label("Token").fill(second.server.token or "")
            await dashboard.page.get_by_role("button", name="Sign in").click()
            await dashboard.knows(work)
            await expect(dashboard.pane("former")).to_have_count(0)
        await dashboard.check()


async def test_a_hidden_tab_costs_the_server_nothing_and_catches_up(open_dashboard: OpenDashboard) -> None:
    async with served(dashboard=True) as site:
        with writing(site.flock) as work:
            dashboard = await open_dashboard(site)
            await dashboard.page.clock.install()
            await dashboard.page.reload()
            await dashboard.knows(work.write("seen "))
            await dashboard.page.evaluate(HIDE, True)
            await dashboard.page.clock.fast_forward(9_000)
            await dashboard.is_live()
            await dashboard.page.clock.fast_forward(2_000)
            await expect(dashboard.page.get_by_text("paused", exact=True)).to_be_visible()
            work.write(*(f"unseen{number} " for number in range(100)))
            await dashboard.page.evaluate(HIDE, False)
            await dashboard.knows(work)
        await dashboard.check()
