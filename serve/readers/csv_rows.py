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

csv.field_size_limit(min(sys.maxsize, 2**31 - 1))


def read_csv(file: BinaryIO, name: str, options: ReadOptions) -> Iterator[Document]:
    """Yield a document for each row. A missing column fails the file once, not once a row."""
    # Bytes that are no UTF-8 come through as lone surrogates, so that they spoil their own row only.
    text = io.TextIOWrapper(file, encoding="utf-8-sig", errors="surrogateescape", newline="")
    reader = csv.DictReader(text, restkey="", restval=None)
    try:
        columns = list(reader.fieldnames or ())
        wanted = [c for c in (options.text_field, options.title_field, options.id_field) if c is not None]
        missing = [c for c in wanted if c not in columns]
        if missing:
            has = ", ".join(columns) if columns else "no header at all"
            flag = "--text-field" if missing[0] == options.text_field else "the right field option"
            yield failed(name, f"no column {missing[0]!r}; it has {has}. Name the column with {flag}")
            return
        for row in reader:
            where = f"{name}:{reader.line_num}"
            if any(isinstance(v, str) and _broken(v) for v in row.values()):
                yield failed(where, "not valid UTF-8")
            elif row.get(options.text_field) is None:
                yield failed(where, f"the row ends before the column {options.text_field!r}")
            else:
                yield document_from_record({k: v for k, v in row.items() if k}, where, options)
    except csv.Error as error:
        yield failed(f"{name}:{reader.line_num}", f"not CSV: {error}")
    finally:
        text.detach()


def _broken(value: str) -> bool:
    return any("\ud800" <= c <= "\udfff" for c in value) if not value.isascii() else False
