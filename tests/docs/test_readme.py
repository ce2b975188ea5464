"""The Python of the README and of the documentation runs as it stands, and the commands have the options named."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
README = ROOT / "README.md"
PAGES = [README, *sorted((ROOT / "docs").glob("*.md"))]


def blocks(language: str, page: Path = README) -> list[str]:
    """Give a page's fenced blocks of one language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", page.read_text(), re.MULTILINE | re.DOTALL)


def commands() -> list[str]:
    """Give the lines that call `flk`."""
    return [line for block in blocks("text") for line in block.splitlines() if line.startswith("flk ")]


def test_the_readme_has_python_and_commands() -> None:
    assert blocks("python")
    assert commands()


SNIPPETS = {f"{page.stem}-{number}": code for page in PAGES for number, code in enumerate(blocks("python", page))}


@pytest.mark.parametrize("name", SNIPPETS)
def test_the_snippet_runs(name: str, tmp_path: Path) -> None:
    (tmp_path / "snippet.py").write_text(SNIPPETS[name])
    done = subprocess.run(
        [sys.executable, "snippet.py"], cwd=tmp_path, capture_output=True, text=True, timeout=50, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("command", commands())
def test_the_command_has_the_options(command: str, tmp_path: Path) -> None:
    name = command.split()[1]
    done = subprocess.run(
        [sys.executable, "-m", "flock", name, "--help"], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    for option in re.findall(r"--[a-z-]+", command):
        assert option in done.stdout
