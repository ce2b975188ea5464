"""What a person does on the dashboard: publish, cancel, retry, filter, follow links, replay, also without a mouse."""

import json
import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest
from playwright.async_api import expect
from pydantic import BaseModel, Field, field_validator

from flock.artifacts import Artifact, flock_type
from flock.orchestrator import Flock
from flock.testing import ScriptedEngine
from flock.tokens import Token
from tests.backend import ServedPost, served, writing
from tests.browser.conftest import OpenDashboard
from tests.browser.dashboard_page import DashboardPage
from tests.engines import Gated

pytestmark = pytest.mark.asyncio(loop_scope="session")

IS_AT_END = """
(correlation) => {
  const runs = [...window.flock.live().finished.values()].filter(({ correlationId }) => correlationId === correlation);
  const at = Number(new URLSearchParams(location.search).get("at"));
  return at >= Math.max(...runs.map(({ endedAt }) => endedAt)) - 0.001;
}
"""
READER = Token("the-secret-of-dashboard-readers", scopes=["read"])


@flock_type(name="DashboardIdea")
class DashboardIdea(BaseModel):
    """What the agents of these tests work on."""

    topic: str = Field(min_length=3)
    weight: int = 1

    @field_validator("topic")
    @classmethod
    def is_no_cat(cls, topic: str) -> str:
        """Only the server knows that."""
        if "cat" in topic:
            raise ValueError("no cats, please")
        return topic


def owl_flock(*answers: BaseModel | Exception) -> Flock:
    """Make a flock whose writer gives these answers."""
    flock = Flock(view=None)
    engine = ScriptedEngine(answers=list(answers) or [ServedPost(text="Owls hoot.")])
    flock.agent("writer").consumes(DashboardIdea).publishes(ServedPost).engine(engine)
    return flock


@contextmanager
def waiting_agent(flock: Flock, name: str) -> Iterator[Gated]:
    """Add an agent that writes something and then waits; it goes on at the end of the block."""
    engine = Gated(output=ServedPost(text="Waited."), text="Waited.")
    flock.agent(name).consumes(DashboardIdea).publishes(ServedPost).engine(engine)
    try:
        yield engine
    finally:
        engine.gate.set()


async def publish(flock: Flock, topic: str) -> Artifact:
    """Publish an idea."""
    artifact = await flock.publish(DashboardIdea(topic=topic))
    assert isinstance(artifact, Artifact)
    return artifact


async def choose(dashboard: DashboardPage, agent: str, item: str) -> None:
    """Choose something of a run's menu."""
    await dashboard.pane(agent).get_by_role("button", name=f"Actions for the run of {agent}").first.click()
    await dashboard.page.get_by_role("menuitem", name=item).click()


async def test_the_form_says_at_the_field_what_is_wrong_and_publishes_what_is_right(
    open_dashboard: OpenDashboard,
) -> None:
    async with served(owl_flock(), dashboard=True) as site:
        dashboard = await open_dashboard(site)
        page = dashboard.page
        await page.get_by_role("button", name="Publish", exact=True).click()
        dialog = page.get_by_role("dialog", name="Publish an artifact")
        await dialog.get_by_label("Type").select_option("DashboardIdea")
        topic = dialog.get_by_label("topic")
        await topic.fill("cats")
        await dialog.get_by_role("button", name="Publish").click()
        await expect(topic).to_have_attribute("aria-invalid", "true")
        await expect(topic).to_have_accessible_description(re.compile("no cats, please"))
        await expect(topic).to_be_focused()
        await topic.fill("owls")
        await dialog.get_by_role("button", name="Publish").click()
        await page.get_by_role("button", name="Watch its runs").click()
        await expect(dashboard.pane("writer")).to_contain_text("Owls hoot.")
        await dashboard.search(r"\?correlation=")
        await dashboard.check()


async def test_one_run_is_cancelled_and_its_neighbour_goes_on(open_dashboard: OpenDashboard) -> None:
    flock = Flock(view=None)
    with waiting_agent(flock, "slow"), waiting_agent(flock, "patient") as patient:
        async with served(flock, dashboard=True) as site:
            dashboard = await open_dashboard(site)
            await flock.publish(DashboardIdea(topic="owls"))
            await expect(dashboard.pane("slow")).to_contain_text("Waited.")
            await choose(dashboard, "slow", "Cancel the run")
            await expect(dashboard.pane("slow")).to_contain_text("cancelled")
            await expect(dashboard.pane("patient")).to_contain_text("running")
            patient.gate.set()
            await expect(dashboard.pane("patient")).to_contain_text("completed")
            await dashboard.check()


async def test_a_run_that_failed_says_why_and_is_retried(open_dashboard: OpenDashboard) -> None:
    flock = owl_flock(ValueError("the model is on strike"), ServedPost(text="Owls hoot again."))
    async with served(flock, dashboard=True) as site:
        dashboard = await open_dashboard(site)
        await flock.publish(DashboardIdea(topic="owls"))
        pane = dashboard.pane("writer")
        await expect(pane).to_contain_text("the model is on strike")
        await choose(dashboard, "writer", "Retry")
        await expect(pane).to_have_count(2)
        await expect(pane.filter(has_text="completed")).to_contain_text("Owls hoot again.")
        await expect(pane.filter(has_text="failed")).to_contain_text("the model is on strike")
        await dashboard.check()


async def test_a_correlation_is_cancelled_after_a_question(open_dashboard: OpenDashboard) -> None:
    flock = Flock(view=None)
    with waiting_agent(flock, "first"), waiting_agent(flock, "second"):
        async with served(flock, dashboard=True) as site:
            dashboard = await open_dashboard(site)
            await flock.publish(DashboardIdea(topic="owls"))
            await expect(dashboard.pane("second")).to_contain_text("running")
            await choose(dashboard, "first", "Cancel the correlation")
            await dashboard.page.get_by_role("button", name="Cancel all its runs").click()
            for agent in ("first", "second"):
                await expect(dashboard.pane(agent)).to_contain_text("cancelled")
            await dashboard.check()


async def test_a_filter_is_in_the_address_and_a_link_shows_the_same(open_dashboard: OpenDashboard) -> None:
    async with served(dashboard=True) as site:
        with ExitStack() as stack:
            for name in ("owl", "fox", "hen"):
                stack.enter_context(writing(site.flock, name)).write(f"I am the {name}.")
            dashboard = await open_dashboard(site)
            panes = dashboard.page.get_by_role("article")
            await expect(panes).to_have_count(3)
            await dashboard.page.get_by_label("Filter by text").fill("I am the fox")
            await expect(panes).to_have_count(1)
            await dashboard.search(r"q=I\+am\+the\+fox")
            link = dashboard.page.url.removeprefix(site.server.url)
            other = await open_dashboard(site, link)
            await expect(other.pane("fox")).to_be_visible()
            await expect(other.page.get_by_role("article")).to_have_count(1)
            await other.page.get_by_role("button", name="Remove text").click()
            await expect(other.page.get_by_role("article")).to_have_count(3)
            several = await open_dashboard(site, "/?agent=hen&agent=owl&state=running")
            await expect(several.page.get_by_role("article")).to_have_count(2)
            await expect(several.pane("fox")).to_have_count(0)
            await several.page.goto(f"{site.server.url}/?state=failed")
            await expect(several.page.get_by_text("The filter takes none of the runs")).to_be_visible()
        await dashboard.check()


async def test_a_link_opens_a_run_also_where_the_page_was_never_told_of_it(open_dashboard: OpenDashboard) -> None:
    flock = owl_flock(ServedPost(text="The earliest of all."), ServedPost(text="A later one."))
    async with served(flock, dashboard=True) as site:
        for _ in range(flock.journal.recent_runs + 1):
            await flock.publish(DashboardIdea(topic="owls"))
            await flock.run_until_idle()
        ids = [run["run_id"] for run in (await site.get("/runs", limit=100)).json()["items"]]
        told = {mark.stream.run_id for mark in flock.journal.marks()[1]}
        (early,) = set(ids) - told
        dashboard = await open_dashboard(site, f"/?run={early}")
        await expect(dashboard.pane("writer")).to_contain_text("The earliest of all.")
        unknown = await open_dashboard(site, "/?run=unknown")
        await expect(unknown.page.get_by_text("No run unknown")).to_be_visible()
        await dashboard.check()


async def test_a_link_opens_an_artifact(open_dashboard: OpenDashboard) -> None:
    flock = owl_flock()
    async with served(flock, dashboard=True) as site:
        artifact = await publish(flock, "owls at night")
        await flock.run_until_idle()
        dashboard = await open_dashboard(site, f"/?view=board&artifact={artifact.id}")
        await expect(dashboard.page.get_by_text("owls at night").first).to_be_visible()
        await dashboard.check()


async def test_a_correlation_is_replayed_and_a_link_leads_to_its_moment(open_dashboard: OpenDashboard) -> None:
    flock = owl_flock(ServedPost(text="Once upon a time"), ServedPost(text="Another story"))
    async with served(flock, dashboard=True) as site:
        dashboard = await open_dashboard(site)
        first, _ = [await publish(flock, "owls") for _ in range(2)]
        both = dashboard.pane("writer")
        await expect(both.filter(has_text="completed")).to_have_count(2)
        await dashboard.page.goto(f"{site.server.url}/?replay={first.correlation_id}")
        replay = dashboard.page.get_by_role("region", name="Replay")
        moment = replay.get_by_role("slider")
        await moment.press("End")
        await expect(both).to_have_count(1)
        await expect(dashboard.page.locator("header").get_by_text("replay", exact=True)).to_be_visible()
        await expect(both).to_contain_text("Once upon a time")
        await moment.press("Home")
        await expect(both.filter(has_text="Once upon a time")).to_have_count(0)
        await moment.press("End")
        await expect(both).to_contain_text("Once upon a time")
        await dashboard.page.wait_for_function(IS_AT_END, arg=str(first.correlation_id), polling=50)
        later = await open_dashboard(site, dashboard.page.url.removeprefix(site.server.url))
        await expect(later.pane("writer")).to_have_count(1)
        await expect(later.pane("writer")).to_contain_text("Once upon a time")
        await replay.get_by_role("button", name="Back to live").click()
        await expect(both).to_have_count(2)
        assert "replay" not in dashboard.page.url
        await dashboard.check()
        await later.check()


async def test_everything_is_done_without_a_mouse(open_dashboard: OpenDashboard) -> None:
    flock = Flock(view=None)
    with waiting_agent(flock, "keyed"):
        async with served(flock, dashboard=True) as site:
            dashboard = await open_dashboard(site)
            keyboard = dashboard.page.keyboard
            await dashboard.is_live()
            await keyboard.press("n")
            topic = dashboard.page.get_by_role("dialog").get_by_label("topic")
            await expect(topic).to_be_visible()
            for _ in range(8):
                if await topic.evaluate("(node) => node === document.activeElement"):
                    break
                await keyboard.press("Tab")
            await keyboard.type("owls")
            await keyboard.press("Control+Enter")
            await expect(dashboard.page.get_by_role("button", name="Watch its runs")).to_be_focused()
            await keyboard.press("Enter")
            pane = dashboard.pane("keyed")
            await expect(pane).to_contain_text("Waited.")
            for _ in range(40):
                if await pane.evaluate("(node) => node === document.activeElement"):
                    break
                await keyboard.press("Tab")
            await keyboard.press("Enter")
            await dashboard.search(r"run=")
            await keyboard.press("Control+k")
            await dashboard.page.get_by_role("dialog").get_by_role("combobox").wait_for()
            await keyboard.type("cancel run")
            await keyboard.press("Enter")
            await expect(pane).to_contain_text("cancelled")
            await keyboard.press("?")
            await expect(dashboard.page.get_by_role("dialog")).to_contain_text("Freeze")
            await keyboard.press("Escape")
            await keyboard.press("Escape")
            await keyboard.press("2")
            await dashboard.search(r"view=graph")
            await dashboard.check()


async def test_what_is_drawn_stands_still_while_it_is_frozen(open_dashboard: OpenDashboard) -> None:
    async with served(dashboard=True) as site:
        dashboard = await open_dashboard(site)
        with writing(site.flock) as work:
            work.write("first")
            await expect(dashboard.pane("writer")).to_contain_text("first")
            await dashboard.page.keyboard.press("f")
            await dashboard.knows(work.write(" and more"))
            await expect(dashboard.page.get_by_text("Frozen").first).to_be_visible()
            await expect(dashboard.pane("writer")).not_to_contain_text("and more")
            await dashboard.page.keyboard.press("f")
            await expect(dashboard.pane("writer")).to_contain_text("first and more")
        await dashboard.check()


async def test_a_run_is_downloaded_as_it_was_written(open_dashboard: OpenDashboard) -> None:
    text = "tab\tline\r\n\n  indented \u202eback\u202c \U0001f989 "
    async with served(owl_flock(ServedPost(text=text)), dashboard=True) as site:
        dashboard = await open_dashboard(site)
        await site.flock.publish(DashboardIdea(topic="owls"))
        await expect(dashboard.pane("writer")).to_contain_text("completed")
        taken: dict[str, bytes] = {}
        for item in ("Download text", "Download JSON", "Download events"):
            async with dashboard.page.expect_download() as download:
                await choose(dashboard, "writer", item)
            path = await (await download.value).path()
            taken[item] = path.read_bytes()
        assert taken["Download text"].decode() == text
        told = json.loads(taken["Download JSON"])
        assert [field["text"] for field in told["fields"]] == [text]
        events = [json.loads(line) for line in taken["Download events"].splitlines()]
        assert "".join(event.get("content", "") for event in events) == text
        await dashboard.check()


async def test_a_token_signs_in_and_one_that_may_only_read_is_offered_nothing_else(
    open_dashboard: OpenDashboard,
) -> None:
    flock = Flock(view=None)
    async with served(flock, dashboard=True, tokens=[READER]) as site:
        with writing(flock) as work:
            work.write("for all to read")
            dashboard = await open_dashboard(site, is_signed_in=False)
            page = dashboard.page
            await page.get_by_label("Token").fill("wrong")
            await page.get_by_role("button", name="Sign in").click()
            await expect(page.get_by_text("not the token of this server")).to_be_visible()
            await page.get_by_label("Token").fill(READER.secret)
            await page.get_by_role("button", name="Sign in").click()
            await expect(dashboard.pane("writer")).to_contain_text("for all to read")
            for name in ("Publish", "Run an agent"):
                await expect(page.get_by_role("button", name=name, exact=True)).to_have_count(0)
            await dashboard.pane("writer").get_by_role("button", name="Actions").click()
            await expect(page.get_by_role("menuitem", name="Copy link")).to_be_visible()
            await expect(page.get_by_role("menuitem", name="Cancel")).to_have_count(0)
            await page.keyboard.press("Escape")
            await page.keyboard.press("n")
            await expect(page.get_by_role("dialog")).to_have_count(0)
        await dashboard.check()
