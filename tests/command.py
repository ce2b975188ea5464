"""The `flk` command as a process of a test."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

import pytest


def environment() -> dict[str, str]:
    """The environment without what would change the command's ways."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("OPENAI_", "FLOCK_", "DEFAULT_"))}
    return {**kept, "PYTHONUNBUFFERED": "1"}


def flk(*arguments: str, cwd: Path, stdout: TextIO | int = subprocess.PIPE) -> subprocess.CompletedProcess[str]:
    """Run the command to its end."""
    return subprocess.run(
        [sys.executable, "-m", "flock", *arguments],
        cwd=cwd,
        env=environment(),
        stdout=stdout,
        stderr=subprocess.PIPE,
        text=True,
        timeout=50,
        check=False,
    )


@contextmanager
def started(*arguments: str, cwd: Path, by: Sequence[str] = ()) -> Iterator[subprocess.Popen[str]]:
    """Run the command beside the test, `by` another one if need be, and end it with the block."""
    command = [*by, sys.executable, "-m", "flock", *arguments]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=cwd, env=environment(), stdout=pipe, stderr=pipe, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def read_until(process: subprocess.Popen[str], pattern: str) -> re.Match[str]:
    """Give the match of `pattern` in the first line of the output that has one."""
    assert process.stdout is not None
    seen = ""
    for line in process.stdout:
        seen += line
        if found := re.search(pattern, line):
            return found
    pytest.fail(f"{pattern!r} is not in {seen!r}")
