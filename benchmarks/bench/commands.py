"""Run a whole command as a user would, and note its seconds and its memory."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

__all__ = ["Spent", "interleaved", "run"]


# A process begins with the memory of what started it on its record, so that a small one must start what is measured.
_WATCH = """
import resource, subprocess, sys, time
began = time.perf_counter()
code = subprocess.run(sys.argv[2:]).returncode
spent = time.perf_counter() - began
open(sys.argv[1], "w").write(f"{spent} {resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss}")
sys.exit(code)
"""


@dataclass(frozen=True, slots=True)
class Spent:
    """Attributes:
    megabytes: Peak resident memory of the process, or of the largest of its children.
    """

    seconds: float
    megabytes: float


def run(command: Sequence[str], log: Path, limit_seconds: float = 1800) -> Spent:
    """Run a command to its end.

    Raises:
        RuntimeError: It ended with another code than 0, or not in time; the message has the last line it wrote.
    """
    environment = {**os.environ, "PYTHONHASHSEED": "0", "TOKENIZERS_PARALLELISM": "true"}
    with log.open("wb") as file, tempfile.NamedTemporaryFile("r") as told:
        began = time.perf_counter()
        try:
            watched = [sys.executable, "-S", "-c", _WATCH, told.name, *command]
            code = subprocess.run(watched, stdout=file, stderr=file, env=environment, timeout=limit_seconds, check=False).returncode
        except subprocess.TimeoutExpired as error:
            raise RuntimeError(f"{Path(command[0]).name} took more than {limit_seconds:g} s") from error
        elapsed = time.perf_counter() - began
        seconds, most = (float(value) for value in told.read().split() or (elapsed, 0))
    if code:
        lines = [line for line in log.read_text(encoding="utf-8", errors="replace").splitlines() if line.strip()]
        raise RuntimeError(f"{Path(command[0]).name} ended with {code}: {lines[-1][:300] if lines else ''} ({log})")
    return Spent(seconds, most / (1024 if sys.platform != "darwin" else 1024**2))


def interleaved(first: Sequence[str], second: Sequence[str], log: Path, rounds: int) -> tuple[float, float, float]:
    """Median seconds of two commands that take turns, and the median of the ratios first / second of each turn."""
    pairs = [(run(first, log).seconds, run(second, log).seconds) for _ in range(rounds)]
    return median(a for a, _ in pairs), median(b for _, b in pairs), median(a / b for a, b in pairs)
