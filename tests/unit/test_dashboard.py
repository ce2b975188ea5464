"""When the dashboard is built, and when its packages are installed: decided by the content of files."""

import hashlib
import shutil
import tomllib
from pathlib import Path

import pytest

from tools.dashboard import STATIC, Dashboard, DashboardError

ROOT = Path(__file__).parents[2]


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout whose dashboard was built."""
    for name in ("main.tsx", "core/state.ts", "core/state.test.ts", "package-lock.json", "node_modules/react/index.js"):
        path = tmp_path / "dashboard" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    mark_built(tmp_path)
    return tmp_path


def mark_built(checkout: Path) -> None:
    static = checkout / STATIC
    static.mkdir(parents=True, exist_ok=True)
    (static / "build.sha256").write_text(Dashboard(checkout).digest())


def mark_installed(checkout: Path, part: str) -> None:
    locked = hashlib.sha256((checkout / "dashboard/package-lock.json").read_bytes()).hexdigest()
    (checkout / "dashboard/node_modules/.installed").write_text(f"{locked} {part}\n")


def test_a_build_is_current_until_a_source_changes(checkout: Path) -> None:
    assert Dashboard(checkout).is_current
    (checkout / "dashboard/core/state.ts").write_text("changed")
    assert not Dashboard(checkout).is_current
    mark_built(checkout)
    assert Dashboard(checkout).is_current


def test_a_source_that_is_new_or_gone_or_renamed_makes_a_build_due(checkout: Path) -> None:
    state = checkout / "dashboard/core/state.ts"
    state.rename(state.with_name("other.ts"))
    assert not Dashboard(checkout).is_current
    mark_built(checkout)
    state.write_text("new")
    assert not Dashboard(checkout).is_current
    mark_built(checkout)
    state.unlink()
    assert not Dashboard(checkout).is_current


def test_tests_and_installed_packages_are_no_sources(checkout: Path) -> None:
    (checkout / "dashboard/core/state.test.ts").write_text("changed")
    (checkout / "dashboard/node_modules/react/index.js").write_text("changed")
    assert Dashboard(checkout).is_current


def test_a_build_that_was_removed_is_due(checkout: Path) -> None:
    Dashboard(checkout).drop()
    assert not (checkout / STATIC).exists()
    assert not Dashboard(checkout).is_current
    Dashboard(checkout).drop()


@pytest.mark.parametrize(
    ("there", "part", "is_due"),
    [("all", "all", False), ("all", "build", False), ("build", "build", False), ("build", "all", True)],
)
def test_packages_are_installed_only_when_some_are_missing(checkout: Path, there: str, part: str, is_due: bool) -> None:
    mark_installed(checkout, there)
    if is_due:
        with pytest.raises(DashboardError):  # npm refuses this lock
            Dashboard(checkout).install(part)
    else:
        Dashboard(checkout).install(part)
        assert (checkout / "dashboard/node_modules/react/index.js").exists()


def test_packages_are_installed_anew_when_the_lock_changed(checkout: Path) -> None:
    mark_installed(checkout, "all")
    (checkout / "dashboard/package-lock.json").write_text("changed")
    with pytest.raises(DashboardError, match="npm"):
        Dashboard(checkout).install("build")


def test_a_build_that_fails_says_why_and_leaves_nothing_half_done(checkout: Path) -> None:
    vite = checkout / "dashboard/node_modules/vite/bin/vite.js"
    vite.parent.mkdir(parents=True)
    vite.write_text("console.error('main.tsx: no such owl'); process.exit(3);")
    mark_installed(checkout, "build")
    with pytest.raises(DashboardError, match=r"main\.tsx: no such owl"):
        Dashboard(checkout).build()
    assert [path.name for path in (checkout / STATIC).parent.iterdir()] == ["static"]


def test_a_build_takes_the_place_of_the_last_one(checkout: Path) -> None:
    vite = checkout / "dashboard/node_modules/vite/bin/vite.js"
    vite.parent.mkdir(parents=True)
    vite.write_text(
        "const fs = require('fs'); const folder = process.argv[process.argv.indexOf('--outDir') + 1];"
        "fs.mkdirSync(folder); fs.writeFileSync(`${folder}/index.html`, process.version);"
    )
    mark_installed(checkout, "build")
    (checkout / STATIC / "of_before.js").write_text("")
    (checkout / "dashboard/main.tsx").write_text("changed")
    Dashboard(checkout).build()
    assert Dashboard(checkout).is_current
    assert {path.name for path in (checkout / STATIC).iterdir()} == {"index.html", "build.sha256"}
    assert (checkout / STATIC / "index.html").read_text().startswith("v24.")


def test_uv_looks_at_every_source_and_at_no_installed_package(tmp_path: Path) -> None:
    keys = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["uv"]["cache-keys"]
    shutil.copytree(ROOT / "dashboard", tmp_path / "dashboard", ignore=shutil.ignore_patterns("node_modules"))
    installed = tmp_path / "dashboard/node_modules/react/index.js"
    installed.parent.mkdir(parents=True)
    installed.write_text("")
    seen = {path for key in keys for path in tmp_path.glob(key["file"].replace("/**", "/**/*"))}
    assert set(Dashboard(tmp_path).inputs()) <= seen
    assert installed not in seen
