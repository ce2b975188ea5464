"""The terminal views, over a real journal: into pipes, files and pseudo-terminals."""

import asyncio
import io
import os
import re
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import ExitStack, suppress
from typing import TextIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flock.admission import StreamSettings
from flock.errors import ModelError
from flock.sinks.rendering import ViewName
from flock.sinks.terminal import Terminal
from tests.pseudo_terminal import Pty
from tests.stage import Stage

VIEWS: tuple[ViewName, ...] = ("focus", "lines")
SGR = re.compile(r"\x1b\[[0-9;]*m")
HOSTILE = "\x1b]52;c;aGk=\x07 \x1b]0;title\x07 \x1b[2J\x1b[10A \x9b31m [bold red]markup[/] \u202egnp \r\x08"


class WholeWrites(io.StringIO):
    """A pipe that remembers each write."""

    def __init__(self) -> None:
        super().__init__()
        self.writes: list[str] = []

    def write(self, text: str) -> int:
        self.writes.append(text)
        return super().write(text)


class Gate(io.StringIO):
    """A terminal that is stopped until `open` is set."""

    def __init__(self) -> None:
        super().__init__()
        self.open = threading.Event()
        self.was_tried = threading.Event()

    def write(self, text: str) -> int:
        self.was_tried.set()
        self.open.wait()
        return super().write(text)


@pytest.fixture
def stage() -> Stage:
    return Stage()


@pytest.fixture
async def terminal(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Callable[[int], Pty]]:
    """Makes pseudo-terminals of so many columns that take colours."""
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    made: list[Pty] = []

    def make(columns: int = 80) -> Pty:
        made.append(Pty(columns))
        return made[-1]

    yield make
    for each in made:
        each.close()


def blocks(text: str) -> list[str]:
    """Give the names of the runs in the order the focus view printed them."""
    return re.findall(r"^▶ (\S+) →", text, re.MULTILINE)


def test_focus_prints_waiting_output_by_priority_then_in_order_of_completion(stage: Stage) -> None:
    with stage.run("live") as live:
        live.write("one ")
        stage.tell("early", "e")
        stage.tell("late", "l")
        stage.tell("low", "w", priority="low")
        stage.tell("urgent", "u", priority="high")
        live.write("two")
    assert blocks(stage.rendered("focus")) == ["live", "urgent", "early", "late", "low"]


def test_focus_never_breaks_into_the_live_stream(stage: Stage) -> None:
    with stage.run("live") as live:
        live.write("one ")
        stage.tell("other", "whole")
        live.write("two")
    lines = stage.rendered("focus").splitlines()
    assert lines[:3] == ["▶ live → Text (demo/test, simulated)", "body: one two", lines[2]]
    assert re.fullmatch(r"✓ done in \d+\.\d s, 7 tokens, first token after \d+\.\d s · live", lines[2])
    assert lines[3:6] == ["", "▶ other → Text (demo/test, simulated)", "body: whole"]


def test_focus_gives_the_terminal_to_the_next_stream_that_is_live(stage: Stage) -> None:
    with stage.run("second", mode="dashboard") as second:
        with stage.run("first", mode="dashboard"):
            pass
        second.write("a")
    with stage.run("one", mode="dashboard") as one, stage.run("two", mode="dashboard") as two:
        one.write("1")
        two.write("2")
    text = stage.rendered("focus")
    assert blocks(text) == ["second", "first", "one", "two"]
    assert "body: 1\n" in text
    assert "body: 2\n" in text


def test_focus_says_that_an_attempt_starts_over(stage: Stage) -> None:
    with stage.run("writer") as run:
        run.writer.append("wrong", field="body")
        run.writer.start_attempt("the answer\ndid not\x1b[2J validate")
        run.write("right")
    lines = stage.rendered("focus").splitlines()
    assert lines[1:4] == ["body: wrong", r"↻ attempt 2: the answer did not\x1b[2J validate", "body: right"]


@pytest.mark.parametrize("view", VIEWS)
def test_a_failure_is_one_clear_line(stage: Stage, view: ViewName) -> None:
    with stage.run("writer") as run:
        run.write("half")
        raise ModelError("no\nsuch \x1b[31mmodel")
    (line,) = [line for line in stage.rendered(view).splitlines() if "✗" in line]
    assert re.search(r"✗ failed after \d\.\d s: no such \\x1b\[31mmodel \[FLK-MODEL\]", line)


@pytest.mark.parametrize("view", VIEWS)
def test_a_cancelled_run_says_so(stage: Stage, view: ViewName) -> None:
    with stage.run("writer"):
        raise asyncio.CancelledError
    assert "✗ cancelled after" in stage.rendered(view)


@pytest.mark.parametrize("view", VIEWS)
def test_nothing_is_shown_of_a_run_without_output_but_its_failure(stage: Stage, view: ViewName) -> None:
    with stage.run("quiet", settings=StreamSettings(no_output=True)) as run:
        run.write("secret")
    assert stage.rendered(view) == ""
    with stage.run("quiet", settings=StreamSettings(no_output=True)) as run:
        run.write("secret")
        raise ModelError("gone")
    text = stage.rendered(view)
    assert "gone" in text
    assert "secret" not in text


@pytest.mark.parametrize("view", VIEWS)
def test_a_nested_field_has_the_name_it_has_everywhere(stage: Stage, view: ViewName) -> None:
    with stage.run("writer") as run:
        run.writer.append("owls", field="tags/0")
    assert re.search(r"tags/0(:| │) owls$", stage.rendered(view), re.MULTILINE)


@pytest.mark.parametrize("view", VIEWS)
def test_reasoning_and_tools_have_their_own_labels(stage: Stage, view: ViewName) -> None:
    with stage.run("writer") as run:
        run.writer.append("Let me look.", output_type="reasoning", step=1)
        run.writer.append('search({"q": "owls"})', output_type="tool_call", step=1)
        run.writer.append("42 owls", output_type="tool_result", step=1)
        run.write("There are 42.")
    text = stage.rendered(view)
    for label, said in {
        "reasoning": "Let me look.",
        "tool call": 'search({"q": "owls"})',
        "tool result": "42 owls",
        "body": "There are 42.",
    }.items():
        assert re.search(rf"{label}(:| │) {re.escape(said)}$", text, re.MULTILINE)


@pytest.mark.parametrize("view", VIEWS)
def test_a_value_that_differs_from_its_text_is_shown_as_published(stage: Stage, view: ViewName) -> None:
    with stage.run("writer") as run:
        run.write("kept")
        run.writer.append(" but trimmed later", field="body")
    assert "body (as published)" in stage.rendered(view)


def test_a_value_that_was_not_streamed_is_shown_at_the_end(stage: Stage) -> None:
    with stage.run("silent") as run:
        run._body = "said at once"
    assert "body: said at once\n" in stage.rendered("focus")


def test_lines_name_the_agent_and_the_field_of_each_line(stage: Stage) -> None:
    stage.streams.parallel_view = True
    with stage.run("ann") as ann, stage.run("robert") as robert:
        ann.write("one\ntw")
        robert.write("uno")
        ann.write("o")
    lines = [line for line in stage.rendered("lines").splitlines() if "body" in line]
    assert sorted(lines) == ["ann        │ body │ one", "ann        │ body │ two", "robert     │ body │ uno"]


def test_two_runs_of_one_agent_can_be_told_apart(stage: Stage) -> None:
    stage.streams.parallel_view = True
    with stage.run("ann") as first, stage.run("ann") as second:
        first.write("one")
        second.write("two")
    lines = stage.rendered("lines").splitlines()
    assert any(re.match(r"ann#2 +│ body │ two", line) for line in lines)
    assert any(re.match(r"ann +│ body │ one", line) for line in lines)


@given(
    st.lists(st.tuples(st.integers(0, 3), st.text(alphabet="ab \n", min_size=1, max_size=12)), min_size=1, max_size=40),
    st.sampled_from(VIEWS),
    st.booleans(),
)
@settings(max_examples=60, deadline=None)
def test_every_text_is_shown_whole_whatever_the_order(
    pieces: list[tuple[int, str]], view: ViewName, is_parallel: bool
) -> None:
    stage = Stage()
    stage.streams.parallel_view = is_parallel
    said: dict[int, str] = {}
    with ExitStack() as stack:
        runs = [stack.enter_context(stage.run(f"agent{number}")) for number in range(4)]
        for number, text in pieces:
            runs[number].write(text)
            said[number] = said.get(number, "") + text
    for number, text in said.items():
        assert read_back(stage.rendered(view), view, f"agent{number}") == text.removesuffix("\n")


def read_back(shown: str, view: ViewName, agent: str) -> str:
    """Give the text of an agent's one field from what a view wrote."""
    if view == "lines":
        return "\n".join(re.findall(rf"^{agent} +│ body │ (.*)$", shown, re.MULTILINE))
    found = re.search(rf"^▶ {agent} →[^\n]*\nbody: (.*?)\n?^✓", shown, re.MULTILINE | re.DOTALL)
    assert found is not None
    return found[1]


@pytest.mark.parametrize("view", VIEWS)
async def test_a_pipe_gets_whole_lines_without_escape_codes(stage: Stage, view: ViewName) -> None:
    out = WholeWrites()
    async with stage.terminal(view, out) as terminal:
        with stage.run("writer") as run:
            for piece in ("par", "tial ", HOSTILE, "\nline"):
                run.write(piece)
                await terminal.drained()
    assert len(out.writes) > 1
    assert all(text.endswith("\n") for text in out.writes)
    assert not set("\x1b\r\x07\x08\x9b\u202e") & set(out.getvalue())


@pytest.mark.parametrize("view", VIEWS)
async def test_a_terminal_gets_colours_but_nothing_the_model_slips_in(
    stage: Stage, view: ViewName, terminal: Callable[[], Pty]
) -> None:
    screen = terminal()
    async with stage.terminal(view, screen.out):
        with stage.run(f"wri\x1b[2Jter{HOSTILE}") as run:
            run.write(HOSTILE)
            run.writer.append("x", field=f"map/{HOSTILE}")
            run.writer.append(HOSTILE, output_type="tool_result")
            raise ModelError(f"end {HOSTILE}")
    text = await screen.read_until("[FLK-MODEL]")
    assert SGR.search(text)
    assert not set("\x1b\r\x07\x08\x9b\u202e") & set(SGR.sub("", text))
    assert "[bold red]markup[/]" in text
    assert r"\x1b]52;c;aGk=\x07" in text


async def test_focus_shows_text_on_a_terminal_while_it_grows(stage: Stage, terminal: Callable[[], Pty]) -> None:
    screen = terminal()
    async with stage.terminal("focus", screen.out):
        with stage.run("writer") as run:
            run.write("no newline")
            await screen.read_until("no newline")


async def test_lines_fit_the_width_of_the_terminal(stage: Stage, terminal: Callable[[int], Pty]) -> None:
    screen = terminal(40)
    async with stage.terminal("lines", screen.out):
        with stage.run("writer") as run:
            run.write("several words " * 20 + "猫" * 60 + "x" * 90)
    text = SGR.sub("", await screen.read_until("✓"))
    lines = [line for line in text.splitlines() if "body" in line]
    assert len(lines) > 10
    assert all(len(line) + line.count("猫") <= 40 for line in lines)
    together = "".join(line.partition("body │ ")[2] for line in lines)
    assert together.count("猫") == 60
    assert together.count("x") == 90


@pytest.mark.parametrize(("variable", "value"), [("NO_COLOR", "1"), ("TERM", "dumb")])
async def test_no_colours_where_none_are_wanted(
    stage: Stage, terminal: Callable[[], Pty], monkeypatch: pytest.MonkeyPatch, variable: str, value: str
) -> None:
    screen = terminal()
    monkeypatch.setenv(variable, value)
    async with stage.terminal("focus", screen.out):
        stage.tell("writer", "plain")
    assert "\x1b" not in await screen.read_until("✓")


async def test_a_stopped_terminal_delays_nobody_and_misses_nothing(stage: Stage) -> None:
    out = Gate()
    async with stage.terminal("lines", out):
        with stage.run("writer") as run:
            run.write("first\n")
            await asyncio.to_thread(out.was_tried.wait)
            for number in range(2000):
                run.write(f"line {number}\n")
            assert out.getvalue() == ""
            out.open.set()
    assert out.getvalue().count("│ line ") == 2000


@pytest.mark.parametrize("view", VIEWS)
async def test_a_terminal_that_lags_behind_the_journal_is_told_and_gets_the_whole_text(view: ViewName) -> None:
    stage = Stage(max_bytes=20_000)
    out = Gate()
    async with stage.terminal(view, out):
        with stage.run("writer") as run:
            run.write("start ")
            await asyncio.to_thread(out.was_tried.wait)
            for number in range(300):
                run.write(f"word{number} ")
            out.open.set()
    text = out.getvalue()
    assert re.search(r"… [\d,]+ events were missed here", text)
    assert text.count("start word0 word1 ") == 1
    assert text.count("word299") == 1


async def test_runs_that_ended_before_a_gap_are_not_shown_again_and_lost_ones_free_the_terminal() -> None:
    stage = Stage(max_bytes=20_000)
    out = Gate()
    out.open.set()
    async with stage.terminal("focus", out) as terminal:
        stage.tell("before", "told once")
        await terminal.drained()
        with stage.run("lost") as run:
            run.write("some")
            await terminal.drained()
            out.open.clear()
            out.was_tried.clear()
            run.write(" more\n")
            await asyncio.to_thread(out.was_tried.wait)
        for number in range(100):
            stage.tell(f"flood{number}", f"text {number} " * 20)
        out.open.set()
        await terminal.drained()
        stage.tell("after", "still here")
    text = out.getvalue()
    assert text.count("told once") == 1
    assert "body: still here" in text


async def test_a_late_terminal_shows_what_is_running() -> None:
    stage, out = Stage(), WholeWrites()
    with stage.run("writer") as run:
        run.write("before ")
        terminal = Terminal(stage.frames, stage.audience, view="focus", out=out)
        task = asyncio.create_task(terminal.run())
        await asyncio.sleep(0)
        run.write("after")
    await terminal.drained()
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
    assert "body: before after\n" in out.getvalue()


async def test_a_closed_pipe_ends_the_terminal_quietly(stage: Stage) -> None:
    read_end, write_end = os.pipe()
    os.close(read_end)
    with os.fdopen(write_end, "w") as out:
        terminal = Terminal(stage.frames, stage.audience, view="lines", out=out)
        task = asyncio.create_task(terminal.run())
        stage.tell("writer", "into the void")
        await task
        await terminal.drained()
    assert len(stage.audience) == 1


async def test_a_pipe_gets_everything_in_order_even_where_writing_would_block(stage: Stage) -> None:
    read_end, write_end = os.pipe()
    os.set_blocking(write_end, False)
    with os.fdopen(read_end, encoding="utf-8") as pipe, os.fdopen(write_end, "w", encoding="utf-8") as out:
        out.write("printed before\n")
        async with stage.terminal("lines", out):
            stage.tell("writer", "".join(f"line {number}\n" for number in range(20_000)))
            reading = asyncio.create_task(asyncio.to_thread(read_to, pipe, "✓"))
        lines = await reading
    assert lines[0] == "printed before\n"
    assert [line.partition("│ body │ ")[2] for line in lines if "body" in line] == [
        f"line {number}\n" for number in range(20_000)
    ]


def read_to(pipe: TextIO, marker: str) -> list[str]:
    """Give the lines up to the one with `marker`."""
    lines: list[str] = []
    while not lines or marker not in lines[-1]:
        lines.append(pipe.readline())
    return lines


async def test_what_no_encoding_of_the_terminal_can_hold_is_written_out(stage: Stage) -> None:
    out = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    async with stage.terminal("lines", out):
        stage.tell("writer", "naïve 🦉")
    out.seek(0)
    assert r"na\xefve \U0001f989" in out.read()


async def test_the_terminal_counts_as_a_viewer_while_it_runs() -> None:
    stage = Stage(viewers=0)
    async with stage.terminal("focus", WholeWrites()):
        await asyncio.sleep(0)
        assert stage.audience.by_kind() == {"terminal": 1}
    assert len(stage.audience) == 0


def test_a_process_ends_although_its_terminal_is_stopped() -> None:
    program = (
        "import asyncio, sys; sys.path.insert(0, '.')\n"
        "from tests.stage import Stage\n"
        "from flock.sinks.terminal import Terminal\n"
        "async def main():\n"
        "    stage = Stage()\n"
        "    task = asyncio.create_task(Terminal(stage.frames, stage.audience, view='lines').run())\n"
        "    stage.tell('writer', 'much text\\n' * 50_000)\n"
        "    while not stage.audience.by_kind()['terminal']: await asyncio.sleep(0)\n"
        "    while stage.audience.max_lag: await asyncio.sleep(0.01)\n"
        "    task.cancel()\n"
        "asyncio.run(main())\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.wait(timeout=30) == 0
        assert process.stderr is not None
        assert process.stderr.read() == ""
