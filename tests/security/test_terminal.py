"""What reaches a terminal: visible text, line ends, and the colours of the product, from whatever was said."""

import io
import os
import pty
import re
import subprocess
import sys
import termios
import tty
from collections.abc import Iterator, Sequence
from pathlib import Path
from random import Random

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flock.cli.reporting import failure_line
from flock.errors import ModelError
from flock.events import (
    ArtifactSlot,
    ErrorInfo,
    Event,
    Outcome,
    RunEvent,
    StreamingOutputEvent,
    StreamStarted,
    decode_event,
    encode_event,
)
from flock.sinks.rendering import Rendering, ViewName
from flock.sinks.sanitize import visible
from tests.security.hostile import TERMINAL_TRICKS
from tests.stage import Stage
from tests.unit.test_sanitize import ANY_TEXT, is_safe

ROOT = Path(__file__).parents[2]
COLOURS = re.compile(r"\x1b\[(?:0|1|2|3[1-6]|9[2-6])m")
"""The only sequences of the product: no colour, bold, dim, and the colours of states and agents."""

APP = "tests.security.hostile_app"
CUE = ("--publish", "Cue", "{}")
EXAMPLES = 60

TRICKS = st.lists(st.sampled_from(TERMINAL_TRICKS) | ANY_TEXT, max_size=4).map("".join)


class Screen(io.StringIO):
    """A terminal that keeps what is written to it."""

    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True, scope="module")
def colours() -> Iterator[None]:
    """Want colours."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("NO_COLOR", raising=False)
        patch.setenv("TERM", "xterm-256color")
        yield


def problems(written: str) -> list[str]:
    """Give the characters that are neither text nor a colour of the product."""
    return [char for char in COLOURS.sub("", written) if not is_safe(char)]


def shown(events: Sequence[Event], view: ViewName) -> str:
    """Give what a view writes to a terminal."""
    rendering = Rendering(view, Screen())
    return rendering.take(events) + rendering.end()


def renamed(events: Sequence[Event], name: str) -> list[Event]:
    """Give the events as if agent, types and model had this name: recordings may come from anywhere."""
    changed: list[Event] = []
    for event in events:
        match event:
            case StreamStarted():
                slots = [ArtifactSlot(artifact_id=slot.artifact_id, type=name) for slot in event.artifacts]
                changed.append(msgspec.structs.replace(event, agent_name=name, artifacts=slots, model=name))
            case RunEvent():
                changed.append(msgspec.structs.replace(event, agent_name=name))
            case _:
                changed.append(event)
    return changed


def told(text: str, field: str, error: str) -> list[Event]:
    """Give the events of one run that says this, starts over, and fails, and of one that completes."""
    stage = Stage()
    with stage.run("fails") as run:
        run.write(text)
        run.writer.append(text, output_type="tool_call", field=field)
        run.writer.append(text, output_type="tool_result")
        run.writer.start_attempt(error)
        run.write(text)
        raise ModelError(error)
    with stage.run("completes") as run:
        run.write(text)
    return stage.events()


@pytest.mark.default(6)
@pytest.mark.parametrize("view", ["focus", "lines"])
@settings(max_examples=EXAMPLES, deadline=None)
@given(text=TRICKS, name=TRICKS, field=TRICKS, error=TRICKS)
def test_nothing_that_is_said_or_named_steers_the_terminal(
    view: ViewName, text: str, name: str, field: str, error: str
) -> None:
    events = told(text, field.replace("/", "") or "body", error)
    written = shown(renamed(events, name), view)
    assert problems(written) == []
    written.encode()


@pytest.mark.parametrize("view", ["focus", "lines"])
@settings(max_examples=EXAMPLES, deadline=None)
@given(name=TRICKS, dice=st.randoms(use_true_random=False), count=st.integers(0, 60))
def test_a_recording_that_was_cut_and_shuffled_breaks_no_view(
    view: ViewName, name: str, dice: Random, count: int
) -> None:
    events = [*told("one\ntwo", "body", "three"), *renamed(told("x", "y", "z"), name)]
    assert problems(shown(dice.choices(events, k=count), view)) == []


@settings(max_examples=EXAMPLES, deadline=None)
@given(text=TRICKS)
def test_all_of_the_text_can_be_read(text: str) -> None:
    stage = Stage()
    with stage.run("writer") as run:
        run.write(text)
    said = "".join(event.content for event in stage.events() if isinstance(event, StreamingOutputEvent))
    assert visible(said.replace("\r\n", "\n")) in COLOURS.sub("", shown(stage.events(), "focus"))


@settings(max_examples=EXAMPLES, deadline=None)
@given(name=TRICKS, message=TRICKS)
def test_the_line_of_a_failure_is_one_line_of_text(name: str, message: str) -> None:
    line = failure_line(name, Outcome(status="failed", error=ErrorInfo(code="FLK-X", message=message)))
    assert problems(line) == []
    assert "\n" not in line


@pytest.mark.parametrize("view", ["focus", "lines"])
def test_a_view_that_passes_text_on_as_it_is_would_be_noticed(view: ViewName, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("flock.sinks.sanitize.visible", lambda text: text)
    assert problems(shown(told("\x1b[2J", "body", "plain"), view))
    assert problems(shown(told("plain", "body", "\x1b[2J"), view))


@pytest.mark.parametrize("trick", TERMINAL_TRICKS)
def test_every_planted_trick_is_one_for_a_terminal_that_is_not_protected(trick: str) -> None:
    assert problems(trick) or "[link=" in trick
    assert problems(f"\x1b[0m{trick}\x1b[31m") == problems(trick)


def in_a_terminal(*arguments: str, **variables: str) -> str:
    """Run the command in a pseudo-terminal, and give everything that it wrote to it."""
    parent, child = pty.openpty()
    tty.setraw(child, termios.TCSANOW)
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "TERM": "xterm-256color", "NO_COLOR": "", **variables}
    with subprocess.Popen(
        [sys.executable, "-m", "flock", *arguments], stdin=child, stdout=child, stderr=child, env=environment, cwd=ROOT
    ) as process:
        os.close(child)
        written = b"".join(iter(lambda: _read(parent), b""))
        process.wait(timeout=50)
    os.close(parent)
    return written.decode()


def _read(fd: int) -> bytes:
    try:
        return os.read(fd, 2**16)
    except OSError:  # what Linux gives when the last writer has left
        return b""


@pytest.mark.default(6)
@pytest.mark.parametrize(
    "options", [["--view", "focus"], ["--view", "lines", "--debug"]], ids=["focus", "lines, debug"]
)
def test_a_hostile_app_writes_nothing_but_text_and_colours(options: list[str], tmp_path: Path) -> None:
    file = tmp_path / "run.ndjson"
    written = in_a_terminal("run", f"{APP}:flock", *CUE, *options, "--record", str(file))
    assert problems(written) == []
    assert COLOURS.search(written)
    assert written.count(r"\x1b]52;c;aGFja2Vk\x07") > 3
    for number, line in enumerate(file.read_bytes().splitlines()):
        name = TERMINAL_TRICKS[number % len(TERMINAL_TRICKS)].encode("utf-8", "replace").decode()
        [event] = renamed([decode_event(line)], name)
        with (tmp_path / "tampered.ndjson").open("ab") as out:
            out.write(encode_event(event) + b"\n")
    written = in_a_terminal("replay", str(tmp_path / "tampered.ndjson"), "--speed", "0", *options[:2])
    assert problems(written) == []
    assert COLOURS.search(written)


@pytest.mark.default(6)
def test_an_app_that_fails_with_a_hostile_message_writes_nothing_but_text() -> None:
    written = in_a_terminal("run", f"{APP}:broken", *CUE, "--debug")
    assert r"\x1b]52;c;aGFja2Vk\x07" in written
    assert "Traceback" in written
    assert problems(written) == []


AUDIT = """
import os, sys

def note(event, arguments):
    if event in ("socket.connect", "socket.getaddrinfo", "socket.sendto", "urllib.Request"):
        os.write(FILE, f"{event} {arguments[-1] if event == 'socket.connect' else arguments[0]}\\n".encode())

FILE = os.open(os.environ["AUDIT_FILE"], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
sys.addaudithook(note)
"""
"""What Python loads at its start where it finds it: writes down whoever a program turns to."""


def audited(folder: Path) -> dict[str, str]:
    """Give the environment of a process whose connections are written to `asked` in this folder."""
    (folder / "sitecustomize.py").write_text(AUDIT)
    return {"PYTHONPATH": f"{folder}{os.pathsep}{ROOT}", "AUDIT_FILE": str(folder / "asked")}


@pytest.mark.default(5, 6)
def test_the_demo_writes_text_and_colours_labels_its_output_and_asks_nobody(tmp_path: Path) -> None:
    written = in_a_terminal("demo", "--terminal", "--exit-after", "1", **audited(tmp_path))
    assert COLOURS.search(written)
    assert problems(written) == []
    assert len(re.findall(r"▶ \w+ \(demo/\w+, simulated\)", COLOURS.sub("", written))) == 8
    assert (tmp_path / "asked").read_text() == ""


def test_a_planted_call_home_is_written_down(tmp_path: Path) -> None:
    home = "import socket; socket.socket(socket.AF_INET, socket.SOCK_DGRAM).connect(('127.0.0.2', 9))"
    subprocess.run([sys.executable, "-c", home], env={**os.environ, **audited(tmp_path)}, check=True)
    assert (tmp_path / "asked").read_text() == "socket.connect ('127.0.0.2', 9)\n"
