"""What importing flock loads, and who may import whom."""

import ast
import shutil
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

import flock

ROOT = Path(__file__).parents[2]
HEAVY = frozenset(
    {
        "aiohttp",
        "dspy",
        "fastapi",
        "httptools",
        "litellm",
        "rich",
        "sqlalchemy",
        "starlette",
        "typer",
        "uvicorn",
        "yarl",
    }
)


def loaded_by(statement: str) -> set[str]:
    """Run `statement` in a new interpreter and give the top-level packages it leaves loaded."""
    program = f"try:\n    {statement}\nfinally:\n    import sys\n    print('\\n'.join(sys.modules), file=sys.stderr)"
    done = subprocess.run([sys.executable, "-W", "error", "-c", program], capture_output=True, text=True, check=True)
    return {name.partition(".")[0] for name in done.stderr.splitlines()}


def test_importing_flock_loads_nothing_else() -> None:
    assert loaded_by("import flock") - loaded_by("pass") == {"flock"}


def test_asking_the_command_for_its_version_loads_nothing_else() -> None:
    statement = "import sys; sys.argv = ['flk', '--version']; from flock.cli import main; main()"
    assert loaded_by(statement) - loaded_by("pass") == {"flock"}


def test_every_public_name_is_there_and_loads_no_heavy_library() -> None:
    loaded = loaded_by("from flock import *; assert Flock.__module__ == 'flock.orchestrator'")
    assert "pydantic" in loaded
    assert loaded & HEAVY == set()


def test_defining_agents_loads_no_heavy_library() -> None:
    loaded = loaded_by("from flock.engines.dspy_engine import DSPyEngine; DSPyEngine(model='openai/gpt-4.1-mini')")
    assert loaded & HEAVY == set()


def test_a_planted_heavy_import_is_seen() -> None:
    assert loaded_by("import flock, rich.text") & HEAVY == {"rich"}


def test_type_checkers_are_told_the_names_and_homes_that_are_loaded() -> None:
    assert flock.__all__ == sorted(flock.__all__)
    told = {
        name.name: statement.module
        for statement in ast.walk(ast.parse((ROOT / "src" / "flock" / "__init__.py").read_text()))
        if isinstance(statement, ast.ImportFrom) and statement.module != "flock.version"
        for name in statement.names
    }
    del told["import_module"]
    assert sorted(told) == flock.__all__
    for name, home in told.items():
        assert getattr(flock, name) is getattr(import_module(str(home)), name)


def test_public_names_and_the_modules_they_live_in_are_attributes_and_others_are_not() -> None:
    assert set(flock.__all__) <= set(dir(flock))
    assert loaded_by("import flock; flock.errors.FlockError") >= {"flock"}
    with pytest.raises(AttributeError, match="module 'flock' has no attribute 'Flok'"):
        flock.Flok  # type: ignore[attr-defined]  # noqa: B018 - that is what is tested


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
