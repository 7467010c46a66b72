"""The options of a command that say what to read, and how."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

import click

from aikind.completion import complete_paths
from aikind.serve.readers.base import ReadOptions
from aikind.serve.readers.paths import FORMATS, STDIN, listed_paths

__all__ = ["Inputs", "can_be_repeated", "inputs_of", "reading_options"]


@dataclass(frozen=True, slots=True)
class Inputs:
    """What the reading options came to.

    Attributes:
        paths: Everything to read, in order; can be gone through once only. May raise click.UsageError.
        named: What is known of it before the run, and the list of paths itself: all but the paths of a list that can be read
            once only, such as one from standard input, whose paths may still be on their way.
        options: How to read it.
        input_format: A key of ``FORMATS``, or None for each by its suffix.
    """

    paths: Iterable[str]
    named: Sequence[str]
    options: ReadOptions
    input_format: str | None


_OPTIONS: list[Callable[[Any], Any]] = [
    click.option(
        "--files-from", metavar="FILE", shell_complete=complete_paths, help="Read the paths in FILE too, one a line; - for standard input."
    ),
    click.option("--null", is_flag=True, help="Paths in --files-from are divided by NUL, as find -print0 does."),
    click.option("--text-field", default="text", show_default=True, help="Field or column with the text."),
    click.option("--title-field", help="Field, column, front matter entry or property with the title; it is put before the text."),
    click.option("--id-field", help="Field or column with the id.  [default: id, else file and line]"),
    click.option("--date-field", help="Field, column or front matter entry with the date.  [default: date, else the file's]"),
    click.option("--input-format", type=click.Choice(sorted(FORMATS)), help="Read every input as this format.  [default: by suffix]"),
    click.option(
        "--max-bytes",
        type=click.IntRange(1),
        default=ReadOptions().max_bytes,
        show_default=True,
        help="Largest document, unpacked; larger ones fail.",
    ),
]


def reading_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the reading options to a click command. Their values are for ``inputs_of``, in one keyword argument each."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def inputs_of(paths: tuple[str, ...], reading: dict[str, Any], *, keep_record: bool = False) -> Inputs:
    """Check the reading options' values and put them together; ``keep_record`` is as in ``ReadOptions``.

    Raises:
        click.UsageError: They contradict each other, or there is nothing to read.
    """
    files_from, null = reading["files_from"], reading["null"]
    if (not paths and files_from is None) or "" in paths or files_from == "":
        raise click.UsageError("Give at least one file or folder, or - for standard input; no name may be empty.")
    if paths.count(STDIN) + (files_from == STDIN) > 1:
        raise click.UsageError("Standard input (-) can be read once only.")
    if null and files_from is None:
        raise click.UsageError("--null goes with --files-from.")
    if files_from not in {None, STDIN} and not Path(files_from).exists():
        raise click.UsageError(f"--files-from {files_from}: no such file.")
    options = ReadOptions(
        reading["text_field"], reading["title_field"], reading["id_field"], reading["date_field"], reading["max_bytes"], keep_record
    )
    if files_from is None:
        return Inputs(paths, paths, options, reading["input_format"])
    if not can_be_repeated(files_from):
        return Inputs(chain(paths, _listed(files_from, null)), (*paths, files_from), options, reading["input_format"])
    every = (*paths, *_listed(files_from, null))
    if every.count(STDIN) > 1:
        raise click.UsageError("Standard input (-) can be read once only.")
    return Inputs(every, (*every, files_from), options, reading["input_format"])


def can_be_repeated(path: str) -> bool:
    """Whether an input gives the same again when it is read again: not so standard input, pipes and devices."""
    if path == STDIN:
        return False
    try:
        mode = os.stat(path).st_mode  # noqa: PTH116
    except (OSError, ValueError):  # a list of paths may hold NUL
        return True
    return stat.S_ISREG(mode) or stat.S_ISDIR(mode)


def _listed(files_from: str, null: bool) -> Iterator[str]:
    try:
        yield from listed_paths(files_from, null)
    except OSError as error:
        raise click.UsageError(f"--files-from {files_from}: {error.strerror or error}.") from error
