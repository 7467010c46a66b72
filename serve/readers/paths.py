"""Find the files that paths name, and read each with the reader of its format."""

from __future__ import annotations

import gzip
import io
import os
import sys
import zlib
from collections.abc import Iterable, Iterator
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


def read_paths(paths: Iterable[str], options: ReadOptions, input_format: str | None = None) -> Iterator[Document]:
    """Yield the documents of files, folders (recursively, in sorted order) and standard input (``-``).

    A file in a folder is read when its suffix is known, with or without ``.gz``; a file named by itself is read as
    plain text when its suffix is not. ``input_format`` (a key of ``FORMATS``) overrides suffixes.
    Whatever cannot be read yields a document with its error.
    """
    for path in paths:
        if path == STDIN:
            yield from _read_stdin(options, input_format)
        elif Path(path).is_dir():
            yield from _read_folder(Path(path), options, input_format)
        else:
            yield from _read_file(Path(path), options, input_format)


def _suffix_format(path: Path) -> str | None:
    name = path.name.lower().removesuffix(".gz")
    return _SUFFIXES.get(Path(name).suffix)


def _read_folder(folder: Path, options: ReadOptions, input_format: str | None) -> Iterator[Document]:
    unreadable: list[OSError] = []
    found = 0
    for at, folders, names in os.walk(folder, onerror=unreadable.append):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            path = Path(at) / name
            if not name.startswith(".") and _suffix_format(path) is not None:
                found += 1
                yield from _read_file(path, options, input_format)
    for error in unreadable:
        yield open_error(str(error.filename), error)
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
    stream = sys.stdin.buffer
    if input_format is None:
        # One object on the first line means JSON Lines; anything else is one plain text.
        first = stream.readline()
        looks_like_record = first.lstrip().startswith(b"{") and first.rstrip().endswith(b"}")
        reader = read_jsonl if looks_like_record else read_text
        yield from reader(cast(BinaryIO, _Rest(first, stream)), "<stdin>", options)
    else:
        yield from FORMATS[input_format](stream, "<stdin>", options)


class _Rest(io.RawIOBase):
    """A stream whose first line was already taken, put back together without reading ahead."""

    def __init__(self, first: bytes, stream: BinaryIO) -> None:
        self._first, self._stream = first, stream

    def readable(self) -> bool:
        return True

    def __iter__(self) -> Iterator[bytes]:
        if self._first:
            yield self._first
        yield from self._stream

    def read(self, size: int = -1) -> bytes:
        first, self._first = self._first, b""
        return first + self._stream.read()
