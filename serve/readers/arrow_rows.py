"""The rows of a Parquet or Arrow file, by arro3: a program of its own, for ``arrow.py``.

Damaged files make arro3 end its process, so it gets one that nothing else depends on. Standard input is the file, seekable;
the arguments are its form, its name, and the reading options as JSON. Standard output gets a JSON line for each row, and one
with ``{"end": reason}``, where the reason is null if all went well.
"""

from __future__ import annotations

import json
import os
import resource
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from typing import Any

from aikind.errors import DocumentError
from aikind.records import Document
from aikind.serve.readers.base import ReadOptions, document_from_record, failed

_BATCH_ROWS = 128  # held in memory at once
_SPARE_MEMORY = 1_500_000_000  # bytes


def main(form: str, name: str, options: str) -> None:
    end = None
    try:
        for document in _rows(lambda: _batches(form), name, ReadOptions(**json.loads(options))):
            # Cells that are carried along may hold dates, bytes and what else JSON has no word for.
            print(json.dumps([document.id, document.text, dict(document.meta), document.error], default=str, skipkeys=True))
    except DocumentError as error:
        end = str(error)
    print(json.dumps({"end": end}))


def _batches(form: str) -> Any:
    from arro3 import io

    source = open(0, "rb", closefd=False)  # noqa: SIM115
    _limit_memory(os.fstat(0).st_size)
    if form == "parquet":
        return io.read_parquet(source, batch_size=_BATCH_ROWS)
    return io.read_ipc(source) if form == "file" else io.read_ipc_stream(source)


def _limit_memory(file_bytes: int) -> None:
    """So that a damaged file, which may claim any size, cannot take the memory of everything else."""
    most = _SPARE_MEMORY + 4 * file_bytes
    with suppress(ValueError, OSError):  # some systems know no such limit
        resource.setrlimit(resource.RLIMIT_AS, (most, resource.getrlimit(resource.RLIMIT_AS)[1]))


def _rows(opened: Callable[[], Any], name: str, options: ReadOptions) -> Iterator[Document]:
    batches = _guarded(opened)
    columns = list(batches.schema.names)
    for option, column in (("--text-field", options.text_field), ("--title-field", options.title_field), ("--id-field", options.id_field)):
        if column is not None and columns.count(column) != 1:
            shown = ", ".join(columns)[:500]
            raise DocumentError(f"no column {column!r}, or several; it has {shown}. Name the column with {option}.")
    wanted = {options.text_field, options.title_field, options.id_field or "id", options.date_field or "date"}
    used = list(dict.fromkeys(columns)) if options.keep_record else [column for column in columns if column in wanted]
    number = 0
    while (batch := _guarded(lambda: next(batches, None))) is not None:
        held = [(column, batch.column(column)) for column in used]
        for row in range(batch.num_rows):
            number += 1
            where = f"{name}:{number}"
            try:
                record = _guarded(partial(_record, held, row))
            except DocumentError as error:
                yield failed(where, str(error))
            else:
                yield document_from_record(record, where, options)
    if not number:
        yield failed(name, "holds no row")


def _record(held: list[tuple[str, Any]], row: int) -> dict[str, Any]:
    return {column: cells[row].as_py() for column, cells in held}


def _guarded(call: Callable[[], Any]) -> Any:
    try:
        return call()
    except (KeyboardInterrupt, SystemExit, MemoryError):
        raise
    except BaseException as error:  # damaged files make arro3 panic, which is no Exception
        raise DocumentError(f"the data are damaged: {str(error)[:200]}") from error


if __name__ == "__main__":
    main(*sys.argv[1:])
