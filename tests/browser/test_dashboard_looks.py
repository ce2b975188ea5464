"""How the dashboard looks and to whom: many streams at once, a phone, both themes, assistive tools, hostile models."""

import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from playwright.async_api import expect
from pydantic import BaseModel, Field

from flock.artifacts import Artifact, flock_type
from flock.orchestrator import Flock
from flock.testing import ScriptedEngine
from tests.backend import Served, ServedPost, Writing, served, writing
from tests.browser.conftest import OpenDashboard
from tests.browser.dashboard_page import CONTROLS, DashboardPage, shown
from tests.engines import Gated
from tests.security.hostile import BROWSER_TRICKS, EVIL

pytestmark = pytest.mark.asyncio(loop_scope="session")

AXE = Path(__file__).parents[2] / "dashboard/node_modules/axe-core/axe.min.js"
RUN_AXE = """
async () => {
  const runOnly = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];
  const { violations } = await axe.run(document, { runOnly });
  return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html, failureSummary }) => html + failureSummary)}`);
}
"""
VIEWS = ("streams", "graph", "board", "timeline", "metrics")
PHONE = {"width": 390, "height": 844}
ADDRESSES = """
() => ["src", "href", "action", "style"].flatMap((name) =>
  [...document.querySelectorAll(`[${name}]`)].map((node) => node.getAttribute(name)))
"""
NAME = f"<img src=x onerror=window.pwned=17> [a](javascript:window.pwned=18) \u202e {EVIL}"
TRICKS = " ".join(BROWSER_TRICKS)
MARKDOWN = f"""# Owls <script>window.pwned=30</script>

- a [link](javascript:window.pwned=31), an [address](http://{EVIL}/link), an ![image](http://{EVIL}/image.png)
- <b onclick=window.pwned=32>bold</b> and **bold**

```html
<script>window.pwned=33</script>
```

| a | b |
| - | - |
| <img src=//{EVIL}/cell.png onerror=window.pwned=34> | `code` |
"""


@flock_type(name="LookIdea")
class LookIdea(BaseModel):
    """What agents of these tests work on."""

    topic: str
    tags: list[str] = Field(default_factory=list)


@contextmanager
def busy_flock() -> Iterator[Flock]:
    """Make a flock with a bit of everything: runs that wait, fail and complete."""
    flock = Flock(view=None)
    waiting = Gated(output=ServedPost(text="Waited."), text="# Waiting\n\nfor *owls*, with `code`")
    engines = {
        "patient": waiting,
        "failing": ScriptedEngine(answers=[ValueError("the model is on strike")]),
        "quick": ScriptedEngine(answers=[ServedPost(text="Owls hoot.\n\n- at night\n- in trees")]),
    }
    for name, engine in engines.items():
        flock.agent(name).consumes(LookIdea).publishes(ServedPost).engine(engine)
    try:
        yield flock
    finally:
        waiting.gate.set()


async def is_busy(dashboard: DashboardPage) -> None:
    """Wait until the page knows one run that works, one that has failed and one that has completed."""
    states = "() => [...window.flock.live().finished.values()].map(({ state }) => state).sort().join()"
    await dashboard.page.wait_for_function(f"() => ({states})() === 'completed,failed'", polling=50)


async def is_drawn(dashboard: DashboardPage, view: str) -> None:
    """Wait until a view is there."""
    await dashboard.page.get_by_role("button", name=view.capitalize(), exact=True).click()
    something = dashboard.page.get_by_role("main").get_by_text(re.compile("quick|ServedPost|tokens"))
    await expect(something.filter(visible=True).first).to_be_visible()


async def test_eight_streams_grow_side_by_side(open_dashboard: OpenDashboard) -> None:
    async with served(dashboard=True) as site:
        dashboard = await open_dashboard(site, viewport={"width": 1440, "height": 900})
        with ExitStack() as stack:
            works: list[Writing] = [stack.enter_context(writing(site.flock, f"agent {n}")) for n in range(8)]
            for beat in range(3):
                for work in works:
                    work.write(f"beat {beat}, ")
                for number, work in enumerate(works):
                    await expect(dashboard.pane(f"agent {number}")).to_contain_text(work.text.strip())
                    await expect(dashboard.pane(f"agent {number}")).to_contain_text("running")
            boxes = [await dashboard.pane(f"agent {number}").bounding_box() for number in range(8)]
            assert all(box and box["y"] + box["height"] <= 900 and box["x"] + box["width"] <= 1440 for box in boxes)
            assert len({(box["x"], box["y"]) for box in boxes if box}) == 8
        for number in range(8):
            await expect(dashboard.pane(f"agent {number}")).to_contain_text("completed")
        await dashboard.check()


async def test_a_thousand_runs_are_shown_by_a_few_panes(open_dashboard: OpenDashboard) -> None:
    async with served(dashboard=True) as site:
        dashboard = await open_dashboard(site)
        for number in range(1000):
            with writing(site.flock, f"agent {number}") as work:
                work.write("done")
        await dashboard.knows(work)
        assert await dashboard.page.evaluate("() => window.flock.live().finished.size") == 1000
        await expect(dashboard.pane("agent 999")).to_be_visible()
        assert await dashboard.page.get_by_role("article").count() < 100
        await dashboard.check()


@pytest.mark.parametrize("theme", ["light", "dark"])
async def test_every_view_is_for_everybody(open_dashboard: OpenDashboard, theme: str) -> None:
    with busy_flock() as flock:
        async with served(flock, dashboard=True) as site:
            dashboard = await open_dashboard(site, color_scheme=theme, reduced_motion="reduce")
            await flock.publish(LookIdea(topic="owls"))
            await is_busy(dashboard)
            for view in VIEWS:
                await is_drawn(dashboard, view)
                assert await violations(dashboard) == [], view
            await dashboard.page.keyboard.press("n")
            await expect(dashboard.page.get_by_role("dialog").get_by_label("topic")).to_be_visible()
            assert await violations(dashboard) == [], "the form"
            await dashboard.page.keyboard.press("Escape")
            await dashboard.check()


async def violations(dashboard: DashboardPage) -> list[str]:
    """Give what axe finds against the levels A and AA."""
    if not await dashboard.page.evaluate("() => 'axe' in window"):
        await dashboard.page.evaluate(AXE.read_text())
    found: list[str] = await dashboard.page.evaluate(RUN_AXE)
    return found


async def test_axe_finds_what_is_wrong(open_dashboard: OpenDashboard) -> None:
    async with served(dashboard=True) as site:
        dashboard = await open_dashboard(site)
        await dashboard.page.evaluate("() => document.querySelector('main').append(document.createElement('button'))")
        assert "button-name" in " ".join(await violations(dashboard))


async def test_every_view_fits_a_phone_in_both_themes(open_dashboard: OpenDashboard) -> None:
    with busy_flock() as flock:
        async with served(flock, dashboard=True) as site:
            grounds: set[str] = set()
            first = await open_dashboard(site)
            await flock.publish(LookIdea(topic="averylongwordwithoutanyspace" * 20, tags=["x" * 200]))
            with writing(flock, "an-agent-with-a-rather-long-name-for-such-a-screen") as work:
                await first.knows(work.write("averylongwordwithoutanyspace" * 20))
                for theme in ("light", "dark"):
                    dashboard = await open_dashboard(
                        site, viewport=PHONE, color_scheme=theme, has_touch=True, is_mobile=True
                    )
                    await is_busy(dashboard)
                    for view in VIEWS:
                        await is_drawn(dashboard, view)
                        assert await dashboard.fits(), f"{view}, {theme}"
                    grounds.add(await dashboard.page.evaluate("() => getComputedStyle(document.body).backgroundColor"))
                    await dashboard.check()
            assert len(grounds) == 2


async def test_a_hostile_model_and_hostile_names_stay_text(open_dashboard: OpenDashboard) -> None:
    async with served(dashboard=True) as site:
        dashboard = await open_dashboard(site)
        opened: list[str] = []
        dashboard.page.context.on("page", lambda page: opened.append(page.url))
        dashboard.page.on("dialog", lambda dialog: opened.append(dialog.message))
        with writing(site.flock, NAME, type=f"<b onmouseover=window.pwned=19>{EVIL}</b>") as work:
            work.write(*BROWSER_TRICKS)
            for kind in ("reasoning", "tool_call", "tool_result", "log"):
                work.writer.append(TRICKS, output_type=kind, field=f"<i>{kind}</i>")
            with writing(site.flock, "markdown") as other:
                await dashboard.knows(other.write(MARKDOWN))
                await expect(dashboard.pane(shown(NAME))).to_contain_text(shown(BROWSER_TRICKS[-1]))
                await expect(dashboard.pane("markdown")).to_contain_text("<script>window.pwned=33</script>")
                for mode in ("markdown", "plain text", "auto"):
                    await dashboard.page.get_by_role("combobox", name="Text").select_option(mode)
                    await nothing_ran(dashboard, site)
                for view in VIEWS:
                    await dashboard.page.get_by_role("button", name=view.capitalize(), exact=True).click()
                    await nothing_ran(dashboard, site)
        artifact = await site.flock.publish(LookIdea(topic=TRICKS, tags=[NAME]))
        assert isinstance(artifact, Artifact)
        await dashboard.page.goto(f"{site.server.url}/?view=board&artifact={artifact.id}")
        await expect(dashboard.page.get_by_text(shown(NAME)).first).to_be_visible()
        await nothing_ran(dashboard, site)
        assert opened == []
        await dashboard.check()


async def nothing_ran(dashboard: DashboardPage, site: Served) -> None:
    """Check that no script of the model ran, and that nothing it wrote became markup, an address or a control."""
    page = dashboard.page
    await expect(page.get_by_role("main")).to_be_visible()
    assert await page.evaluate("window.pwned") is None
    addresses: list[str] = await page.evaluate(ADDRESSES)
    assert [address for address in addresses if EVIL in address or "javascript:" in address] == []
    assert await page.locator("main :is(script, img, iframe, style, link, meta, base, object, embed)").count() == 0
    assert await page.locator(":is([onerror], [onload], [onclick], [onmouseover])").count() == 0
    assert CONTROLS.search(await page.content()) is None
    assert page.url.startswith(site.server.url)
