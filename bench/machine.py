"""The machine a run was measured on, without anything that names it."""

from __future__ import annotations

import os
import platform
import time
from pathlib import Path


def describe_machine() -> dict[str, str | int | float]:
    """Cores this process may use, memory in GB, Python and kernel versions."""
    memory_bytes = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {
        "cores": len(os.sched_getaffinity(0)),
        "memory_gb": round(memory_bytes / 1024**3, 1),
        "python": platform.python_version(),
        "kernel": platform.release(),
    }


def busy_share(sample_s: float = 0.5) -> float:
    """How much of all cores' time (0-1) was not idle during `sample_s`, asked for while nothing of ours is at work.

    What others do on the machine bends every figure; above a tenth a run is not worth reporting.
    """
    total, idle = _ticks()
    time.sleep(sample_s)
    total_after, idle_after = _ticks()
    return round(1 - (idle_after - idle) / max(1, total_after - total), 3)


def _ticks() -> tuple[int, int]:
    """All ticks since boot, and those idle or waiting for disks (fields four and five; see proc(5))."""
    fields = [int(field) for field in Path("/proc/stat").read_text().splitlines()[0].split()[1:]]
    return sum(fields[:8]), fields[3] + fields[4]
