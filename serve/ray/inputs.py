"""From what the user names to files of records, each with a stamp that changes when the file does."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator

import click
import fsspec

from aikind.errors import MissingExtraError
from aikind.serve.readers.folders import files_in_folder, files_in_glob, is_glob
from aikind.serve.readers.formats import kind_of
from aikind.serve.readers.paths import STDIN
from aikind.serve.readers.remote import files_at, is_address

__all__ = ["stamped_files"]

_RECORDS = ("jsonl", "csv", "tsv", "parquet", "arrow")


def stamped_files(paths: Iterable[str], input_format: str | None) -> dict[str, str]:
    """The files of records in files, folders, globs and at addresses, with their stamps, in order.

    Raises:
        click.UsageError: There is nothing to read, or something that is no file of records.
        MissingExtraError: An address needs a package that is not installed.
    """
    found: dict[str, str] = {}
    for path in paths:
        if path == STDIN:
            raise click.UsageError("--engine ray cannot read standard input; give files of records.")
        here = dict(_stamped(path))
        if not here:
            raise click.UsageError(f"{path}: no file to read there.")
        found |= here
    for file in found:
        kind = kind_of(file.partition("?")[0])
        if kind.archive is not None or (input_format or kind.format) not in _RECORDS:
            raise click.UsageError(
                f"{file}: --engine ray reads files of records ({', '.join(_RECORDS)}, each also compressed). "
                "Leave --engine out for other files, or name the format with --input-format."
            )
    return found


def _stamped(path: str) -> Iterator[tuple[str, str]]:
    try:
        if is_address(path):
            system, files = files_at(path)
            yield from ((name, system.ukey(file)) for name, file in files.items())
            return
        named = files_in_folder(path) if os.path.isdir(path) else files_in_glob(path) if is_glob(path) else [path]  # noqa: PTH112
        system = fsspec.filesystem("file")
        for found in named:
            if isinstance(found, OSError):
                raise found
            yield found, system.ukey(found)
    except ImportError as error:
        raise MissingExtraError(f"reading {path.split(':')[0]} addresses", "remote") from error
    except (OSError, ValueError) as error:
        reason = "no such file or folder" if isinstance(error, FileNotFoundError) else str(error)
        raise click.UsageError(f"{path}: {reason}.") from error
