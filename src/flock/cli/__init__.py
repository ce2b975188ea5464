"""The `flk` command. It needs the whole of flock only when a command runs: `flk --help` and `--version` are quick."""

import sys

from flock.cli.descriptors import leave_stdout, reopen_closed
from flock.version import VERSION

INTERRUPTED = 130
"""What shells expect of a command that was ended by Ctrl-C."""


def main() -> None:
    """Run `flk` with the arguments of this process. Ctrl-C ends it quietly while its modules are loaded, too."""
    try:
        reopen_closed()
        if sys.argv[1:] == ["--version"]:
            print_version()
        else:
            from flock.cli.app import main as run

            run()
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    except OSError as exc:  # commands tell their errors themselves: this is the output of `--help` and its like
        leave_stdout()
        if not isinstance(exc, BrokenPipeError):
            sys.exit(f"flk: {exc.filename or '<stdout>'!r}: {exc.strerror}")


def print_version() -> None:
    """Print the version, which needs no module to be loaded where nothing else was asked for."""
    print(f"flk {VERSION}", flush=True)
