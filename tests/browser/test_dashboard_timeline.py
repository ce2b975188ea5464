"""The Timeline view: parallel runs over time, and the replay of a correlation in every view."""

import asyncio
import re
import time
from uuid import UUID

import pytest
from playwright.async_api import Locator, expect
from pydantic import Field

from flock.artifacts import Artifact
from flock.engines.base import AgentView, EngineComponent
from flock.orchestrator import Flock
from flock.runtime import Context, EvalInputs, EvalResult
from tests.backend import Served, ServedIdea, ServedPost, served
from tests.browser.conftest import OpenDashboard
from tests.browser.dashboard_page import DashboardPage
from tests.engines import Gated

pytestmark = pytest.mark.asyncio(loop_scope="session")


class Halves(EngineComponent):
    """Writes the second half of its text once it may."""

    gate: asyncio.Event = Field(default_factory=asyncio.Event)

    async def evaluate(self, agent: AgentView, ctx: Context, inputs: EvalInputs) -> EvalResult:
        ctx.writer.append("The first half", field="text")
        await self.gate.wait()
        ctx.writer.append(", and the second", field="text")
        return EvalResult.of(ServedPost(text="The first half, and the second"))


def bar(dashboard: DashboardPage, words: str) -> Locator:
    """Give the bars that say this."""
    return dashboard.page.get_by_role("main").get_by_role("button", name=re.compile(words))


async def right_end(of: Locator) -> float:
    """Give where an element ends, in pixels."""
    box = await of.bounding_box()
    assert box is not None
    return box["x"] + box["width"]


async def span_shown(dashboard: DashboardPage) -> str:
    """Give how much time the chart shows, in words."""
    return await dashboard.page.get_by_text(re.compile("[0-9]( s)? shown$")).inner_text()


def seconds(words: str) -> float:
    """Read "12.3 s shown" or "1:02 shown"."""
    minutes, _, rest = words.removesuffix(" shown").removesuffix(" s").rpartition(":")
    return 60 * float(minutes or 0) + float(rest)


async def test_bars_show_how_parallel_runs_wait_speak_and_end(open_dashboard: OpenDashboard) -> None:
    flock = Flock(view=None)
    flock.streams.parallel_view = True
    owl, fox = (Gated(output=ServedPost(text=text), text=text) for text in ("Owls hoot.", "Foxes bark."))
    flock.agent("owl").consumes(ServedIdea).publishes(ServedPost).engine(owl).max_concurrency(1)
    flock.agent("fox").consumes(ServedIdea).publishes(ServedPost).engine(fox)
    async with served(flock, dashboard=True) as site:
        dashboard = await open_dashboard(site, "/?view=timeline")
        page, keyboard = dashboard.page, dashboard.page.keyboard
        await expect(page.get_by_role("main")).to_contain_text("No runs to show.")
        await flock.publish(ServedIdea(topic="birds"))
        await expect(bar(dashboard, "^ServedPost, (owl|fox), running, .*first token after")).to_have_count(2)
        await flock.publish(ServedIdea(topic="mice"))
        await expect(bar(dashboard, "^ServedPost, fox, running, .*first token after")).to_have_count(2)
        waiting = bar(dashboard, "^ServedPost, owl, queued, .*queued for [0-9.]+ s$")
        second = await waiting.get_attribute("data-run")
        for agent in ("owl", "fox"):
            await expect(page.get_by_role("group", name=f"{agent}, 2 runs")).to_have_count(1)
        boxes = [await found.bounding_box() for found in await bar(dashboard, "^ServedPost, fox").all()]
        assert len({box["y"] for box in boxes if box is not None}) == 2
        now_line = page.locator("[data-now]")
        for found in (waiting, bar(dashboard, "^ServedPost, owl, running")):
            assert await right_end(found) <= await right_end(now_line) + 2
        fox.gate.set()
        await expect(bar(dashboard, "^ServedPost, fox, completed")).to_have_count(2)
        assert await right_end(bar(dashboard, "^ServedPost, fox, completed").first) < await right_end(now_line)
        owl.gate.set()
        waited = page.locator(f'main [data-run="{second}"]')
        await expect(waited).to_have_accessible_name(re.compile("owl, completed, .*queued for .*first token after"))

        whole = await span_shown(dashboard)
        await page.get_by_role("button", name="Zoom in").click()
        await expect(page.get_by_text(whole)).to_have_count(0)
        assert seconds(await span_shown(dashboard)) < seconds(whole)
        last = bar(dashboard, "^ServedPost, owl, completed").last
        await last.focus()
        nearer = await span_shown(dashboard)
        await keyboard.press("-")
        await keyboard.press("-")
        await expect(page.get_by_text(nearer)).to_have_count(0)
        assert seconds(await span_shown(dashboard)) > seconds(nearer)
        fit = page.get_by_role("button", name="Fit", exact=True)
        await fit.click()
        await expect(fit).to_have_attribute("aria-pressed", "true")
        await page.get_by_role("combobox", name="Lanes by").select_option("correlation")
        await expect(page.get_by_role("group", name=re.compile("^Correlation of .*, 2 runs"))).to_have_count(2)
        await page.get_by_role("combobox", name="Lanes by").select_option("agent")
        await bar(dashboard, "^ServedPost, fox").first.focus()
        await keyboard.press("ArrowDown")
        focused = page.locator("button[data-run]:focus")
        await expect(focused).to_have_count(1)
        run = await focused.get_attribute("data-run")
        await keyboard.press("Enter")
        await dashboard.search(f"run={run}")
        await expect(page.get_by_role("article")).to_have_count(1)
        await dashboard.check()


async def test_a_replay_shows_in_every_view_what_was_there_then(open_dashboard: OpenDashboard) -> None:
    flock, engine = Flock(view=None), Halves()
    flock.agent("writer").consumes(ServedIdea).publishes(ServedPost).engine(engine)
    async with served(flock, dashboard=True) as site:
        dashboard = await open_dashboard(site)
        page = dashboard.page
        pane = dashboard.pane("writer")
        idea = await flock.publish(ServedIdea(topic="owls"))
        assert isinstance(idea, Artifact)
        assert idea.correlation_id is not None
        await expect(pane).to_contain_text("The first half")
        between = time.time() - await began_at(site, idea.correlation_id)
        await page.get_by_role("button", name="Timeline", exact=True).click()
        await page.get_by_role("button", name="Replay", exact=True).click()
        await page.get_by_role("menuitem").click()
        replay = page.get_by_role("region", name="Replay")
        await replay.get_by_role("button", name="Pause").click()
        await expect(replay.get_by_role("button", name="Play")).to_be_visible()
        engine.gate.set()
        await flock.run_until_idle()
        await replay.get_by_role("combobox", name="Speed").select_option("16")
        await replay.get_by_role("button", name="Play").click()
        await expect(bar(dashboard, "^ServedPost, writer, completed")).to_have_count(1)
        await expect(replay.get_by_role("button", name="Play")).to_be_visible()

        moment = replay.get_by_role("slider", name="Moment of the replay")
        await moment.fill(f"{between:.6f}")
        await expect(bar(dashboard, "^ServedPost, writer, running")).to_have_count(1)
        await show(dashboard, "Streams")
        await expect(pane).to_have_accessible_name("writer, running")
        await expect(pane).to_contain_text("The first half")
        await expect(pane).not_to_contain_text("and the second")
        await show(dashboard, "Graph")
        agent = page.get_by_role("button", name=re.compile("^Agent writer"))
        await expect(agent).to_contain_text("1 running")
        await show(dashboard, "Board")
        rows = page.locator('[role="row"]:has([role="gridcell"])')
        await expect(rows).to_contain_text(["ServedIdea"])
        await moment.press("End")
        await expect(rows).to_contain_text(["ServedPost", "ServedIdea"])
        await show(dashboard, "Graph")
        await expect(agent).to_contain_text("1 completed")
        await moment.press("Home")
        await expect(agent).to_contain_text("no run has ended")
        await show(dashboard, "Streams")
        await expect(page.get_by_text("The first half")).to_have_count(0)
        await moment.fill(f"{between:.6f}")
        await expect(pane).to_contain_text("The first half")
        await flock.publish(ServedIdea(topic="foxes"))
        await flock.run_until_idle()
        await expect(pane).to_have_count(1)
        await replay.get_by_role("button", name="Back to live").click()
        await expect(pane.filter(has_text="The first half, and the second")).to_have_count(2)
        await expect(replay).to_have_count(0)
        await dashboard.check()


async def began_at(site: Served, correlation_id: UUID) -> float:
    """Give when the first event of a correlation happened, in seconds."""
    events = (await site.get(f"/correlations/{correlation_id}/events")).json()["items"]
    return min(float(event["timestamp"]) for event in events)


async def show(dashboard: DashboardPage, view: str) -> None:
    """Go to another view."""
    await dashboard.page.get_by_role("navigation").get_by_role("button", name=view, exact=True).click()
