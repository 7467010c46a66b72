"""Parquet with typed columns, by pyarrow."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from aikind.errors import MissingExtraError
from aikind.serve.writers.base import Row, as_text

try:
    import pyarrow
    import pyarrow.parquet
except ImportError as error:
    raise MissingExtraError("writing Parquet", "parquet") from error

__all__ = ["ParquetWriter"]

_ROWS = 10_000  # in each row group; so many are held in memory
_TYPES = {
    "labels": pyarrow.list_(pyarrow.string()),
    "doubts": pyarrow.list_(pyarrow.string()),
    "unsure": pyarrow.bool_(),
    "windows": pyarrow.int64(),
    "tokens": pyarrow.int64(),
}


class ParquetWriter:
    """Columns carried along from the input are text: strings as they are, other values as JSON."""

    def __init__(self, path: Path, columns: Sequence[str], carried: Sequence[str] = ()) -> None:
        self._carried = frozenset(carried)
        fields = [(as_text(name), self._type(name)) for name in columns]
        self._columns = columns
        self._schema = pyarrow.schema(fields)
        self._rows: list[list[Any]] = []
        self._writer = pyarrow.parquet.ParquetWriter(path, self._schema, compression="zstd")

    def _type(self, name: str) -> Any:
        if name in self._carried:
            return pyarrow.string()
        return pyarrow.float64() if name.startswith("score_") else _TYPES.get(name, pyarrow.string())

    def write(self, row: Row) -> None:
        self._rows.append([self._value(name, row.get(name)) for name in self._columns])
        if len(self._rows) == _ROWS:
            self._flush()

    def _value(self, name: str, value: Any) -> Any:
        if value is not None and (name in self._carried or isinstance(value, str)):
            return as_text(value)
        return value

    def _flush(self) -> None:
        cells = zip(*self._rows, strict=True)
        arrays = [pyarrow.array(column, field.type) for column, field in zip(cells, self._schema, strict=True)]
        self._writer.write_table(pyarrow.Table.from_arrays(arrays, schema=self._schema))
        self._rows.clear()

    def finish(self) -> None:
        if self._rows:
            self._flush()
        self._writer.close()

    def close(self) -> None:
        with suppress(OSError):  # closing once more does nothing; before that, the file is to be thrown away
            self._writer.close()
