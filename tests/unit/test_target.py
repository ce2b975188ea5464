"""Finding the flock that APP:OBJECT names."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from flock import Flock
from flock.cli.target import load
from flock.errors import ConfigurationError, FlockError, UnknownNameError

APP = """
from flock import Flock

flock = Flock()
flock.agent("ann")
number = 3


class Group:
    inner = flock


def make():
    return flock


def break_down():
    raise KeyError("gone")


def needs(argument):
    return flock
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The current folder, with an app; what is imported from it is forgotten."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    before = set(sys.modules)
    (tmp_path / "my_app.py").write_text(APP)
    yield tmp_path
    for name in set(sys.modules) - before:
        if Path(sys.modules[name].__dict__.get("__file__") or "/").is_relative_to(tmp_path):
            del sys.modules[name]


@pytest.mark.parametrize(
    "target", ["my_app:flock", "my_app.py:flock", "./my_app.py:flock", "my_app:make", "my_app:Group.inner"]
)
def test_a_flock_is_found(target: str) -> None:
    assert isinstance(load(target), Flock)


def test_a_file_in_another_folder_finds_its_neighbours(folder: Path) -> None:
    apps = folder / "apps"
    apps.mkdir()
    (apps / "neighbour.py").write_text("from flock import Flock\nflock = Flock()\n")
    (apps / "my-2nd-app.py").write_text("import my_app\nfrom neighbour import flock\n")
    assert isinstance(load("apps/my-2nd-app.py:flock"), Flock)


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ("my_ap:flock", "There is no module 'my_ap'. Did you mean 'my_app'?"),
        ("my_ap.py:flock", "There is no file 'my_ap.py'. Did you mean 'my_app.py'"),
        ("nowhere/my_app.py:flock", "There is no file 'nowhere/my_app.py'."),
        ("my_app:flok", "There is no object of 'my_app' named 'flok'. Did you mean 'flock'"),
    ],
)
def test_unknown_names_are_answered_with_close_ones(target: str, message: str) -> None:
    with pytest.raises(UnknownNameError) as caught:
        load(target)
    assert str(caught.value).startswith(message)


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ("my_app:Group", "'my_app:Group' is a class, not a Flock."),
        ("my_app:number", "'my_app:number' is of type 'int', not a Flock."),
        ("my_app:break_down", "'my_app:break_down' cannot be loaded: KeyError: 'gone' (my_app.py, line 18)"),
        ("my_app:needs", "'my_app:needs' cannot be loaded: TypeError: needs() missing 1 required"),
        ("broken.py:flock", "'broken.py' cannot be loaded: NameError: name 'Flok' is not defined (broken.py, line 3)"),
        ("broken:flock", "'broken' cannot be loaded: NameError: name 'Flok' is not defined (broken.py, line 3)"),
        ("syntax.py:flock", "'syntax.py' cannot be loaded: SyntaxError: invalid syntax"),
        ("leaves.py:flock", "'leaves.py' cannot be loaded: SystemExit: 7 (leaves.py, line 2)"),
        (
            "needy:flock",
            "'needy' cannot be loaded: ModuleNotFoundError: No module named 'not_there' (needy.py, line 1)",
        ),
        ("double.py:flock", "'double.py' cannot be loaded: There is an agent 'ann' already. (double.py, line 2)"),
    ],
)
def test_what_is_wrong_in_the_app_is_said_with_its_line(folder: Path, target: str, message: str) -> None:
    (folder / "broken.py").write_text("import my_app\n\nflock = Flok()\n")
    (folder / "syntax.py").write_text("flock = = 3\n")
    (folder / "leaves.py").write_text("import sys\nsys.exit(7)\n")
    (folder / "needy.py").write_text("import not_there\n")
    (folder / "double.py").write_text("from my_app import flock\nflock.agent('ann')\n")
    with pytest.raises(ConfigurationError) as caught:
        load(target)
    assert caught.value.message.replace(f"{folder}/", "").startswith(message)


def test_a_hint_of_flock_itself_is_kept(folder: Path) -> None:
    (folder / "double.py").write_text("from my_app import flock\nflock.agent('ann')\n")
    with pytest.raises(FlockError) as caught:
        load("double.py:flock")
    assert caught.value.hint == "Give this one another name."
