"""The `flk` command. It needs the whole of flock only when a command runs: `flk --help` and `--version` are quick."""

from flock.cli.app import main

__all__ = ["main"]
