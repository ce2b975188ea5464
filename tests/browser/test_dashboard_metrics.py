"""The Metrics view: the process's figures as they come, in words and tables, too."""

import re

import pytest
from playwright.async_api import Locator, expect

from tests.backend import served, writing
from tests.browser.conftest import OpenDashboard
from tests.browser.dashboard_page import DashboardPage

pytestmark = pytest.mark.asyncio(loop_scope="session")

MEASURED = "() => window.flock.live().metrics"


def figure(dashboard: DashboardPage, chart: str, name: str) -> Locator:
    """Give the words of one figure."""
    return dashboard.page.get_by_role("region", name=chart, exact=True).locator("p").filter(has_text=name)


async def test_the_figures_follow_what_goes_on(open_dashboard: OpenDashboard) -> None:
    async with served(dashboard=True) as site:
        dashboard = await open_dashboard(site, "/?view=metrics")
        page = dashboard.page
        waits = page.get_by_role("region", name="Time to first token")
        await expect(waits).to_contain_text("No agent has said anything yet.")
        with writing(site.flock, "owl") as owl, writing(site.flock, "fox") as fox:
            owl.write(*["hoot "] * 500)
            await expect(figure(dashboard, "Streams", "active")).to_contain_text(re.compile("active2"))
            fox.write(*["bark "] * 500)
            rate = figure(dashboard, "Tokens", "tokens/s")
            await expect(rate).to_contain_text(re.compile(r"tokens/s[1-9]"))
            tokens = page.get_by_role("region", name="Tokens", exact=True)
            await expect(tokens).to_contain_text("1,000 in all")
            await expect(figure(dashboard, "Viewers", "viewers")).to_contain_text(re.compile("viewers1"))
            async with site.socket() as other:
                await other.recv()
                await expect(figure(dashboard, "Viewers", "viewers")).to_contain_text(re.compile("viewers2"))
                viewers = page.get_by_role("region", name="Viewers now")
                await expect(viewers).to_contain_text("2 viewers")
                await expect(viewers.get_by_role("row")).to_have_count(3)
            await expect(viewers).to_contain_text("1 viewer,")
        await expect(figure(dashboard, "Streams", "active")).to_contain_text(re.compile("active0"))
        for agent in ("owl", "fox"):
            row = waits.get_by_role("row", name=re.compile(f"^{agent} 1 "))
            await expect(row).to_be_visible()
        await page.get_by_text("The last 15 minutes as a table").press("Enter")
        table = page.get_by_role("region", name="Figures by minute").get_by_role("table")
        await expect(table.get_by_role("columnheader")).to_contain_text(
            ["Time", "Active streams", "Queued", "Tokens/s"]
        )
        assert await table.get_by_role("rowheader").count() in (1, 2)
        await dashboard.check()


async def test_the_figures_of_before_are_there_after_a_reload(open_dashboard: OpenDashboard) -> None:
    async with served(dashboard=True) as site:
        dashboard = await open_dashboard(site, "/?view=metrics")
        with writing(site.flock, "owl") as owl:
            owl.write(*["hoot "] * 500)
            await expect(figure(dashboard, "Streams", "active")).to_contain_text("to 1")
        await expect(figure(dashboard, "Streams", "active")).to_contain_text("active0")
        known = await dashboard.page.evaluate(MEASURED)
        await dashboard.page.reload()
        await expect(figure(dashboard, "Streams", "active")).to_contain_text("active00 to 1")
        again = await dashboard.page.evaluate(MEASURED)
        assert again[: len(known)] == known
        assert len({one["timestamp"] for one in again}) == len(again)
        await dashboard.check()
