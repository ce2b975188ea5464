"""The three standard files of the process, which who starts it may have closed."""

import os
import sys


def reopen_closed() -> None:
    """Open the standard files that are closed on the null device.

    Otherwise the next file or socket gets the number of a standard file, and output ends up in it.
    """
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            if os.open(os.devnull, os.O_RDWR) == number:
                os.set_inheritable(number, True)
    sys.stdin = sys.stdin or os.fdopen(0, encoding="utf-8", closefd=False)
    sys.stdout = sys.stdout or os.fdopen(1, "w", encoding="utf-8", closefd=False)
    sys.stderr = sys.stderr or os.fdopen(2, "w", encoding="utf-8", closefd=False)


def leave_stdout() -> None:
    """Let nothing be flushed into a standard output that takes nothing when the interpreter ends."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
