"""What is in the packages, the pinned requirements and the checkout, and what must not be there."""

import re
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from collections.abc import Iterator, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest

import flock

ROOT = Path(__file__).parents[2]
REQUIREMENTS = sorted(ROOT.glob("requirements*.txt"))
REQUIREMENT = re.compile(r"[a-z0-9][a-z0-9.-]*==[^\s;]+( ; [^\\]+?)?( \\\n    --hash=sha256:[0-9a-f]{64})+")
# In pieces, so that this file names no host and no path of a machine itself.
HOSTS = [".".join(name) for name in (("pypi", "org"), ("pythonhosted", "org"), ("npmjs", "org"), ("debian", "org"))]
HOMES = "work|root|home|Users|tmp"
FOREIGN = re.compile("|".join(re.escape(host) for host in HOSTS) + rf"|(?<![\w.}}*-])/(?:{HOMES})/\w+")


@pytest.fixture(scope="module")
def project() -> Mapping[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text())


def build(target: str, folder: Path) -> Path:
    command = [sys.executable, "-m", "hatchling", "build", "--target", target, "--directory", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True, stdin=subprocess.DEVNULL)
    (package,) = folder.iterdir()
    return package


@pytest.fixture(scope="module")
def sdist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The source package: every file of the checkout that git does not ignore."""
    return build("sdist", tmp_path_factory.mktemp("sdist"))


def texts(sdist: Path) -> Iterator[tuple[str, str]]:
    with tarfile.open(sdist) as archive:
        for member in archive:
            file = archive.extractfile(member)
            if file is not None:
                yield member.name.partition("/")[2], file.read().decode(errors="replace")


def loose_lines(requirements: str) -> list[str]:
    """Give the lines that are not part of a pinned requirement with its hashes."""
    return REQUIREMENT.sub("", requirements).split()


def names(requirements: str) -> dict[str, str]:
    return dict(re.findall(r"^([^\s=]+)==(\S+)", requirements, re.MULTILINE))


@pytest.mark.parametrize("path", REQUIREMENTS, ids=lambda path: path.name)
def test_every_requirement_is_pinned_and_hashed_and_names_no_address(path: Path) -> None:
    requirements = path.read_text()
    assert names(requirements)
    assert loose_lines(requirements) == []


@pytest.mark.parametrize(
    "planted",
    [
        "click==8.5.1",
        "click>=8 \\\n    --hash=sha256:" + "0" * 64,
        "--index-url https://packages.example/simple",
        "click @ https://packages.example/click.whl \\\n    --hash=sha256:" + "0" * 64,
        "# from a comment",
    ],
)
def test_a_planted_loose_requirement_is_seen(planted: str) -> None:
    assert loose_lines(f"{REQUIREMENTS[0].read_text()}{planted}\n")


def test_development_and_run_time_share_their_pins() -> None:
    runtime = names((ROOT / "requirements.txt").read_text())
    assert runtime.items() <= names((ROOT / "requirements-dev.txt").read_text()).items()


def test_every_dependency_is_pinned(project: Mapping[str, Any]) -> None:
    declared = {
        "requirements.txt": project["project"]["dependencies"],
        "requirements-bench.txt": project["dependency-groups"]["bench"],
        "requirements-dev.txt": project["dependency-groups"]["dev"],
        "requirements-docs.txt": project["dependency-groups"]["docs"],
        "requirements-mutation.txt": project["dependency-groups"]["mutation"],
        "requirements-tools.txt": project["dependency-groups"]["tools"] + project["build-system"]["requires"],
    }
    assert set(declared) == {path.name for path in REQUIREMENTS}
    for file, dependencies in declared.items():
        wanted = {re.match(r"[\w.-]+", dependency).group() for dependency in dependencies}  # type: ignore[union-attr]  # each begins with a name
        assert wanted <= names((ROOT / file).read_text()).keys(), file


def test_the_version_is_the_one_that_is_installed() -> None:
    assert version("flock-streams") == flock.__version__


def test_the_wheel_holds_the_typed_package_and_nothing_else(tmp_path: Path) -> None:
    with zipfile.ZipFile(build("wheel", tmp_path)) as wheel:
        files = set(wheel.namelist())
        (entry_points,) = (name for name in files if name.endswith("entry_points.txt"))
        assert "flk = flock.cli:main" in wheel.read(entry_points).decode()
    assert {"flock/__init__.py", "flock/py.typed"} <= files
    assert any(name.endswith("licenses/LICENSE") for name in files)
    assert {name.partition("/")[0] for name in files} == {"flock", entry_points.partition("/")[0]}


def test_the_checkout_names_no_package_host_and_no_path_of_a_machine(sdist: Path) -> None:
    found = [f"{name}: {match.group()}" for name, text in texts(sdist) for match in FOREIGN.finditer(text)]
    assert found == []


def test_the_search_for_hosts_and_paths_covers_the_hidden_files_too(sdist: Path) -> None:
    assert {".ci/run", ".gitignore", "Makefile", "tests/unit/test_packaging.py"} <= {name for name, _ in texts(sdist)}


@pytest.mark.parametrize("planted", [f"https://files.{HOSTS[1]}/x", f"see /{'ho' + 'me'}/me/x", f"'/{'tm' + 'p'}/x'"])
def test_a_planted_host_or_path_is_seen(planted: str) -> None:
    assert FOREIGN.search(planted)


@pytest.mark.parametrize("harmless", ["/api/v1/work/x", "https://example.org/home/x", "a/tmp/b", "./work/x"])
def test_an_address_that_only_looks_like_a_path_is_let_through(harmless: str) -> None:
    assert not FOREIGN.search(harmless)


def test_the_architecture_lists_the_layers_that_are_checked() -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    layers = next(contract["layers"] for contract in contracts if contract["id"] == "layers")
    assert "\n".join(["```", *layers, "```"]) in (ROOT / "ARCHITECTURE.md").read_text()
