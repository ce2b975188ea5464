"""A served flock takes work before DSPy is imported, and ends while it is."""

import signal
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx
import pytest

from tests.command import read_until, started

SERVE = ("serve", "app.py:flock", "--port", "0", "--token", "a-token-of-the-test")

APP = """
from pydantic import BaseModel

from flock import Flock, flock_type


@flock_type
class Topic(BaseModel):
    name: str


@flock_type
class Line(BaseModel):
    text: str


flock = Flock("demo/poet?words=5")
flock.agent("poet").consumes(Topic).publishes(Line)
"""

HELD_BACK = """
import importlib, socket, sys
from pathlib import Path

with socket.create_connection(("127.0.0.1", {port})) as gate:
    gate.recv(1)
sys.path[:] = [folder for folder in sys.path if not (Path(folder) / "dspy.py").exists()]
del sys.modules["dspy"]
importlib.import_module("dspy")
"""

ENDLESS = """
import importlib, sys

print("DSPy is being imported", flush=True)
while True:
    importlib.import_module("empty")
    del sys.modules["empty"]
"""


class Gate:
    """Holds back the import of DSPy in a process that begins in `folder`."""

    def __init__(self, listener: socket.socket, folder: Path) -> None:
        self._listener = listener
        (folder / "dspy.py").write_text(HELD_BACK.format(port=listener.getsockname()[1]))

    @contextmanager
    def importing(self) -> Iterator[None]:
        """Wait for the import to begin, and let it go on when the block ends."""
        process, _ = self._listener.accept()
        with process:
            yield


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with the app above."""
    (tmp_path / "app.py").write_text(APP)
    return tmp_path


@pytest.fixture
def gate(folder: Path) -> Iterator[Gate]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(50)
        yield Gate(listener, folder)


def test_work_is_taken_before_dspy_is_imported_and_done_when_it_is(gate: Gate, folder: Path) -> None:
    request = {"inputs": [{"type": "Topic", "payload": {"name": "owls"}}], "stream": True}
    with started(*SERVE, cwd=folder) as process:
        url = read_until(process, r"on (http://127\.0\.0\.1:\d+)")[1]
        headers = {"Authorization": f"Bearer {SERVE[-1]}"}
        with httpx.Client(base_url=url, headers=headers, timeout=50, trust_env=False) as http, ExitStack() as ending:
            with gate.importing():
                assert http.get("/ready").json() == {"status": "ready"}
                answer = ending.enter_context(http.stream("POST", "/api/v1/agents/poet/run", json=request))
                lines = answer.iter_lines()
                assert any("stream_started" in line for line in lines)
                assert http.get("/api/v1/runs").json()["items"][0]["state"] == "queued"
            assert any('"status":"completed"' in line for line in lines)


@pytest.mark.parametrize(
    ("command", "code"), [(SERVE, 0), (("demo", "--port", "0"), 0), (("demo", "--terminal"), 130)], ids=str
)
def test_ctrl_c_while_dspy_is_imported_does_not_wait_for_its_end(
    folder: Path, command: tuple[str, ...], code: int
) -> None:
    (folder / "dspy.py").write_text(ENDLESS)
    (folder / "empty.py").touch()
    with started(*command, cwd=folder) as process:
        read_until(process, "DSPy is being imported")
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=20)
    assert (process.returncode, errors) == (code, "")
