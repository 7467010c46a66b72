"""Parquet and Arrow (file, stream, Feather): one row, one document, by arro3 (extra ``formats``)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, BinaryIO

from aikind.errors import DocumentError, MissingExtraError
from aikind.records import Document
from aikind.serve.readers.base import ReadOptions, document_from_record, failed, seekable

__all__ = ["read_arrow", "read_parquet"]

_BATCH_ROWS = 128  # held in memory at once


def read_parquet(file: BinaryIO, name: str, options: ReadOptions) -> Iterator[Document]:
    """Yield a document for each row.

    Raises:
        MissingExtraError: arro3 is not installed.
        DocumentError: The file is damaged, or lacks a column.
    """
    io = _arro3()
    with seekable(file) as source:
        source.seek(-4, 2) if source.seek(0, 2) >= 12 else source.seek(0)
        ends_well = source.read(4) == b"PAR1"
        source.seek(0)
        if not ends_well:
            raise DocumentError("not a Parquet file, or one that was cut off")
        yield from _rows(lambda: io.read_parquet(source, batch_size=_BATCH_ROWS), name, options)


def read_arrow(file: BinaryIO, name: str, options: ReadOptions) -> Iterator[Document]:
    """Yield a document for each row of a file in Arrow's file or stream form.

    Raises:
        MissingExtraError: arro3 is not installed.
        DocumentError: The file is damaged, or lacks a column.
    """
    io = _arro3()
    with seekable(file) as source:
        magic = source.read(6)
        source.seek(0)
        if magic.startswith(b"FEA1"):
            raise DocumentError("Feather in its first version; write it anew in version 2")
        read = io.read_ipc if magic == b"ARROW1" else io.read_ipc_stream
        yield from _rows(lambda: read(source), name, options)


def _arro3() -> Any:
    try:
        from arro3 import io
    except ImportError as error:
        raise MissingExtraError("reading Parquet and Arrow", "formats") from error
    return io


def _rows(opened: Callable[[], Any], name: str, options: ReadOptions) -> Iterator[Document]:
    batches = _guarded(opened)
    columns = list(batches.schema.names)
    for option, column in (("--text-field", options.text_field), ("--title-field", options.title_field), ("--id-field", options.id_field)):
        if column is not None and columns.count(column) != 1:
            shown = ", ".join(columns)[:500]
            raise DocumentError(f"no column {column!r}, or several; it has {shown}. Name the column with {option}.")
    wanted = {options.text_field, options.title_field, options.id_field or "id", options.date_field or "date"}
    used = [column for column in columns if column in wanted]
    number = 0
    while (batch := _guarded(lambda: next(batches, None))) is not None:
        held = [(column, batch.column(column)) for column in used]
        for row in range(batch.num_rows):
            number += 1
            where = f"{name}:{number}"
            try:
                record = _guarded(lambda at=row, cells=held: {column: cells_of[at].as_py() for column, cells_of in cells})
            except DocumentError as error:
                yield failed(where, str(error))
            else:
                yield document_from_record(record, where, options)
    if not number:
        yield failed(name, "holds no row")


def _guarded(call: Callable[[], Any]) -> Any:
    try:
        return call()
    except (KeyboardInterrupt, SystemExit, MemoryError):
        raise
    except BaseException as error:  # damaged files make arro3 panic, which is no Exception
        raise DocumentError(f"the data are damaged: {str(error)[:200]}") from error
