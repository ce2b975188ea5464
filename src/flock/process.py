"""What the operating system says about this process."""

import os
import sys
from pathlib import Path

_STATM = Path("/proc/self/statm")


def memory_bytes() -> int:
    """Give the resident memory of this process: its peak where the system does not tell the present, 0 on Windows."""
    if sys.platform == "win32":
        return 0
    import resource

    try:
        return int(_STATM.read_text(encoding="ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return peak if sys.platform == "darwin" else peak * 1024
