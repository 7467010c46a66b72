"""The formats of the output: their suffixes, and how each is opened."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Protocol, TextIO

from aikind.label_set import LabelSet
from aikind.serve.columns import Columns
from aikind.serve.results import Result
from aikind.serve.writers.base import FileWriter, Row, Writer
from aikind.serve.writers.csv_rows import CsvWriter
from aikind.serve.writers.jsonl import JsonlWriter
from aikind.serve.writers.sqlite import SqliteWriter
from aikind.serve.writers.table import TableWriter

__all__ = ["FORMATS", "STREAMED", "SUFFIXES", "Sink", "check_installed", "open_format", "sink_on"]

SUFFIXES = {".jsonl": "jsonl", ".ndjson": "jsonl", ".csv": "csv", ".parquet": "parquet", ".sqlite": "sqlite", ".db": "sqlite"}
FORMATS = ("jsonl", "csv", "parquet", "sqlite", "table")
STREAMED = ("jsonl", "csv", "table")  # these can go to a pipe


class Sink(Protocol):
    """Takes results one by one."""

    def write(self, result: Result) -> None: ...


class _RowSink:
    """Hands the chosen columns of each result to a writer of rows."""

    def __init__(self, writer: Writer, row: Callable[[Result], Row]) -> None:
        self._writer = writer
        self._row = row

    def write(self, result: Result) -> None:
        self._writer.write(self._row(result))


def sink_on(name: str, file: TextIO, columns: Columns, label_set: LabelSet) -> Sink:
    """A sink that writes one of the ``STREAMED`` formats to an open text file."""
    if name == "table":
        return TableWriter(file, label_set)
    if name == "csv":
        return _RowSink(CsvWriter(file, columns.flat), columns.flat_row)
    return _RowSink(JsonlWriter(file), columns.nested_row)


@contextmanager
def open_format(name: str, path: Path, columns: Columns, label_set: LabelSet) -> Iterator[Sink]:
    """Open a file for results in the format ``name``; it is complete when the block ends.

    Raises:
        MissingExtraError: The format needs a package that is not installed.
        OSError: The file cannot be written.
    """
    if name in STREAMED:
        with path.open("w", encoding="utf-8", errors="backslashreplace", newline="") as file:
            yield sink_on(name, file, columns, label_set)
        return
    with closing(_file_writer(name)(path, columns.flat, columns.carried)) as writer:
        yield _RowSink(writer, columns.flat_row)
        writer.finish()


def _file_writer(name: str) -> Callable[[Path, Sequence[str], Sequence[str]], FileWriter]:
    if name == "parquet":
        from aikind.serve.writers.parquet import ParquetWriter

        return ParquetWriter
    return SqliteWriter


def check_installed(name: str) -> None:
    """Load what a format needs, before any work is done for it.

    Raises:
        MissingExtraError: The format needs a package that is not installed.
    """
    if name not in STREAMED:
        _file_writer(name)
