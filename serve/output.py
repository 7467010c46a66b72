"""Where results go: a file that appears when it is complete, a pipe, or a terminal."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TextIO

import click

from aikind.serve.readers.paths import STDIN
from aikind.serve.writers.formats import STREAMED, SUFFIXES

__all__ = [
    "DRAFT",
    "PART",
    "STATE",
    "beside",
    "check_output",
    "closed_pipe_is_told",
    "finished_file",
    "format_for",
    "identity_of",
    "identity_of_stdout",
    "is_regular",
    "prepare_standard_streams",
    "publish",
]

PART, DRAFT, STATE = ".part", ".new", ".state"  # what lies beside an output: see the modules journal and update


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


@contextmanager
def closed_pipe_is_told() -> Iterator[None]:
    """Let a closed pipe end a command as other failures to write do. Click would end it with exit code 1 by itself.

    Raises:
        OSError: A pipe that was written to is closed.
    """
    try:
        yield
    except BrokenPipeError as error:
        raise OSError(error.strerror or "the pipe is closed") from error


def check_output(output: Path | None, paths: Sequence[str], output_format: str | None) -> None:
    """Refuse an output that would destroy an input, that cannot hold the format, or whose suffix promises another one.

    Raises:
        click.UsageError: See above.
    """
    inputs = {identity for path in paths if path != STDIN and (identity := identity_of(path)) is not None and not os.path.isdir(path)}  # noqa: PTH112
    if identity_of_stdout() in inputs:
        raise click.UsageError("Standard output goes to a file that is also an input; give another file for the results.")
    suffixes = ", ".join(SUFFIXES)
    if output is None:
        if output_format is not None and output_format not in STREAMED:
            raise click.UsageError(f"--format {output_format} needs a file: give one with -o.")
        return
    suffix = output.suffix.lower()
    if os.path.isdir(output):  # noqa: PTH112  (unlike Path.is_dir it never raises)
        raise click.UsageError(f"Cannot write {output}: it is a directory; give a file that ends in one of {suffixes}.")
    if suffix == ".gz":
        raise click.UsageError(f"Cannot write {output}: give a file that ends in one of {suffixes}.")
    if output_format is None and suffix not in SUFFIXES and is_regular(output):
        raise click.UsageError(f"{output}: the suffix tells no format; end in one of {suffixes}, or say --format.")
    if (output_format or format_for(output)) not in STREAMED and not is_regular(output):
        raise click.UsageError(f"{output} is no regular file; only {', '.join(STREAMED)} can be written there.")
    for path in (output, beside(output, PART), beside(output, STATE), beside(output, DRAFT)):
        if identity_of(path) in inputs:
            raise click.UsageError(f"{path} is also an input; give another file for the results.")


def format_for(output: Path | None) -> str:
    """The format that an output gets where none is named."""
    if output is None:
        return "table" if sys.stdout.isatty() else "jsonl"
    return SUFFIXES.get(output.suffix.lower(), "jsonl")


def beside(output: Path, suffix: str) -> Path:
    """A file next to the output; where the output is a link, next to what it leads to."""
    target = Path(os.path.realpath(output))
    return target.with_name(target.name + suffix)


def publish(draft: Path, output: Path) -> None:
    """Give a finished draft its name, at once and for good.

    Raises:
        OSError: The disk could not take it.
    """
    target = beside(output, "")
    with draft.open("rb") as file:
        os.fsync(file.fileno())
    draft.replace(target)
    with suppress(OSError):  # some file systems cannot sync a folder
        folder = os.open(target.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def identity_of_stdout() -> tuple[int, int] | None:
    """Device and inode of the file that standard output goes to, or None where it is no file."""
    try:
        status = os.fstat(1)
    except OSError:
        return None
    return (status.st_dev, status.st_ino) if stat.S_ISREG(status.st_mode) else None


def identity_of(path: str | Path) -> tuple[int, int] | None:
    """Device and inode of a file, or None where there is none."""
    try:
        status = os.stat(path)  # noqa: PTH116
    except (OSError, ValueError):  # a list of paths may hold NUL
        return None
    return status.st_dev, status.st_ino


@contextmanager
def finished_file(path: Path) -> Iterator[TextIO]:
    """Open a file that takes its name only when everything was written; a pipe or device is written to directly.

    Raises:
        click.UsageError: It cannot be opened.
    """
    draft = beside(path, PART) if is_regular(path) else path
    try:
        file = draft.open("w", encoding="utf-8", errors="backslashreplace", newline="")
    except OSError as error:
        raise click.UsageError(f"Cannot write {path}: {error.strerror}.") from error
    with file:
        yield file
    if draft != path:
        publish(draft, path)


def is_regular(path: Path) -> bool:
    """Whether a path is a regular file, or will be one."""
    try:
        return stat.S_ISREG(path.stat().st_mode)
    except OSError:
        return True
