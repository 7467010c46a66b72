"""SQLite: a table ``taggings``, one row a result."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from aikind.serve.writers.base import Row, as_text

__all__ = ["SqliteWriter"]

_TYPES = {"windows": "INTEGER", "tokens": "INTEGER", "unsure": "INTEGER"}
_LARGEST = 2**63


class SqliteWriter:
    """Lists are joined by spaces, truth values are 0 and 1. Rows are in the order of the input (``rowid``)."""

    def __init__(self, path: Path, columns: Sequence[str], carried: Sequence[str] = ()) -> None:
        path.unlink(missing_ok=True)
        self._columns = columns
        self._database = sqlite3.connect(path, isolation_level=None)
        # The file is thrown away whole where anything fails, so SQLite need not guard it.
        self._run("PRAGMA journal_mode = OFF")
        self._run("PRAGMA synchronous = OFF")
        self._run("BEGIN")
        # A column that is carried along has no type: each of its values keeps its own.
        types = ["" if name in carried else " REAL" if name.startswith("score_") else f" {_TYPES.get(name, 'TEXT')}" for name in columns]
        self._run(f"CREATE TABLE taggings ({', '.join(_quoted(n) + t for n, t in zip(columns, types, strict=True))})")
        self._insert = f"INSERT INTO taggings VALUES ({', '.join('?' * len(columns))})"

    def write(self, row: Row) -> None:
        self._run(self._insert, [_value(row.get(name)) for name in self._columns])

    def finish(self) -> None:
        self._run("COMMIT")

    def close(self) -> None:
        with suppress(sqlite3.Error):
            self._database.close()

    def _run(self, statement: str, values: Sequence[Any] = ()) -> None:
        try:
            self._database.execute(statement, values)
        except sqlite3.OperationalError as error:
            raise OSError(f"SQLite: {error}") from error


def _quoted(name: str) -> str:
    return '"' + as_text(name).replace('"', '""') + '"'


def _value(value: Any) -> Any:
    if value is None or isinstance(value, float) or (isinstance(value, int) and -_LARGEST <= value < _LARGEST):
        return value
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        value = " ".join(value)
    return as_text(value)
