"""`python -m flock` is the `flk` command."""

from flock.cli import main

main()
