"""The Graph view: who waits for whom, what happens there now, and what the nodes lead to."""

import re

import pytest
from playwright.async_api import Locator, expect
from pydantic import BaseModel

from flock.artifacts import Artifact, flock_type
from flock.orchestrator import Flock
from flock.testing import ScriptedEngine
from tests.backend import ServedIdea, ServedNote, ServedPost, served
from tests.browser.conftest import OpenDashboard
from tests.browser.dashboard_page import DashboardPage
from tests.engines import Gated

pytestmark = pytest.mark.asyncio(loop_scope="session")


@flock_type(name="GraphVerdict")
class GraphVerdict(BaseModel):
    """What the judge of these tests publishes."""

    text: str


def court(writer: Gated) -> Flock:
    """Make a flock whose judge waits for a post, which its writer makes of an idea, and for a note from outside."""
    flock = Flock(view=None)
    flock.agent("writer").consumes(ServedIdea).publishes(ServedPost).engine(writer)
    judge = ScriptedEngine(answers=[ValueError("the court is closed"), GraphVerdict(text="Owls win.")])
    flock.agent("judge").consumes(ServedPost, ServedNote).publishes(GraphVerdict).engine(judge)
    return flock


def node(dashboard: DashboardPage, what: str) -> Locator:
    """Give a node of the graph."""
    return dashboard.page.get_by_role("button", name=re.compile(f"^{what}"))


async def is_inside(inner: Locator, outer: Locator) -> bool:
    """Whether an element lies in another one."""
    one, other = await inner.bounding_box(), await outer.bounding_box()
    assert one is not None
    assert other is not None
    return (
        one["x"] >= other["x"]
        and one["y"] >= other["y"]
        and one["x"] + one["width"] <= other["x"] + other["width"]
        and one["y"] + one["height"] <= other["y"] + other["height"]
    )


async def test_the_graph_follows_the_runs_and_its_nodes_lead_to_them(open_dashboard: OpenDashboard) -> None:
    writer = Gated(output=ServedPost(text="Owls hoot."), text="Owls")
    flock = court(writer)
    async with served(flock, dashboard=True) as site:
        dashboard = await open_dashboard(site, "/?view=graph", reduced_motion="reduce")
        page = dashboard.page
        agent, judge = node(dashboard, "Agent writer"), node(dashboard, "Agent judge")
        post, join = (
            node(dashboard, "Type ServedPost"),
            node(dashboard, "Join of ServedPost and ServedNote for agent judge"),
        )
        for found in (
            agent,
            judge,
            post,
            join,
            *(node(dashboard, f"Type {name}") for name in ("ServedIdea", "ServedNote")),
        ):
            await expect(found).to_be_visible()
            assert await is_inside(found, page.get_by_role("main"))
        await expect(agent).to_contain_text("idle")
        await expect(post).to_contain_text("0 artifacts")
        await expect(join).to_contain_text("nothing waits")
        idea = await flock.publish(ServedIdea(topic="owls"))
        assert isinstance(idea, Artifact)
        await expect(agent).to_contain_text("streaming")
        await expect(agent).to_contain_text("1 running")
        await expect(judge).to_contain_text("idle")
        writer.gate.set()
        await expect(agent).to_contain_text("1 completed")
        await expect(agent).not_to_contain_text("streaming")
        await expect(post).to_contain_text("1 artifact")
        await expect(join).to_contain_text("1 waiting")
        await join.click()
        wait = page.get_by_role("dialog", name="What judge waits for")
        await expect(wait.get_by_role("listitem")).to_contain_text("waits for ServedNote, has ServedPost, since")
        await expect(wait.get_by_role("listitem")).to_contain_text(str(idea.correlation_id))
        await page.keyboard.press("Escape")
        await flock.publish(ServedNote(text="from outside"), correlation_id=idea.correlation_id)
        await expect(judge).to_contain_text("1 failed")
        await expect(join).to_contain_text("nothing waits")
        await expect(node(dashboard, "Type ServedNote")).to_contain_text("1 artifact")

        await post.click()
        await dashboard.search(r"view=board&type=ServedPost")
        await expect(page.get_by_role("row", name=re.compile("ServedPost"))).to_contain_text("Owls hoot.")
        await page.go_back()
        await judge.press("Enter")
        await dashboard.search(r"agent=judge")
        await expect(dashboard.pane("judge")).to_contain_text("the court is closed")
        await expect(page.get_by_role("article")).to_have_count(1)
        await dashboard.check()


async def test_the_graph_in_words_says_the_same_without_a_mouse(open_dashboard: OpenDashboard) -> None:
    writer = Gated(output=ServedPost(text="Owls hoot."), text="Owls")
    flock = court(writer)
    async with served(flock, dashboard=True) as site:
        await flock.publish(ServedNote(text="from outside"))
        await flock.publish(ServedIdea(topic="owls"))
        dashboard = await open_dashboard(site, "/?view=graph")
        page = dashboard.page
        await page.get_by_role("button", name="List").press("Enter")
        items = page.get_by_role("list", name="Agents").get_by_role("listitem")
        await expect(items).to_have_count(2)
        agent, judge = items.filter(has_text="Publishes ServedPost"), items.filter(has_text="Publishes GraphVerdict")
        await expect(agent).to_contain_text("streaming: 1 running")
        await expect(agent).to_contain_text("Consumes ServedIdea")
        await expect(judge).to_contain_text("Consumes ServedPost and ServedNote, all of one correlation")
        await expect(judge).to_contain_text("waits for ServedPost, has ServedNote, since")
        writer.gate.set()
        await expect(agent).to_contain_text("1 completed")
        await agent.get_by_role("button", name="ServedPost (1 artifact)").press("Enter")
        await dashboard.search(r"view=board&type=ServedPost")
        await page.keyboard.press("2")
        await page.get_by_role("button", name="List").press("Enter")
        await page.get_by_role("button", name=re.compile("Open its runs ?: writer")).press("Enter")
        await expect(dashboard.pane("writer")).to_contain_text("completed")
        await dashboard.search(r"agent=writer")
        await dashboard.check()
