"""CSV with a header: one row, one document."""

from __future__ import annotations

import csv
import io
import sys
from collections.abc import Iterator
from typing import BinaryIO

from aikind.records import Document
from aikind.serve.readers.base import ReadOptions, document_from_record, failed

__all__ = ["read_csv"]

_SURPLUS = "cells beyond the header"


def read_csv(file: BinaryIO, name: str, options: ReadOptions) -> Iterator[Document]:
    """Yield a document for each row; a broken row yields one with its error. A missing column fails the file once."""
    csv.field_size_limit(min(sys.maxsize, 2**31 - 1))
    # Bytes that are no UTF-8 come through as lone surrogates, so that they spoil their own row only.
    text = io.TextIOWrapper(file, encoding="utf-8-sig", errors="surrogateescape", newline="")
    reader = csv.DictReader(text, restkey=_SURPLUS, restval=None, strict=True)
    try:
        problem = _header_problem(reader, options)
        if problem:
            yield failed(name, problem)
            return
        yield from _rows(reader, name, options)
    finally:
        text.detach()


def _header_problem(reader: csv.DictReader[str], options: ReadOptions) -> str | None:
    try:
        columns = list(reader.fieldnames or ())
    except csv.Error as error:
        return f"the header is not CSV: {error}"
    if not columns:
        return "holds no header and no row"
    if any(_broken(column) for column in columns):
        return "the header is not valid UTF-8; convert the file to UTF-8"
    wanted = {"--text-field": options.text_field, "--title-field": options.title_field, "--id-field": options.id_field}
    for option, column in wanted.items():
        if column is not None and column not in columns:
            hint = "" if len(columns) > 1 or not any(c in columns[0] for c in ";\t|") else " The columns must be divided by commas."
            return f"no column {column!r}; it has {', '.join(columns)}. Name the column with {option}.{hint}"
    return None


def _rows(reader: csv.DictReader[str], name: str, options: ReadOptions) -> Iterator[Document]:
    empty = True
    while True:
        where = f"{name}:{reader.line_num + 1}"
        try:
            row = next(reader)
        except StopIteration:
            if empty:
                yield failed(name, "holds a header but no row")
            return
        except csv.Error as error:
            empty = False
            yield failed(where, f"not CSV: {error}; is a quotation mark left open?")
            continue
        empty = False
        if any(isinstance(value, str) and _broken(value) for value in row.values()):
            yield failed(where, "not valid UTF-8")
        elif _SURPLUS in row:
            yield failed(where, "the row has more cells than the header; put cells that hold commas in quotation marks")
        elif row.get(options.text_field) is None:
            yield failed(where, f"the row ends before the column {options.text_field!r}")
        else:
            yield document_from_record(dict(row), where, options)


def _broken(value: str) -> bool:
    return not value.isascii() and any("\ud800" <= c <= "\udfff" for c in value)
