"""Ten minutes of work and viewers that come and go: memory stays where it is. `make soak` does it for an hour."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.long
@pytest.mark.timeout(900)
def test_the_memory_of_a_watched_flock_does_not_grow() -> None:
    command = [sys.executable, "-m", "benchmarks.soak", "--minutes", "10"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    print(done.stdout)
    assert done.returncode == 0, done.stderr
