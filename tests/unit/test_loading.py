"""Importing beside the event loop."""

import asyncio
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from flock.engines.loading import load


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder whose modules can be imported, and are forgotten behind the test."""
    monkeypatch.syspath_prepend(tmp_path)
    known = set(sys.modules)
    yield tmp_path
    for name in [name for name in set(sys.modules) - known if (tmp_path / f"{name}.py").exists()]:
        del sys.modules[name]


@pytest.fixture
def held_back(folder: Path) -> Iterator[threading.Event]:
    """Set, it lets the import of `held_back` go on, which imports `inner` then."""
    (folder / "gate.py").write_text("import threading\ngo = threading.Event()\ncount = 0\n")
    (folder / "held_back.py").write_text("import gate\ngate.count += 1\ngate.go.wait()\nimport inner\n")
    (folder / "inner.py").touch()
    import gate  # type: ignore[import-not-found]  # just written

    yield gate.go
    gate.go.set()


async def test_the_loop_goes_on_while_a_module_is_imported_once_for_all_who_wait(held_back: threading.Event) -> None:
    loads = [asyncio.create_task(load("held_back")) for _ in range(10)]
    await asyncio.sleep(0)
    held_back.set()
    modules = await asyncio.gather(*loads)
    assert modules == [sys.modules["held_back"]] * 10
    assert sys.modules["gate"].count == 1


async def test_who_no_longer_waits_does_not_end_the_import_of_the_others(held_back: threading.Event) -> None:
    impatient, patient = [asyncio.create_task(load("held_back")) for _ in range(2)]
    await asyncio.sleep(0)
    impatient.cancel()
    await asyncio.wait([impatient])
    assert impatient.cancelled()
    held_back.set()
    assert (await patient).inner is sys.modules["inner"]


async def test_a_failed_import_is_told_and_tried_again(folder: Path) -> None:
    (folder / "moody.py").write_text("raise ValueError('not today')\n")
    with pytest.raises(ValueError, match="not today"):
        await load("moody")
    (folder / "moody.py").write_text("is_good = 'all is well now'\n")
    assert (await load("moody")).is_good == "all is well now"


async def test_an_import_leaves_no_finder_behind(folder: Path) -> None:
    (folder / "light.py").touch()
    before = list(sys.meta_path)
    await load("light")
    assert sys.meta_path == before


def test_a_process_that_ends_breaks_its_imports_off(tmp_path: Path) -> None:
    (tmp_path / "light.py").touch()
    (tmp_path / "endless.py").write_text(
        "import sys\nfrom importlib import import_module\nprint('begun', flush=True)\n"
        "while True:\n    try:\n        import_module('light')\n    except Exception:\n        print('swallowed')\n"
        "    sys.modules.pop('light', None)\n"
    )
    program = (
        "import asyncio, sys\nfrom flock.engines.loading import load\n"
        "async def main():\n    loading = asyncio.create_task(load('endless'))\n"
        "    await asyncio.sleep(0)\n    sys.stdin.readline()\n    sys.exit('ended')\n"
        "asyncio.run(main())\n"
    )
    command = [sys.executable, "-c", program]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=tmp_path, stdin=pipe, stdout=pipe, stderr=pipe, text=True) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "begun\n"
            output, errors = process.communicate("\n", timeout=50)
        finally:
            process.kill()
    assert (process.returncode, output, errors) == (1, "", "ended\n")
