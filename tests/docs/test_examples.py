"""Every example runs as it stands, without a key, and ends by itself."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"
MAX_LINES = 60
SAID = {
    "01_hello.py": "On the blackboard: Post by blog_writer",
    "02_many_agents.py": "teacher    │ ✓ done",
    "03_custom_engine.py": "text: viewer a awaits path token the on nobody",
    "04_serve.py": "(completed)",
    "05_tools.py": "tool result: ",
}


def run(program: Path, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a program where nobody has a key."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("OPENAI_", "FLOCK_", "DEFAULT_"))}
    return subprocess.run(
        [sys.executable, str(program)], cwd=folder, env=kept, capture_output=True, text=True, timeout=50, check=False
    )


def test_every_example_is_known_here() -> None:
    assert {path.name for path in EXAMPLES.glob("*.py")} == SAID.keys()


@pytest.mark.parametrize("name", SAID)
def test_the_example_runs(name: str, tmp_path: Path) -> None:
    done = run(EXAMPLES / name, tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert SAID[name] in done.stdout


@pytest.mark.parametrize("name", SAID)
def test_the_example_is_short(name: str) -> None:
    assert len((EXAMPLES / name).read_text().splitlines()) <= MAX_LINES


def test_a_planted_error_is_seen(tmp_path: Path) -> None:
    (tmp_path / "broken.py").write_text(
        "import flock\nflock.Flock('demo/nobody?speed=1')._check_ready()\nraise OSError\n"
    )
    assert run(tmp_path / "broken.py", tmp_path).returncode != 0
