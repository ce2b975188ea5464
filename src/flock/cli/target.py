"""Find the flock that `APP:OBJECT` names."""

import importlib
import importlib.util
import sys
import traceback
from pathlib import Path
from types import ModuleType

from flock.errors import ConfigurationError, FlockError, UnknownNameError
from flock.orchestrator import Flock

HINT = "Name the Flock itself, or a function without arguments that gives one."


def load(target: str) -> Flock:
    """Give the flock: OBJECT itself, or what it gives when it is called without arguments.

    APP is a module or a file; the current folder is importable. Raises `ConfigurationError`, or `UnknownNameError`
    with a "did you mean".
    """
    app, _, path = target.rpartition(":")
    _make_importable(Path.cwd())
    module = _load_file(Path(app)) if _is_file(app) else _load_module(app)
    return _flock(_find(module, app, path), target)


def _is_file(app: str) -> bool:
    return app.endswith(".py") or "/" in app or "\\" in app


def _load_file(file: Path) -> ModuleType:
    if not file.is_file():
        near = [str(path) for path in file.parent.glob("*.py")] if file.parent.is_dir() else []
        raise UnknownNameError.of("file", str(file), near)
    name = file.stem
    if name in sys.modules or name in sys.stdlib_module_names or not name.isidentifier():
        name = f"flk_app_{abs(hash(file.resolve()))}"
    spec = importlib.util.spec_from_file_location(name, file)
    if spec is None or spec.loader is None:
        raise ConfigurationError(f"{str(file)!r} is no Python file.", hint="Name a module, or a file that ends in .py.")
    _make_importable(file.resolve().parent)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as exc:
        raise _broken(str(file), exc) from exc
    return module


def _load_module(name: str) -> ModuleType:
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as exc:
        if exc.name is None or not f"{name}.".startswith(f"{exc.name}."):
            raise _broken(name, exc) from exc
        near = [path.stem for path in Path.cwd().glob("*.py")]
        raise UnknownNameError.of("module", name, near) from exc
    except (Exception, SystemExit) as exc:
        raise _broken(name, exc) from exc


def _find(module: ModuleType, app: str, path: str) -> object:
    found: object = module
    for part in path.split("."):
        try:
            found = getattr(found, part)
        except AttributeError:
            public = [name for name in dir(found) if not name.startswith("_")]
            raise UnknownNameError.of(f"object of {app!r} named", part, public) from None
    return found


def _flock(found: object, target: str) -> Flock:
    if isinstance(found, type) and not issubclass(found, Flock):
        raise ConfigurationError(f"{target!r} is a class, not a Flock.", hint=HINT)
    if not isinstance(found, Flock) and callable(found):
        try:
            found = found()
        except (Exception, SystemExit) as exc:
            raise _broken(target, exc) from exc
    if not isinstance(found, Flock):
        raise ConfigurationError(f"{target!r} is of type {type(found).__name__!r}, not a Flock.", hint=HINT)
    return found


def _broken(app: str, error: BaseException) -> ConfigurationError:
    """Say what went wrong in the user's own code, and where."""
    place = _place(error)
    what = error.message if isinstance(error, FlockError) else f"{type(error).__name__}: {error}"
    hint = error.hint if isinstance(error, FlockError) and error.hint else "--debug shows the traceback."
    return ConfigurationError(f"{app!r} cannot be loaded: {what} ({place})", hint=hint)


def _place(error: BaseException) -> str:
    if isinstance(error, SyntaxError) and error.filename:
        return f"{error.filename}, line {error.lineno}"
    own = Path(__file__).parent.parent
    frames = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if not frame.filename.startswith("<") and own not in Path(frame.filename).parents
    ]
    app_frames = [
        frame for frame in frames if "site-packages" not in frame.filename and "importlib" not in frame.filename
    ]
    frame = (app_frames or frames)[-1:]
    return f"{frame[0].filename}, line {frame[0].lineno}" if frame else "no line known"


def _make_importable(folder: Path) -> None:
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))
