"""CSV with a header: one row a result."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from typing import Any, TextIO

from aikind.serve.writers.base import Row, as_text

__all__ = ["CsvWriter"]

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


class CsvWriter:
    """Lists are joined by spaces, truth values are ``true`` and ``false``, and what is missing is an empty cell.

    A spreadsheet takes text that begins with = + - @ tab or carriage return for a formula, and would run one that somebody
    put into an id. Such cells begin with a single quote instead. Numbers are left as they are.
    """

    def __init__(self, file: TextIO, columns: Sequence[str]) -> None:
        self._columns = columns
        self._writer = csv.writer(_LineEnds(file), lineterminator="\r\n")
        self._writer.writerow([_cell(name) for name in columns])

    def write(self, row: Row) -> None:
        self._writer.writerow([_cell(row.get(name)) for name in self._columns])


class _LineEnds:
    """Ends rows with a line feed. Python quotes a cell with a carriage return only where rows end with one too."""

    def __init__(self, file: TextIO) -> None:
        self._file = file

    def write(self, row: str) -> int:
        return self._file.write(row.removesuffix("\r\n") + "\n")


def _cell(value: Any) -> Any:
    if value is None or (isinstance(value, int | float) and not isinstance(value, bool)):
        return value
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        value = " ".join(value)
    text = as_text(value)
    return f"'{text}" if text.startswith(_FORMULA) else text
