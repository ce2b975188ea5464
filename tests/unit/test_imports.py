"""What importing flock loads, and who may import whom."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
HEAVY = frozenset({"dspy", "litellm", "rich", "fastapi", "sqlalchemy"})
HEAVY_FOR_THE_COMMAND = frozenset({"dspy", "litellm", "fastapi"})


def loaded_by(statement: str) -> set[str]:
    """Run `statement` in a new interpreter and give the top-level packages it leaves loaded."""
    program = f"try:\n    {statement}\nfinally:\n    import sys\n    print('\\n'.join(sys.modules), file=sys.stderr)"
    done = subprocess.run([sys.executable, "-W", "error", "-c", program], capture_output=True, text=True, check=True)
    return {name.partition(".")[0] for name in done.stderr.splitlines()}


def test_importing_flock_loads_no_heavy_library() -> None:
    assert loaded_by("import flock") & HEAVY == set()


def test_asking_the_command_for_its_version_loads_no_heavy_library() -> None:
    loaded = loaded_by("import sys; sys.argv = ['flk', '--version']; from flock.cli import main; main()")
    assert "flock" in loaded
    assert loaded & HEAVY_FOR_THE_COMMAND == set()


def test_a_planted_heavy_import_is_seen() -> None:
    assert loaded_by("import flock, rich.text") & HEAVY == {"rich"}


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of the sources with the contracts, to break them in."""
    shutil.copytree(ROOT / "src" / "flock", tmp_path / "flock")
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    program = "import sys; sys.path.insert(0, '.'); from importlinter.cli import lint_imports; sys.exit(lint_imports())"
    return subprocess.run([sys.executable, "-c", program], cwd=folder, capture_output=True, text=True, check=False)


def plant(folder: Path, module: str, statement: str) -> None:
    with (folder / "flock" / module).open("a") as file:
        file.write(f"\n{statement}\n")


def test_the_contracts_hold(copy: Path) -> None:
    done = lint(copy)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    ("module", "statement", "contract"),
    [
        ("errors.py", "import flock.journal", "flock.errors is not allowed to import flock.journal"),
        ("journal.py", "import flock.streams", "flock.journal is not allowed to import flock.streams"),
        ("stray.py", "import flock.errors", "The following modules are not listed as layers"),
        ("streams.py", "import dspy", "flock.streams -> dspy"),
        ("streams.py", "from starlette.responses import Response", "flock.streams -> starlette"),
        ("engines/base.py", "import rich.text", "flock.engines.base -> rich"),
    ],
)
def test_a_planted_import_breaks_a_contract(copy: Path, module: str, statement: str, contract: str) -> None:
    plant(copy, module, statement)
    done = lint(copy)
    assert done.returncode == 1
    assert contract in done.stdout
