"""How much memory this process has, whatever the system."""

from __future__ import annotations

import os
import resource
import sys
from pathlib import Path


def memory() -> float:
    """Resident MiB where the system tells; else the highest there was."""
    statm = Path("/proc/self/statm")
    if statm.exists():
        return int(statm.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)
