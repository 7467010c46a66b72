"""Run a whole command as a user would, and note its seconds and its memory."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

__all__ = ["Spent", "interleaved", "run"]


@dataclass(frozen=True, slots=True)
class Spent:
    """Attributes:
    megabytes: Peak resident memory of the process; of its children, the largest one counts by itself.
    """

    seconds: float
    megabytes: float


def run(command: Sequence[str], log: Path, allowed: Sequence[int] = (0,), limit_seconds: float = 1800) -> Spent:
    """Run a command to its end.

    Raises:
        RuntimeError: It ended with another code than those allowed, or not in time; the message has the last line it wrote.
    """
    environment = {**os.environ, "PYTHONHASHSEED": "0", "TOKENIZERS_PARALLELISM": "true"}
    with log.open("wb") as file:
        began = time.perf_counter()
        process = subprocess.Popen(command, stdout=file, stderr=file, env=environment)
        while True:  # Popen.wait would throw away what the process used
            number, status, usage = os.wait4(process.pid, os.WNOHANG)
            if number:
                break
            if time.perf_counter() - began > limit_seconds:
                process.kill()
            time.sleep(0.002)
        seconds = time.perf_counter() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in allowed:
        lines = [line for line in log.read_text(encoding="utf-8", errors="replace").splitlines() if line.strip()]
        raise RuntimeError(f"{Path(command[0]).name} ended with {process.returncode}: {lines[-1][:300] if lines else ''} ({log})")
    return Spent(seconds, usage.ru_maxrss / (1024 if sys.platform != "darwin" else 1024**2))


def interleaved(first: Sequence[str], second: Sequence[str], log: Path, rounds: int) -> tuple[float, float, float]:
    """Median seconds of two commands that take turns, and the median of the ratios first / second of each turn."""
    pairs = [(run(first, log).seconds, run(second, log).seconds) for _ in range(rounds)]
    return median(a for a, _ in pairs), median(b for _, b in pairs), median(a / b for a, b in pairs)
