"""The Streams view: many panes in one window, one of them in full size, and all that a run can put out."""

import asyncio
from contextlib import ExitStack

import pytest
from playwright.async_api import Locator, expect
from pydantic import Field

from flock.engines.base import AgentView, EngineComponent
from flock.orchestrator import Flock
from flock.runtime import Context, EvalInputs, EvalResult
from tests.backend import ServedIdea, ServedNote, ServedPost, Writing, served, writing
from tests.browser.conftest import OpenDashboard
from tests.browser.dashboard_page import DashboardPage

pytestmark = pytest.mark.asyncio(loop_scope="session")

WINDOW = {"width": 1440, "height": 900}
OVERFLOW = "(node) => node.scrollHeight - node.clientHeight"
HOLDS = """
(count) => {
  const whole = [...document.querySelectorAll("article")].filter((node) => {
    const { left, top, right, bottom } = node.getBoundingClientRect();
    return left >= 0 && top >= 0 && right <= innerWidth && bottom <= innerHeight;
  });
  return whole.length >= count && whole.length < 1.4 * count;
}
"""

OF_TEXT = """
(text) => {
  const nodes = document.createTreeWalker(document.querySelector(".pane-body"), NodeFilter.SHOW_TEXT);
  for (let node = nodes.nextNode(); node !== null; node = nodes.nextNode()) {
    const start = node.data.lastIndexOf(text);
    if (start === -1) continue;
    const range = document.createRange();
    range.setStart(node, start);
    range.setEnd(node, start + text.length);
    return range.getBoundingClientRect();
  }
  return null;
}
"""
IS_WRITTEN = f"(text) => ({OF_TEXT})(text) !== null"
IS_IN_SIGHT = f"""
(text) => {{
  const [box, of] = [({OF_TEXT})(text), document.querySelector(".pane-body").getBoundingClientRect()];
  return box !== null && box.top >= of.top && box.bottom <= of.bottom;
}}
"""
READ = """
() => {
  const { left, top, height } = document.querySelector(".pane-body").getBoundingClientRect();
  const caret = document.caretRangeFromPoint(left + 20, top + height / 2);
  return caret.startContainer.data.slice(caret.startOffset, caret.startOffset + 8);
}
"""


class Everything(EngineComponent):
    """Thinks, calls a tool, writes two artifacts; waits in its first attempt, and in its second."""

    first: asyncio.Event = Field(default_factory=asyncio.Event)
    second: asyncio.Event = Field(default_factory=asyncio.Event)

    async def evaluate(self, agent: AgentView, ctx: Context, inputs: EvalInputs) -> EvalResult:
        ctx.writer.append("Which owl is it?", output_type="reasoning")
        ctx.writer.append('{"name": "look_up", "arguments": {"bird": "owl"}}', output_type="tool_call")
        ctx.writer.append("a barn owl", output_type="tool_result")
        ctx.writer.append("The barn", field="title")
        ctx.writer.append("7", field="weight", kind="json")
        for number, tag in enumerate(("night", "tree")):
            ctx.writer.append(tag, field=f"tags/{number}")
        ctx.writer.append("To be read at night", field="text", artifact=1)
        await self.first.wait()
        ctx.writer.start_attempt("the title is too short")
        ctx.writer.append("The barn owl of the old mill", field="title")
        await self.second.wait()
        return EvalResult.of(ServedPost(text="Owls hoot."), ServedNote(text="To be read at night"))


def panes(dashboard: DashboardPage) -> Locator:
    """Give all panes that are drawn."""
    return dashboard.page.get_by_role("article")


async def test_a_hundred_panes_fill_one_window_or_as_many_as_are_chosen(open_dashboard: OpenDashboard) -> None:
    async with served(dashboard=True) as site:
        with ExitStack() as stack:
            works: list[Writing] = [stack.enter_context(writing(site.flock, f"agent {n}")) for n in range(100)]
            for work in works:
                work.write("hoot")
            dashboard = await open_dashboard(site, viewport=WINDOW)
            page = dashboard.page
            await are_shown(dashboard, 100)
            scroller = page.locator(".grid-scroller")
            assert await scroller.evaluate(OVERFLOW) <= 0
            for number, work in enumerate(works):
                work.write(f" {number}")
            for number in (0, 37, 99):
                await expect(dashboard.pane(f"agent {number}")).to_contain_text(f"hoot {number}")
            choice = page.get_by_role("combobox", name="Panes")
            for chosen in (4, 1, 25):
                await choice.select_option(str(chosen))
                await are_shown(dashboard, chosen)
            assert await scroller.evaluate(OVERFLOW) > 0
            await page.reload()
            await are_shown(dashboard, 25)
            await dashboard.check()


async def are_shown(dashboard: DashboardPage, count: int) -> None:
    """Wait until the window holds so many whole panes, and no more than it takes to fill the last row."""
    await dashboard.page.wait_for_function(HOLDS, arg=count, polling=50)


async def test_panes_are_pinned_shown_in_full_size_and_compared(open_dashboard: OpenDashboard) -> None:
    async with served(dashboard=True) as site:
        with ExitStack() as stack:
            owl, fox, hen = (stack.enter_context(writing(site.flock, name)) for name in ("owl", "fox", "hen"))
            dashboard = await open_dashboard(site, viewport=WINDOW)
            page, keyboard = dashboard.page, dashboard.page.keyboard
            for work in (owl, fox, hen):
                await dashboard.knows(work.write("first"))
            await expect(panes(dashboard)).to_have_count(3)
            await page.get_by_role("button", name="Pin hen").click()
            await expect(panes(dashboard).first).to_have_accessible_name("hen, running")
            await page.reload()
            await expect(panes(dashboard).first).to_have_accessible_name("hen, running")
            await dashboard.pane("hen").focus()
            await keyboard.press("p")
            await expect(page.get_by_role("button", name="Pin hen")).to_have_count(1)

            await dashboard.pane("fox").focus()
            await keyboard.press("Enter")
            await dashboard.search(f"run={fox.run_id}")
            await expect(panes(dashboard)).to_have_count(1)
            await expect(dashboard.pane("fox")).to_contain_text("first")
            await keyboard.press("Escape")
            await expect(panes(dashboard)).to_have_count(3)
            assert "run=" not in page.url
            await expect(dashboard.pane("fox")).to_be_focused()

            await keyboard.press("c")
            another = page.get_by_role("combobox", name="Another run to compare with")
            await another.select_option(owl.run_id)
            await expect(panes(dashboard)).to_have_count(2)
            boxes = [await dashboard.pane(name).bounding_box() for name in ("fox", "owl")]
            assert boxes[0] is not None
            assert boxes[1] is not None
            assert boxes[0]["y"] == boxes[1]["y"]
            assert boxes[0]["x"] + boxes[0]["width"] <= boxes[1]["x"]
            for work, name in ((owl, "owl"), (fox, "fox")):
                work.write(f" of the {name}")
                await expect(dashboard.pane(name)).to_contain_text(f"first of the {name}")
            await keyboard.press("Escape")
            await expect(panes(dashboard)).to_have_count(3)
            await dashboard.check()


async def test_a_pane_follows_its_end_until_the_reader_scrolls_up(open_dashboard: OpenDashboard) -> None:
    async with served(dashboard=True) as site:
        with writing(site.flock) as work:
            dashboard = await open_dashboard(site, f"/?run={work.run_id}")
            page = dashboard.page
            await page.get_by_role("combobox", name="Text").select_option("plain text")
            await dashboard.knows(work.write(*(f"line {number}\n" for number in range(300))))
            body = dashboard.pane("writer").get_by_role("region", name="Output of writer")
            await page.wait_for_function(IS_IN_SIGHT, arg="line 299", polling=50)
            await body.hover()
            await page.mouse.wheel(0, -1000)
            to_end = dashboard.pane("writer").locator(".to-end")
            await expect(to_end).to_be_visible()
            before = await page.evaluate(READ)
            work.write(*(f"line {number}\n" for number in range(300, 400)))
            await page.wait_for_function(IS_WRITTEN, arg="line 399", polling=50)
            assert await page.evaluate(READ) == before
            await to_end.click()
            await page.wait_for_function(IS_IN_SIGHT, arg="line 399", polling=50)
            await expect(to_end).to_have_count(0)
            work.write("and one more")
            await page.wait_for_function(IS_IN_SIGHT, arg="and one more", polling=50)
        await dashboard.check()


async def test_a_pane_shows_all_that_a_run_puts_out_and_why_one_waits(open_dashboard: OpenDashboard) -> None:
    flock, engine = Flock(view=None), Everything()
    flock.agent("busy").consumes(ServedIdea).publishes(ServedPost, ServedNote).engine(engine).max_concurrency(1)
    async with served(flock, dashboard=True) as site:
        dashboard = await open_dashboard(site, viewport=WINDOW)
        await flock.publish(ServedIdea(topic="owls"))
        busy = dashboard.pane("busy").filter(has_text="running")
        await expect(busy).to_contain_text("To be read at night")
        await flock.publish(ServedIdea(topic="foxes"))
        waits = dashboard.pane("busy").filter(has_text="queued")
        await expect(waits).to_contain_text("Waiting: ")
        await expect(waits).to_contain_text("busy")

        thought = busy.locator("details")
        await expect(thought).to_contain_text("Reasoning")
        await expect(thought).not_to_contain_text("Which owl is it?")
        await thought.locator("summary").press("Enter")
        await expect(thought).to_contain_text("Which owl is it?")
        await expect(busy.get_by_text("look_up")).to_be_visible()
        await expect(busy).to_contain_text('bird: "owl"')
        await expect(busy).to_contain_text("a barn owl")
        await expect(busy.get_by_role("heading", level=3)).to_contain_text(["ServedPost", "ServedNote"])
        field = busy.locator(".field")
        await expect(field.filter(has_text="title")).to_contain_text("The barn")
        await expect(field.filter(has_text="weight")).to_contain_text("7")
        await expect(field.filter(has_text="tags").get_by_role("listitem")).to_contain_text(["night", "tree"])
        engine.first.set()
        await expect(busy).to_contain_text("Attempt 2: the title is too short")
        await expect(field.filter(has_text="title")).to_contain_text("The barn owl of the old mill")
        await expect(busy).not_to_contain_text("look_up")
        engine.second.set()
        await expect(dashboard.pane("busy").filter(has_text="completed")).to_have_count(2)
        await dashboard.check()
