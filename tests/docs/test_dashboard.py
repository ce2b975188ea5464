"""What the documentation says of the dashboard: its keys, bounds and views, and why it needs the packages it needs."""

import json
import re
from itertools import product
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "dashboard.md").read_text()
DASHBOARD = ROOT / "dashboard"
VIEWS = ("Streams", "Graph", "Board", "Timeline", "Metrics")
HELP = re.compile(r'\{ keys: \[(?P<keys>[^\]]+)\], does: "(?P<does>[^"]+)" \}')
NAME = re.compile(r'(?P<key>"?[^\s"]+"?): "(?P<name>[^"]+)"')
MAX_PICTURE_BYTES = 300_000
KIB = 1024


def names_of_keys() -> dict[str, str]:
    """Give how the sheet writes keys whose names nobody would read."""
    sheet = (DASHBOARD / "views" / "shell" / "key_sheet.tsx").read_text()
    block = sheet.split("const NAMES")[1].split("};")[0]
    return {match["key"].strip('"'): match["name"] for match in NAME.finditer(block)}


def helps(path: str) -> list[tuple[str, str]]:
    """Give the keys of one file, as the sheet writes them, and what they do."""
    names = names_of_keys()
    found: list[tuple[str, str]] = []
    for match in HELP.finditer((DASHBOARD / "views" / path / "keys.ts").read_text()):
        keys = re.findall(r'"([^"]+)"', match["keys"])
        found.append((" ".join(f"`{names.get(key, key)}`" for key in keys), match["does"]))
    return found


def sheet() -> list[tuple[str, str, str]]:
    """Give the lines of the sheet: where, which keys, what they do."""
    everywhere = [("everywhere", *one) for one in helps("shell")]
    views = [view for view in VIEWS if (DASHBOARD / "views" / view.lower() / "keys.ts").is_file()]
    return everywhere + [(view, *one) for view in views for one in helps(view.lower())]


def test_the_keys_are_those_of_the_sheet() -> None:
    table = TEXT.split("### Keys")[1].split("\n## ")[0]
    rows = [tuple(cell.strip() for cell in line.strip("|").split(" | ")) for line in table.splitlines()]
    assert len(sheet()) > 20
    assert [row for row in rows if len(row) == 3][2:] == sheet()


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("| finished runs | 10,000;", "MAX_FINISHED_RUNS = 10_000;"),
        ("| their text | 32 Mi characters;", "MAX_FINISHED_CHARS = 32 * 2 ** 20;"),
        ("| publications | 10,000;", "MAX_PUBLICATIONS = 10_000;"),
        ("| gaps | 100 |", "MAX_GAPS = 100;"),
        ("| figures of the process | 15 minutes |", "METRICS_SPAN_S = 15 * 60;"),
    ],
)
def test_the_bounds_are_those_of_the_page(said: str, kept: str) -> None:
    assert said in TEXT
    assert kept in (DASHBOARD / "core" / "state.ts").read_text()


@pytest.mark.parametrize(("view", "theme"), list(product(VIEWS, ("light", "dark"))))
def test_every_view_is_explained_with_a_small_picture_in_both_themes(view: str, theme: str) -> None:
    picture = f"assets/dashboard-{view.lower()}-{theme}.png"
    assert f"\n## {view}\n" in TEXT
    assert picture in TEXT
    assert 10 * KIB < (ROOT / "docs" / picture).stat().st_size < MAX_PICTURE_BYTES


def test_a_decision_gives_the_reason_of_every_package() -> None:
    said = "".join(path.read_text() for path in (ROOT / "docs" / "decisions").glob("001[35]-*dashboard*.md"))
    package = json.loads((DASHBOARD / "package.json").read_text())
    names = [*package["dependencies"], *package["devDependencies"]]
    rows = "".join(line.split(" | ")[0] + ", " for line in said.lower().splitlines() if line.startswith("| "))
    spelled = {re.sub(r"\s\d+$", "", name).replace(" ", "") for name in re.split(r"[,|]\s+", rows)}
    assert len(names) > 20
    assert [name for name in names if name.removeprefix("@biomejs/") not in spelled] == []
