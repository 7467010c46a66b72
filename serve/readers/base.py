"""What every reader is given and what it yields."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, BinaryIO, cast

from aikind.errors import DocumentError
from aikind.records import Document, join_title
from aikind.serve.readers.dates import iso_date

__all__ = [
    "ReadOptions",
    "Reader",
    "document_from_record",
    "failed",
    "lines",
    "on_disk",
    "open_error",
    "read_whole",
    "seekable",
    "too_large",
    "whole",
]


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """What the command's reading options say.

    Attributes:
        text_field, title_field, id_field, date_field: Names of the fields (JSON), columns (CSV, Parquet, Arrow) or, for title
            and date, entries of front matter and document properties. A record that lacks the default id field is named by
            file and line; a named id field must be there. A record without the title or date field is taken without.
        max_bytes: The largest document, decompressed, in bytes: a whole file or member, or one record.
        keep_record: Whether each document keeps what it was made of besides its text in ``meta["record"]``: the fields of its record,
            or the entries of its front matter and its properties.
    """

    text_field: str = "text"
    title_field: str | None = None
    id_field: str | None = None
    date_field: str | None = None
    max_bytes: int = 64_000_000
    keep_record: bool = False


# A reader takes an open binary file, the name to use in ids and messages, and the options. It yields a document for each
# input, with ``error`` set where one could not be read. Where the file as a whole is at fault it raises DocumentError.
Reader = Callable[[BinaryIO, str, ReadOptions], Iterator[Document]]


def failed(where: str, why: str) -> Document:
    return Document(where, "", {"where": where}, error=f"{where}: {why}")


def open_error(path: str, error: OSError) -> Document:
    reasons = {"FileNotFoundError": "no such file or folder", "PermissionError": "no permission to read it"}
    return failed(path[:200], reasons.get(type(error).__name__, error.strerror or str(error)))


def too_large(options: ReadOptions) -> str:
    return f"more than {options.max_bytes:,} bytes; raise --max-bytes to read it"


def read_whole(file: BinaryIO, options: ReadOptions) -> bytes:
    """All bytes of a file.

    Raises:
        DocumentError: There are more than ``options.max_bytes``.
    """
    raw = file.read(options.max_bytes + 1)
    if len(raw) > options.max_bytes:
        raise DocumentError(too_large(options))
    return raw


def lines(file: BinaryIO, most: int) -> Iterator[bytes | None]:
    """The lines of a file with their ends; None stands for one of more than ``most`` bytes, which is never held as a whole."""
    while line := file.readline(most + 1):
        if len(line) <= most or line.endswith(b"\n"):
            yield line
            continue
        while (rest := file.readline(1 << 20)) and not rest.endswith(b"\n"):
            pass
        yield None


@contextmanager
def seekable(file: BinaryIO) -> Iterator[BinaryIO]:
    """The file, or a temporary copy on disk where it can be read forwards only."""
    if file.seekable():
        yield file
        return
    with _copied(file) as copy:
        yield copy


@contextmanager
def on_disk(file: BinaryIO) -> Iterator[BinaryIO]:
    """The file, or a temporary copy, so that it can be handed to another process."""
    try:
        file.fileno()
        as_it_is = file.seekable()
    except OSError:
        as_it_is = False
    if as_it_is:
        yield file
        return
    with _copied(file) as copy:
        yield copy


@contextmanager
def _copied(file: BinaryIO) -> Iterator[BinaryIO]:
    with tempfile.TemporaryFile() as copy:
        shutil.copyfileobj(file, copy)
        copy.seek(0)
        yield cast(BinaryIO, copy)


def whole(text: str, where: str, options: ReadOptions, facts: Mapping[str, Any], encoding: str | None = None) -> Document:
    """Make a document of one file; ``facts`` are its properties or front matter."""
    title = facts.get(options.title_field) if options.title_field is not None else None
    if isinstance(title, str):
        text = join_title(title, text)
    return Document(where, text, _meta(where, facts, options, encoding))


def document_from_record(record: Mapping[str, Any], where: str, options: ReadOptions, encoding: str | None = None) -> Document:
    """Make a document of one record; ``where`` is its file and line."""
    text = record.get(options.text_field)
    if text is None and options.text_field in record:
        return failed(where, f"the field {options.text_field!r} is null; expected text")
    if text is None:
        fields = ", ".join(str(key) for key in record)[:500] or "none"
        return failed(where, f"no field {options.text_field!r}; it has {fields}. Name the field with --text-field")
    if not isinstance(text, str):
        return failed(where, f"the field {options.text_field!r} is of type {type(text).__name__}; expected text")
    if len(text) > options.max_bytes:
        return failed(where, too_large(options))
    identity = record.get(options.id_field or "id")
    if identity == "":
        identity = None
    if identity is None and options.id_field is not None:
        return failed(where, f"no field {options.id_field!r} to take the id from, or an empty one")
    if identity is not None and (isinstance(identity, bool) or not isinstance(identity, str | int)):
        return failed(where, f"the id is of type {type(identity).__name__}; expected text or a whole number")
    if options.title_field is not None:
        title = record.get(options.title_field)
        if title is not None and not isinstance(title, str):
            return failed(where, f"the field {options.title_field!r} is of type {type(title).__name__}; expected text")
        text = join_title(title or "", text)
    meta = _meta(where, record, options, encoding)
    try:
        return Document(where if identity is None else str(identity), text, meta)
    except ValueError:  # Python prints no number of thousands of digits
        return failed(where, "the id is a number beyond all measure")


def _meta(where: str, facts: Mapping[str, Any], options: ReadOptions, encoding: str | None) -> dict[str, Any]:
    meta: dict[str, Any] = {"where": where}
    if date := iso_date(facts.get(options.date_field or "date")):
        meta["date"] = date
    if encoding is not None:
        meta["encoding"] = encoding
    if options.keep_record:
        meta["record"] = facts
    return meta
