"""Where results go: a file that appears when it is complete, a pipe, or a terminal."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

import click

from aikind.serve.readers.paths import STDIN

__all__ = ["check_output", "finished_file", "identity_of", "prepare_standard_streams"]


def prepare_standard_streams() -> None:
    """Make standard output and error take any text: ids and messages may hold what the terminal's encoding lacks.

    Raises:
        click.UsageError: Standard output is closed.
    """
    if sys.stdout is None or sys.stderr is None:
        raise click.UsageError("Standard output and standard error must be open.")
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")


def check_output(output: Path | None, paths: tuple[str, ...], format_given: bool) -> None:
    """Refuse an output that would destroy an input, or whose suffix promises another format.

    Raises:
        click.UsageError: See above.
    """
    if output is None:
        return
    if output.suffix.lower() == ".gz" or (output.suffix.lower() not in {".jsonl", ".csv"} and output.is_dir()):
        raise click.UsageError(f"Cannot write {output}: give a file that ends in .jsonl or .csv.")
    if not format_given and output.suffix.lower() not in {".jsonl", ".csv"} and _regular(output):
        raise click.UsageError(f"{output}: the suffix tells no format; end in .jsonl or .csv, or say --format.")
    if any(path != STDIN and identity_of(path) == identity_of(output) is not None for path in paths):
        raise click.UsageError(f"{output} is also an input; give another file for the results.")


def identity_of(path: str | Path) -> tuple[int, int] | None:
    """Device and inode of a file, or None where there is none."""
    try:
        status = os.stat(path)  # noqa: PTH116
    except OSError:
        return None
    return status.st_dev, status.st_ino


@contextmanager
def finished_file(path: Path) -> Iterator[TextIO]:
    """Open a file that takes its name only when everything was written; a pipe or device is written to directly.

    Raises:
        click.UsageError: It cannot be opened.
    """
    target = path.resolve()
    draft = target.with_name(target.name + ".part") if _regular(target) else target
    try:
        file = draft.open("w", encoding="utf-8", errors="backslashreplace", newline="")
    except OSError as error:
        raise click.UsageError(f"Cannot write {path}: {error.strerror}.") from error
    with file:
        yield file
    if draft != target:
        draft.replace(target)


def _regular(path: Path) -> bool:
    """Whether a path is a regular file, or will be one."""
    return not path.exists() or stat.S_ISREG(path.stat().st_mode)
