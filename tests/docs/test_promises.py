"""The pages that promise something name tests that exist."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "docs" / "reliability.md", ROOT / "docs" / "security.md"]
CITED = re.compile(r"`(?P<path>tests/[\w/]+\.py)(?:::(?P<name>\w+))?`")


def citations(page: Path) -> set[tuple[str, str | None]]:
    """Give the files, and the tests in them, that a page names."""
    return {(match["path"], match["name"]) for match in CITED.finditer(page.read_text())}


@cache
def names_in(path: str) -> frozenset[str]:
    """Give the names of a file's tests."""
    tree = ast.parse((ROOT / path).read_text())
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, kinds) and node.name.startswith("test_"))


def missing(cited: set[tuple[str, str | None]]) -> list[str]:
    """Give what is cited and does not exist."""
    return sorted(
        path if name is None else f"{path}::{name}"
        for path, name in cited
        if not (ROOT / path).is_file() or not (names_in(path) if name is None else name in names_in(path))
    )


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_test_a_page_names_exists(page: Path) -> None:
    assert len(citations(page)) > 10
    assert missing(citations(page)) == []


def test_a_test_that_does_not_exist_is_found() -> None:
    here = "tests/docs/test_promises.py"
    cited = {(here, "test_gone"), ("tests/gone.py", None), (here, "test_a_test_that_does_not_exist_is_found")}
    assert missing(cited) == [f"{here}::test_gone", "tests/gone.py"]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_row_of_a_promise_names_a_test(page: Path) -> None:
    rows = [line for line in page.read_text().splitlines() if re.match(r"\| \d+ \|", line)]
    assert rows
    assert [row for row in rows if not CITED.search(row)] == []
