"""The plain page in a real browser, on a real server."""

import gc
import json
import re
from contextlib import ExitStack
from importlib.resources import files
from typing import Any

import pytest
from playwright.async_api import Page, expect
from pydantic import BaseModel, ConfigDict, Field

from flock.artifacts import flock_type
from flock.engines.base import AgentView, EngineComponent
from flock.orchestrator import Flock
from flock.runtime import Context, EvalInputs, EvalResult
from flock.server.closes import CLOSES, NORMAL
from flock.server.websocket_protocol import SocketConnection
from flock.testing import ScriptedEngine
from tests.backend import TOKEN, ServedIdea, ServedPost, served, writing
from tests.browser.conftest import OpenPage

HOSTILE = (
    "<script>window.pwned = 1</script><img src=x onerror='window.pwned = 2'><a href='javascript:window.pwned=3'>x</a>"
    "![](http://evil.example/a.png) \u202egnp.exe \x1b]52;c;AAAA\x07 <style>*{display:none}</style>"
)
SHOWN = HOSTILE.replace("\u202e", "\\u202e")
BIDI_CONTROLS = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"


@flock_type(name="Corrected")
class Corrected(BaseModel):
    """What a careless engine publishes."""

    model_config = ConfigDict(serialize_by_alias=True)

    first: str
    middle: dict[str, Any] = Field(serialization_alias="a/b")
    last: str
    unseen: str | None = None


class Careless(EngineComponent):
    """Streams other values than it publishes, in several pieces each."""

    async def evaluate(self, agent: AgentView, ctx: Context, inputs: EvalInputs) -> EvalResult:
        for field, text in (
            ("first", "Frist, "),
            ("first", "wrong"),
            ("middle/x/0", "1"),
            ("middle/y", "2"),
            ("last", "Last"),
        ):
            ctx.writer.append(text, field=field)
        return EvalResult.of(Corrected(first="First, corrected", middle={"x": [1, 2], "y": "two"}, last="Last"))


def test_the_page_comes_back_after_the_codes_of_the_table_that_say_so() -> None:
    script = files("flock.server").joinpath("fallback", "app.js").read_text()
    refusals = {int(code) for code in re.findall(r"\[(\d{4}), \"", script)}
    assert refusals == {close.code for close in CLOSES if not close.reconnect and close != NORMAL}


async def pane_texts(page: Page) -> list[str]:
    """Give the text of every pane's fields."""
    return await page.locator(".pane .words").all_text_contents()


@pytest.mark.default(5)
async def test_the_watch_notices_a_violation_and_a_foreign_request(open_page: OpenPage) -> None:
    async with served(dashboard=True, plain_page=True) as site:
        for bug in ("document.body.innerHTML = '<b style=\"color: red\">x</b>'", "void fetch('http://127.0.0.2:9/')"):
            watched = await open_page(f"{site.server.url}/docs")
            await expect(watched.page.locator("#status")).to_have_text("sign in to read")
            await watched.check(site.server.port)
            await watched.page.evaluate(f"() => {{ {bug} }}")
            with pytest.raises(AssertionError):
                await watched.check(site.server.port)


@pytest.mark.default(2)
async def test_eight_streams_grow_side_by_side(open_page: OpenPage) -> None:
    async with served(dashboard=True, plain_page=True) as site:
        watched = await open_page(site.server.browser_url())
        page = watched.page
        await expect(page.locator("#connection")).to_have_text("live")
        with ExitStack() as stack:
            works = [stack.enter_context(writing(site.flock, f"agent {number}")) for number in range(8)]
            await expect(page.locator(".pane")).to_have_count(8)
            for word in ("Owls ", "hoot ", "at night."):
                for work in works:
                    work.write(word)
                await expect(page.locator(".pane .words").first).to_have_text(works[0].text)
            await expect(page.locator(".pane.running .state")).to_have_text(["running"] * 8)
            assert await pane_texts(page) == ["Owls hoot at night."] * 8
        await expect(page.locator(".pane.completed")).to_have_count(8)
        await expect(page.locator("#counts")).to_contain_text("0 running, 0 waiting, 8 finished")
        assert page.url == f"{site.server.url}/"
        assert TOKEN not in await page.content()
        await watched.check(site.server.port)


@pytest.mark.default(6)
async def test_whatever_a_model_says_stays_text(open_page: OpenPage) -> None:
    async with served(dashboard=True, plain_page=True) as site:
        watched = await open_page(site.server.browser_url())
        page = watched.page
        with writing(site.flock, "<b>agent</b>") as work:
            work.write(HOSTILE)
            work.writer.append(HOSTILE, output_type="reasoning", field="<i>field</i>")
            await expect(page.locator(".pane .words")).to_have_count(2)
            assert await pane_texts(page) == [SHOWN, SHOWN]
            await expect(page.locator(".pane h2")).to_have_text("<b>agent</b>")
            await expect(page.locator(".pane .reasoning .label")).to_have_text("reasoning: <i>field</i>")
        assert await page.locator(".pane :is(script, img, a, style, b, i)").count() == 0
        assert await page.evaluate("window.pwned") is None
        await watched.check(site.server.port)


async def test_a_late_page_and_one_whose_socket_breaks_show_all_text_once(open_page: OpenPage) -> None:
    async with served(dashboard=True, plain_page=True) as site:
        with writing(site.flock) as work:
            work.write("early ")
            watched = await open_page(site.server.browser_url())
            page = watched.page
            await expect(page.locator(".pane .words")).to_have_text("early ")
            for sockets in range(1, 4):
                for item in gc.get_objects():
                    if type(item) is SocketConnection:
                        item._transport.abort()
                work.write(f"cut{sockets} ")
                await expect(page.locator(".pane .words")).to_have_text(work.text)
        await expect(page.locator(".pane.completed")).to_have_count(1)
        cursors = [url for url in watched.requests if "cursor=" in url]
        assert len(cursors) >= 3
        await watched.check(site.server.port)


async def test_attempts_failures_and_simulated_models_are_labelled(open_page: OpenPage) -> None:
    flock = Flock(view=None)
    engine = ScriptedEngine(answers=[ValueError("the model is on strike")])
    flock.agent("failing").consumes(ServedIdea).publishes(ServedPost).engine(engine)
    async with served(flock, dashboard=True, plain_page=True) as site:
        watched = await open_page(site.server.browser_url())
        page = watched.page
        with writing(site.flock, "trying", is_simulated=True) as work:
            work.write("first")
            await expect(page.locator(".pane .words")).to_have_text("first")
            work.writer.start_attempt("the answer did not fit")
            work.text = ""
            work.write("second")
            await expect(page.locator(".pane .words")).to_have_text("second")
            await expect(page.locator(".pane")).to_contain_text("attempt 2")
            await expect(page.locator(".pane .simulated")).to_have_text("simulated")
        await flock.publish(ServedIdea(topic="owls"))
        await expect(page.locator(".pane.failed .reason")).to_contain_text("the model is on strike")
        await watched.check(site.server.port)


async def test_a_tab_nobody_looks_at_keeps_so_many_runs_and_so_much_text(open_page: OpenPage) -> None:
    async with served(dashboard=True, plain_page=True) as site:
        watched = await open_page(site.server.browser_url())
        page = watched.page
        await expect(page.locator("#connection")).to_have_text("live")
        await page.evaluate("() => { window.requestAnimationFrame = () => 0; }")
        for number in range(70):
            with writing(site.flock, f"short {number}"):
                pass
        await expect(page.locator(".pane h2", has_text="short 69")).to_have_count(1)
        await expect(page.locator(".pane")).to_have_count(60)
        for number in range(3):
            with writing(site.flock, f"long {number}") as work:
                work.write(*["x" * 60_000] * 60)
        await expect(page.locator(".pane h2", has_text="long 2")).to_have_count(1)
        await expect(page.locator(".pane h2")).to_have_text(["long 1", "long 2"])
        await watched.check(site.server.port)


@pytest.mark.default(6)
async def test_controls_that_would_turn_text_around_are_written_out(open_page: OpenPage) -> None:
    written_out = "".join(f"\\u{ord(control):04x}" for control in BIDI_CONTROLS)
    async with served(dashboard=True, plain_page=True) as site:
        watched = await open_page(site.server.browser_url())
        page = watched.page
        await expect(page.locator("#connection")).to_have_text("live")
        with writing(site.flock, f"agent{BIDI_CONTROLS}") as work:
            work.write(BIDI_CONTROLS)
            await expect(page.locator(".pane .words")).to_have_text(written_out)
            await expect(page.locator(".pane h2")).to_have_text(f"agent{written_out}")
            late = await open_page(site.server.browser_url())
            await expect(late.page.locator(".pane .words")).to_have_text(written_out)
        assert not set(BIDI_CONTROLS) & set(await page.content())
        await watched.check(site.server.port)


async def test_the_final_values_replace_what_was_streamed_otherwise(open_page: OpenPage) -> None:
    flock = Flock(view=None)
    flock.agent("careless").consumes(ServedIdea).publishes(Corrected).engine(Careless())
    async with served(flock, dashboard=True, plain_page=True) as site:
        watched = await open_page(site.server.browser_url())
        await expect(watched.page.locator("#connection")).to_have_text("live")
        await flock.publish(ServedIdea(topic="owls"))
        late = await open_page(site.server.browser_url())
        for one in (watched, late):
            await expect(one.page.locator(".pane.completed")).to_have_count(1)
            await expect(one.page.locator(".pane .label")).to_have_text(["first", "middle", "last", "unseen"])
            texts = await pane_texts(one.page)
            assert texts[:1] + texts[2:] == ["First, corrected", "Last", "null"]
            assert json.loads(texts[1]) == {"x": [1, 2], "y": "two"}
            await one.check(site.server.port)


async def test_who_scrolls_up_is_left_in_peace(open_page: OpenPage) -> None:
    async with served(dashboard=True, plain_page=True) as site:
        watched = await open_page(site.server.browser_url())
        page = watched.page
        body = page.locator(".pane .body")
        with writing(site.flock) as work:
            work.write(*(f"line {number}\n" for number in range(100)))
            await expect(page.locator(".pane .words")).to_contain_text("line 99")
            bottom = await body.evaluate("(node) => node.scrollHeight - node.clientHeight - node.scrollTop")
            assert bottom < 2
            await body.evaluate("(node) => { node.scrollTop = 40; }")
            await page.wait_for_timeout(50)
            work.write(*(f"line {number}\n" for number in range(100, 200)))
            await expect(page.locator(".pane .words")).to_contain_text("line 199")
            assert await body.evaluate("(node) => node.scrollTop") == 40
        await watched.check(site.server.port)


async def test_the_token_signs_in_where_there_is_no_code_and_the_form_publishes(open_page: OpenPage) -> None:
    async with served(dashboard=True, plain_page=True) as site:
        watched = await open_page(f"{site.server.url}/#code=wrong")
        page = watched.page
        await expect(page.locator("#connection")).to_have_text("sign in to watch")
        await page.fill("#token", "wrong")
        await page.click("#sign-in button")
        await expect(page.locator("#sign-in-result")).to_contain_text("not the token of this server")
        await expect(page.locator("#sign-in-result")).not_to_contain_text("Bearer")
        await expect(page.locator("#publishing")).to_be_hidden()
        await page.fill("#token", TOKEN)
        await page.click("#sign-in button")
        await expect(page.locator("#connection")).to_have_text("live")
        await page.click("summary")
        await page.select_option("#type", "ServedIdea")
        await expect(page.locator("#payload")).to_have_value('{\n  "topic": "",\n  "weight": 1\n}')
        await page.fill("#payload", '{"topic": 7}')
        await page.click("#publish button")
        await expect(page.locator("#publish-result")).to_contain_text("topic")
        await page.fill("#payload", '{"topic": "owls"}')
        await page.click("#publish button")
        await expect(page.locator("#publish-result")).to_contain_text("Published as")
        assert page.url == f"{site.server.url}/"
        await watched.check(site.server.port)


async def test_the_page_fits_a_phone_and_both_themes(open_page: OpenPage) -> None:
    async with served(dashboard=True, plain_page=True) as site:
        with writing(site.flock, "an-agent-with-a-rather-long-name-for-such-a-screen") as work:
            work.write("averylongwordwithoutanyspace" * 20)
            grounds: list[str] = []
            for scheme in ("light", "dark"):
                size = {"width": 390, "height": 844}
                watched = await open_page(site.server.browser_url(), viewport=size, color_scheme=scheme)
                page = watched.page
                await expect(page.locator(".pane .words")).to_have_text(work.text)
                assert await page.evaluate("document.documentElement.scrollWidth") <= 390
                grounds.append(await page.evaluate("getComputedStyle(document.body).backgroundColor"))
                await watched.check(site.server.port)
        assert grounds[0] != grounds[1]


@pytest.mark.default(5)
async def test_the_reference_of_the_api_works_under_the_policy(open_page: OpenPage) -> None:
    async with served() as site:
        watched = await open_page(f"{site.server.url}/docs")
        page = watched.page
        await expect(page.locator("#status")).to_have_text("sign in to read")
        await page.fill("#token", TOKEN)
        await page.click("#sign-in button")
        await expect(page.locator("#status")).to_contain_text("version")
        operation = page.locator(".operation", has_text="/api/v1/agents/{name}/run")
        await operation.locator("summary").click()
        await expect(operation).to_contain_text("on_disconnect")
        await expect(page.locator("section td", has_text="stalled")).to_be_visible()
        await watched.check(site.server.port)
