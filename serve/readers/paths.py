"""From what the user names (files, folders, globs, addresses, standard input) to the documents in it."""

from __future__ import annotations

import io
import json
import os
from collections.abc import Collection, Iterable, Iterator
from typing import Any, BinaryIO, cast

from aikind.records import Document
from aikind.serve.readers.base import ReadOptions, failed, open_error
from aikind.serve.readers.dates import day_of
from aikind.serve.readers.folders import files_in_folder, files_in_glob, is_glob
from aikind.serve.readers.formats import FORMATS, SUFFIXES, read_stream
from aikind.serve.readers.remote import is_address, read_address

__all__ = ["FORMATS", "STDIN", "listed_paths", "read_paths"]

STDIN = "-"


def read_paths(
    paths: Iterable[str], options: ReadOptions, input_format: str | None = None, skip: Collection[tuple[int, int]] = ()
) -> Iterator[Document]:
    """Yield the documents of files, folders (recursively, in sorted order), globs, addresses and standard input (``-``).

    A file in a folder is read when its suffix is known, also compressed; names that begin with a dot, pipes and devices
    are passed over, links are followed. A file named by itself is read as plain text when its suffix is not known. Whatever
    cannot be read yields a document with its error. The order depends on names alone, and every document's
    ``meta["where"]`` says where it stands: file, member, and line or row.

    Args:
        input_format: A key of ``FORMATS``, to override suffixes.
        skip: Device and inode numbers of files that are not read, such as the output; in folders they are passed over.
    """
    for path in paths:
        if path == STDIN:
            yield from _read_stdin(options, input_format)
        elif is_address(path):
            yield from read_address(path, options, input_format)
        elif "\0" in path:
            yield failed(path.replace("\0", "\\0")[:200], "no path holds NUL; if the list is divided by NUL, say --null")
        elif os.path.isdir(path):  # noqa: PTH112  (unlike Path.is_dir it never raises)
            yield from _read_many(path, files_in_folder(path), options, input_format, skip)
        elif is_glob(path):
            yield from _read_many(path, files_in_glob(path), options, input_format, skip)
        elif _identity(path) in skip:
            yield failed(path, "the results go there; give another file for them")
        else:
            yield from _read_file(path, options, input_format)


def _identity(path: str) -> tuple[int, int] | None:
    """Device and inode of a file, or None where there is none."""
    try:
        status = os.stat(path)  # noqa: PTH116
    except OSError:
        return None
    return status.st_dev, status.st_ino


def listed_paths(list_file: str, null: bool) -> Iterator[str]:
    """The paths in a file, or in standard input for ``-``: one a line, or divided by NUL. Blank ones are passed over.

    Raises:
        OSError: The file cannot be read.
    """
    stream = open(0, "rb", closefd=False) if list_file == STDIN else open(list_file, "rb")  # noqa: SIM115, PTH123
    with stream:
        if null:
            yield from (os.fsdecode(name) for name in stream.read().split(b"\0") if name)
        else:
            for line in stream:
                if name := line.rstrip(b"\r\n"):
                    yield os.fsdecode(name)


def _read_many(
    source: str, files: Iterable[str | OSError], options: ReadOptions, input_format: str | None, skip: Collection[tuple[int, int]]
) -> Iterator[Document]:
    found = False
    for file in files:
        found = True
        if isinstance(file, OSError):
            yield open_error(str(file.filename), file)
        elif _identity(file) not in skip:
            yield from _read_file(file, options, input_format)
    if not found:
        yield failed(
            source, f"no file to read; known suffixes are {', '.join(SUFFIXES)}, .zip and .tar, each also with .gz, .bz2, .xz or .zst"
        )


def _read_file(path: str, options: ReadOptions, input_format: str | None) -> Iterator[Document]:
    try:
        with open(path, "rb") as file:  # noqa: PTH123
            day = day_of(os.fstat(file.fileno()).st_mtime)
            yield from read_stream(file, path, options, input_format, day)
    except OSError as error:
        yield open_error(path, error)


def _read_stdin(options: ReadOptions, input_format: str | None) -> Iterator[Document]:
    # A stream of its own: at exit, Python would wait for sys.stdin's lock, which a blocked reader holds.
    stream = open(0, "rb", closefd=False)  # noqa: SIM115
    if input_format is not None:
        yield from read_stream(stream, "<stdin>", options, input_format)
        return
    head = b""
    while not head.strip() and len(head) <= options.max_bytes and (line := stream.readline(options.max_bytes + 1)):
        head += line
    # One object on the first line means JSON Lines; anything else is one plain text.
    try:
        is_record = isinstance(json.loads(head.decode("utf-8-sig")), dict)
    except (ValueError, RecursionError):
        is_record = False
    whole = cast(BinaryIO, io.BufferedReader(cast(Any, _Joined(head, stream))))
    yield from read_stream(whole, "<stdin>", options, "jsonl" if is_record else "text")


class _Joined(io.RawIOBase):
    """A stream whose beginning was already taken from it."""

    def __init__(self, head: bytes, rest: io.BufferedReader) -> None:
        self._head, self._rest = head, rest

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        chunk = self._head[: len(buffer)] if self._head else self._rest.read1(len(buffer))
        self._head = self._head[len(chunk) :]
        buffer[: len(chunk)] = chunk
        return len(chunk)
