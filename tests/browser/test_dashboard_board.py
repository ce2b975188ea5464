"""The Board view: artifacts as they come, one of them with all that belongs to it, and the ways to take them along."""

import json
import re

import pytest
from playwright.async_api import Locator, expect

from flock.orchestrator import Flock
from flock.testing import ScriptedEngine
from tests.backend import Served, ServedIdea, ServedNote, ServedPost, served
from tests.browser.conftest import OpenDashboard
from tests.browser.dashboard_page import DashboardPage

pytestmark = pytest.mark.asyncio(loop_scope="session")

LARGE = 2**53 + 1


def chain() -> Flock:
    """Make a flock that makes a post of each idea, and a note of each post."""
    flock = Flock(view=None)
    posts = ScriptedEngine(answers=[ServedPost(text=f"The {number}. post") for number in (1, 2, 3, 4)])
    flock.agent("writer").consumes(ServedIdea).publishes(ServedPost).engine(posts)
    notes = ScriptedEngine(answers=[ServedNote(text=f"A note on post {number}") for number in (1, 2, 3, 4)])
    flock.agent("reader").consumes(ServedPost).publishes(ServedNote).engine(notes)
    return flock


async def publish(site: Served, topic: str, weight: int = 1) -> None:
    """Publish an idea, and wait until all that follows from it is on the board."""
    await site.flock.publish(ServedIdea(topic=topic, weight=weight))
    await site.flock.run_until_idle()


def rows(dashboard: DashboardPage) -> Locator:
    """Give the rows of the artifacts, from the top."""
    return dashboard.page.locator('[role="grid"] [role="row"]:has([role="gridcell"])')


def panel(dashboard: DashboardPage) -> Locator:
    """Give the artifact that is open."""
    return dashboard.page.get_by_role("complementary", name="Artifact")


async def test_the_board_lists_what_is_published_and_opens_it_with_its_lineage(open_dashboard: OpenDashboard) -> None:
    async with served(chain(), dashboard=True) as site:
        await publish(site, "owls", LARGE)
        dashboard = await open_dashboard(site, "/?view=board")
        page = dashboard.page
        await expect(rows(dashboard)).to_contain_text(["ServedNote", "ServedPost", "ServedIdea"])
        await publish(site, "foxes")
        await expect(rows(dashboard)).to_contain_text(
            ["A note on post 2", "The 2. post", "foxes", "A note on post 1", "The 1. post", "owls"]
        )
        await page.get_by_role("columnheader", name="Time").get_by_role("button").click()
        await expect(rows(dashboard).first).to_contain_text("owls")
        await page.get_by_role("columnheader", name="Time").get_by_role("button").click()
        await expect(rows(dashboard).first).to_contain_text("A note on post 2")
        await page.get_by_label("Filter by text").fill("POST 1")
        await expect(rows(dashboard)).to_contain_text(["A note on post 1"])
        await page.get_by_role("button", name="Remove text").click()

        await rows(dashboard).filter(has_text="The 1. post").click()
        opened = panel(dashboard)
        await expect(opened.get_by_role("treeitem")).to_contain_text(["The 1. post"])
        made_from, led_to = (opened.get_by_role("region", name=name) for name in ("Made from", "Led to"))
        await expect(made_from.get_by_role("listitem")).to_contain_text(["ServedIdea"])
        await led_to.get_by_role("button", name="ServedNote").click()
        await expect(opened.get_by_role("treeitem")).to_contain_text(["A note on post 1"])
        await expect(made_from.get_by_role("listitem")).to_contain_text(["ServedPost", "ServedIdea"])
        await expect(led_to).to_contain_text("Nothing so far.")
        await made_from.get_by_role("button", name="ServedIdea").click()
        await expect(made_from).to_contain_text("Nothing: it came from outside.")
        await expect(opened.get_by_role("treeitem")).to_contain_text(["topic", "weight"])
        link = page.url.removeprefix(site.server.url)
        await led_to.get_by_role("button", name="Open the run of reader that made it").click()
        await expect(dashboard.pane("reader")).to_contain_text("A note on post 1")
        later = await open_dashboard(site, link)
        await expect(panel(later).get_by_role("treeitem").first).to_contain_text("owls")
        await later.page.goto(f"{site.server.url}/?view=board&artifact=unknown")
        await expect(panel(later).get_by_role("status")).not_to_contain_text("Loading")
        await dashboard.check()
        await later.check()


async def test_an_artifact_is_taken_along_and_published_again_with_a_change(open_dashboard: OpenDashboard) -> None:
    async with served(chain(), dashboard=True) as site:
        await publish(site, "owls", LARGE)
        dashboard = await open_dashboard(site, "/?view=board")
        page = dashboard.page
        await rows(dashboard).filter(has_text="owls").click()
        async with page.expect_download() as download:
            await panel(dashboard).get_by_role("button", name="Download JSON").click()
        artifact = re.search("artifact=([^&]+)", page.url)
        assert artifact is not None
        one = (await site.get(f"/artifacts/{artifact[1]}")).text
        assert (await (await download.value).path()).read_text() == f"{one}\n"
        assert str(LARGE) in one
        async with page.expect_download() as download:
            await page.get_by_role("button", name="NDJSON").click()
        lines = (await (await download.value).path()).read_text().splitlines()
        listed = (await site.get("/artifacts", order="newest")).json()["items"]
        assert [json.loads(line) for line in lines] == listed
        assert one in lines

        await panel(dashboard).get_by_role("button", name="Publish another like it").click()
        dialog = page.get_by_role("dialog", name="Publish an artifact")
        await expect(dialog.get_by_label("Type")).to_have_value("ServedIdea")
        topic = dialog.get_by_label("topic")
        await expect(topic).to_have_value("owls")
        await topic.fill("owls by day")
        await dialog.get_by_label("weight").fill("7")
        await dialog.get_by_role("button", name="Publish").click()
        await page.get_by_role("button", name="Open the artifact").click()
        await expect(panel(dashboard).get_by_role("treeitem")).to_contain_text(["owls by day", "7"])
        await expect(rows(dashboard)).to_contain_text(["A note on post 2", "The 2. post", "owls by day"])
        await dashboard.check()


async def test_the_board_is_read_without_a_mouse(open_dashboard: OpenDashboard) -> None:
    async with served(chain(), dashboard=True) as site:
        await publish(site, "owls")
        dashboard = await open_dashboard(site, "/?view=board")
        page, keyboard = dashboard.page, dashboard.page.keyboard
        await expect(rows(dashboard)).to_have_count(3)
        grid = page.get_by_role("grid", name="Artifacts")
        await grid.focus()
        await keyboard.press("ArrowDown")
        await keyboard.press("Enter")
        opened = panel(dashboard).get_by_role("treeitem")
        await expect(opened).to_contain_text(["The 1. post"])
        await keyboard.press("ArrowDown")
        await expect(opened).to_contain_text(["owls", "1"])
        await expect(rows(dashboard).nth(2)).to_have_attribute("aria-selected", "true")
        await keyboard.press("Home")
        await expect(opened).to_contain_text(["A note on post 1"])
        await opened.first.focus()
        await keyboard.press("Escape")
        await expect(panel(dashboard)).to_have_count(0)
        await dashboard.search(r"view=board$")
        await grid.focus()
        await keyboard.press("End")
        await keyboard.press("Enter")
        await expect(opened).to_contain_text(["owls", "1"])
        await keyboard.press("Escape")
        await expect(panel(dashboard)).to_have_count(0)
        await dashboard.check()
