"""Find the files that paths name, and read each with the reader of its format."""

from __future__ import annotations

import gzip
import io
import json
import os
import stat
import zlib
from collections.abc import Collection, Iterable, Iterator
from itertools import chain
from pathlib import Path
from typing import BinaryIO, cast

from aikind.records import Document
from aikind.serve.readers.base import Reader, ReadOptions, failed, open_error
from aikind.serve.readers.csv_rows import read_csv
from aikind.serve.readers.jsonl import read_jsonl
from aikind.serve.readers.text import read_markdown, read_text

__all__ = ["FORMATS", "STDIN", "read_paths"]

STDIN = "-"
FORMATS: dict[str, Reader] = {"text": read_text, "markdown": read_markdown, "jsonl": read_jsonl, "csv": read_csv}
_SUFFIXES = {".txt": "text", ".md": "markdown", ".markdown": "markdown", ".jsonl": "jsonl", ".ndjson": "jsonl", ".csv": "csv"}


def read_paths(
    paths: Iterable[str], options: ReadOptions, input_format: str | None = None, skip: Collection[tuple[int, int]] = ()
) -> Iterator[Document]:
    """Yield the documents of files, folders (recursively, in sorted order) and standard input (``-``).

    A file in a folder is read when its suffix is known, with or without ``.gz``; names that begin with a dot are passed
    over, links are followed. A file named by itself is read as plain text when its suffix is not known. Whatever cannot
    be read yields a document with its error.

    Args:
        input_format: A key of ``FORMATS``, to override suffixes.
        skip: Device and inode numbers of files that folders hold but must not yield, such as the output.
    """
    for path in paths:
        if path == STDIN:
            yield from _read_stdin(options, input_format)
        elif os.path.isdir(path):  # noqa: PTH112  (unlike Path.is_dir it never raises)
            yield from _read_folder(Path(path), options, input_format, skip)
        elif path.lower().endswith(".json") and input_format is None:
            yield failed(path, "JSON as one value is not read; give JSON Lines (.jsonl), or say --input-format jsonl or text")
        else:
            yield from _read_file(Path(path), options, input_format)


def _suffix_format(path: Path) -> str | None:
    name = path.name.lower().removesuffix(".gz")
    return _SUFFIXES.get(Path(name).suffix)


def _read_folder(folder: Path, options: ReadOptions, input_format: str | None, skip: Collection[tuple[int, int]]) -> Iterator[Document]:
    unreadable: list[OSError] = []
    visited: set[tuple[int, int]] = set()
    found = 0
    for at, folders, names in os.walk(folder, onerror=unreadable.append, followlinks=True):
        here = os.stat(at)  # noqa: PTH116
        if (here.st_dev, here.st_ino) in visited:  # a link that leads back up
            folders.clear()
            continue
        visited.add((here.st_dev, here.st_ino))
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            path = Path(at) / name
            if name.startswith(".") or _suffix_format(path) is None:
                continue
            found += 1
            try:
                status = path.stat()
            except OSError as error:
                yield open_error(str(path), error)
                continue
            if (status.st_dev, status.st_ino) in skip:
                continue
            if stat.S_ISREG(status.st_mode):
                yield from _read_file(path, options, input_format)
            else:
                yield failed(str(path), "not a regular file")
    for problem in unreadable:
        yield open_error(str(problem.filename), problem)
    if not found and not unreadable:
        yield failed(str(folder), f"no file to read; known suffixes are {', '.join(_SUFFIXES)}, each also with .gz")


def _read_file(path: Path, options: ReadOptions, input_format: str | None) -> Iterator[Document]:
    reader = FORMATS[input_format or _suffix_format(path) or "text"]
    try:
        if path.name.lower().endswith(".gz"):
            with gzip.open(path, "rb") as file:
                yield from reader(cast(BinaryIO, file), str(path), options)
        else:
            with path.open("rb") as file:
                yield from reader(file, str(path), options)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        yield failed(str(path), f"the gzip data are damaged: {error}")
    except OSError as error:
        yield open_error(str(path), error)


def _read_stdin(options: ReadOptions, input_format: str | None) -> Iterator[Document]:
    # A stream of its own: at exit, Python would wait for sys.stdin's lock, which a blocked reader holds.
    stream = open(0, "rb", closefd=False)  # noqa: SIM115
    if input_format is not None:
        yield from FORMATS[input_format](stream, "<stdin>", options)
        return
    head = b""
    while not head.strip() and (line := stream.readline()):
        head += line
    # One object on the first line means JSON Lines; anything else is one plain text.
    try:
        is_record = isinstance(json.loads(head.decode("utf-8-sig")), dict)
    except (ValueError, RecursionError):
        is_record = False
    if is_record:
        yield from read_jsonl(cast(BinaryIO, chain(head.splitlines(keepends=True), stream)), "<stdin>", options)
    else:
        yield from read_text(io.BytesIO(head + stream.read()), "<stdin>", options)
