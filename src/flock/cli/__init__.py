"""The `flk` command. It needs the whole of flock only when a command runs: `flk --help` and `--version` are quick."""

import sys

INTERRUPTED = 130
"""What shells expect of a command that was ended by Ctrl-C."""


def main() -> None:
    """Run `flk` with the arguments of this process. Ctrl-C ends it quietly while its modules are loaded, too."""
    try:
        from flock.cli.app import main as run

        run()
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
