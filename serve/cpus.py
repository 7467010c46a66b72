"""How many CPUs this process may use."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from pathlib import Path

__all__ = ["available_cpus"]


def available_cpus(own_groups: Path = Path("/proc/self/cgroup"), mounted: Path = Path("/sys/fs/cgroup")) -> int:
    """CPUs that this process may run on: by its affinity, and by the quota of its control groups, rounded up; at least 1.

    Args:
        own_groups: Lists the control groups of the process, in the form of ``/proc/self/cgroup``.
        mounted: Where the control groups are mounted, of either version.
    """
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min([allowed, *(math.ceil(quota) for quota in _quotas(own_groups, mounted))]))


def _quotas(own_groups: Path, mounted: Path) -> Iterator[float]:
    """Every limit on CPU time that holds for this process, in CPUs."""
    try:
        lines = own_groups.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return
    for line in lines:
        number, _, rest = line.partition(":")
        controllers, _, path = rest.partition(":")
        if number == "0" and not controllers:
            base, read = mounted, _quota_v2
        elif "cpu" in controllers.split(","):
            base, read = mounted / controllers, _quota_v1
            if not base.exists():
                base = mounted / "cpu"
        else:
            continue
        # A group is bound by the groups above it too. In a container the path may be that of the host: what is not there
        # is passed over, down to the root that is mounted.
        group = Path(path.lstrip("/"))
        for at in (group, *group.parents):
            quota = read(base / at)
            if quota is not None and quota > 0:
                yield quota


def _quota_v2(group: Path) -> float | None:
    """``cpu.max`` holds microseconds of CPU time in each period, or ``max``, and the period."""
    try:
        quota, period = (group / "cpu.max").read_text(encoding="ascii").split()
        return None if quota == "max" else int(quota) / int(period)
    except (OSError, ValueError, ZeroDivisionError):
        return None


def _quota_v1(group: Path) -> float | None:
    try:
        quota = int((group / "cpu.cfs_quota_us").read_text(encoding="ascii"))
        period = int((group / "cpu.cfs_period_us").read_text(encoding="ascii"))
        return quota / period
    except (OSError, ValueError, ZeroDivisionError):
        return None
