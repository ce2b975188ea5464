"""The memory of a process of the benchmark, without what is free in it."""

import ctypes
import gc
import sys
from contextlib import suppress

from flock.process import memory_bytes


def held_bytes() -> int:
    """Give the resident memory after collecting garbage, and giving back what the C library keeps of freed memory."""
    gc.collect()
    if sys.platform == "linux":
        with suppress(AttributeError):  # only GNU's C library has it
            ctypes.CDLL(None).malloc_trim(0)
    return memory_bytes()
