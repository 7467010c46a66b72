"""CSV and TSV with a header: one row, one document."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from typing import BinaryIO

from aikind.errors import DocumentError
from aikind.records import Document
from aikind.serve.readers.base import ReadOptions, document_from_record, failed, lines, too_large
from aikind.serve.readers.encodings import decode, utf8_stream

__all__ = ["read_csv", "read_tsv"]


def read_csv(file: BinaryIO, name: str, options: ReadOptions) -> Iterator[Document]:
    """Yield a document for each row; a broken row yields one with its error. A missing column fails the file once."""
    return _read(file, name, options, ",")


def read_tsv(file: BinaryIO, name: str, options: ReadOptions) -> Iterator[Document]:
    """As ``read_csv``, with tabs between the cells."""
    return _read(file, name, options, "\t")


class _Lines:
    """Lines as the csv module takes them. Unlike a generator it goes on after it has raised."""

    def __init__(self, file: BinaryIO, options: ReadOptions) -> None:
        self._lines, self._options = lines(file, options.max_bytes), options
        self.count = 0

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        raw = next(self._lines)
        self.count += 1
        if raw is None:
            raise csv.Error(f"the line is {too_large(self._options)}")
        # Bytes that are no UTF-8 come through as lone surrogates, until it is known which cells are theirs.
        return raw.decode("utf-8-sig" if self.count == 1 else "utf-8", "surrogateescape")


def _read(file: BinaryIO, name: str, options: ReadOptions, delimiter: str) -> Iterator[Document]:
    csv.field_size_limit(min(options.max_bytes, 2**31 - 1))
    stream, stream_encoding = utf8_stream(file)
    source = _Lines(stream, options)
    reader = csv.reader(source, delimiter=delimiter, strict=True)
    try:
        header = next((row for row in reader if row), [])
    except csv.Error as error:
        raise DocumentError(f"the header is not CSV: {error}") from error
    columns, _ = _decoded(header)
    _check_header(columns, options, delimiter)
    empty = True
    while True:
        where = f"{name}:{source.count + 1}"
        try:
            row = next(reader)
        except StopIteration:
            break
        except csv.Error as error:
            empty = False
            yield failed(where, f"not CSV: {error}; is a quotation mark left open?")
            continue
        if row:
            empty = False
            yield _document(row, columns, where, options, stream_encoding)
    if empty:
        yield failed(name, "holds a header but no row")


def _document(row: list[str], columns: list[str], where: str, options: ReadOptions, stream_encoding: str | None) -> Document:
    try:
        cells, encoding = _decoded(row)
    except DocumentError:
        return failed(where, "not valid UTF-8, and no other encoding fits")
    if len(cells) > len(columns):
        return failed(where, "the row has more cells than the header; put cells that hold commas in quotation marks")
    record = dict(zip(columns, cells, strict=False))
    if options.text_field not in record:
        return failed(where, f"the row ends before the column {options.text_field!r}")
    return document_from_record(record, where, options, encoding or stream_encoding)


def _decoded(cells: list[str]) -> tuple[list[str], str | None]:
    if not any(_broken(cell) for cell in cells):
        return cells, None
    # The cells are decoded as one text: more of it makes a better guess.
    joined, encoding = decode("\x1f".join(cells).encode("utf-8", "surrogateescape"))
    parted = joined.split("\x1f")
    if len(parted) != len(cells):  # a byte of the joint was taken for half a character
        return [decode(cell.encode("utf-8", "surrogateescape"))[0] for cell in cells], encoding
    return parted, encoding


def _check_header(columns: list[str], options: ReadOptions, delimiter: str) -> None:
    if not columns:
        raise DocumentError("holds no header and no row")
    shown = ", ".join(columns)[:500]
    wanted = {
        "--text-field": options.text_field,
        "--title-field": options.title_field,
        "--id-field": options.id_field,
        "--date-field": options.date_field,
    }
    for option, column in wanted.items():
        if column is not None and column not in columns:
            parted = delimiter == "," and len(columns) == 1 and any(c in columns[0] for c in ";\t|")
            hint = " The columns must be divided by commas." if parted else ""
            raise DocumentError(f"no column {column!r}; it has {shown}. Name the column with {option}.{hint}")
    for column in (options.text_field, options.title_field, options.id_field or "id"):
        if column is not None and columns.count(column) > 1:
            raise DocumentError(f"the column {column!r} stands there twice; expected it once")


def _broken(value: str) -> bool:
    return not value.isascii() and any("\ud800" <= c <= "\udfff" for c in value)
