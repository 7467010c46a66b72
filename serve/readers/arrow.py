"""Parquet and Arrow (file, stream, Feather): one row, one document, by arro3 (extra ``formats``) in a process of its own."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import asdict
from importlib.util import find_spec
from typing import BinaryIO

from aikind.errors import DocumentError, MissingExtraError
from aikind.records import Document
from aikind.serve.readers.base import ReadOptions, on_disk

__all__ = ["read_arrow", "read_parquet"]


def read_parquet(file: BinaryIO, name: str, options: ReadOptions) -> Iterator[Document]:
    """Yield a document for each row.

    Raises:
        MissingExtraError: arro3 is not installed.
        DocumentError: The file is damaged, or lacks a column.
    """
    with on_disk(file) as source:
        if source.seek(0, io.SEEK_END) < 12 or source.seek(-4, io.SEEK_END) < 0 or source.read(4) != b"PAR1":
            raise DocumentError("not a Parquet file, or one that was cut off")
        yield from _rows(source, "parquet", name, options)


def read_arrow(file: BinaryIO, name: str, options: ReadOptions) -> Iterator[Document]:
    """Yield a document for each row of a file in Arrow's file or stream form. Raises as ``read_parquet`` does."""
    with on_disk(file) as source:
        magic = source.read(6)
        if magic.startswith(b"FEA1"):
            raise DocumentError("Feather in its first version; write it anew in version 2")
        yield from _rows(source, "file" if magic == b"ARROW1" else "stream", name, options)


def _rows(source: BinaryIO, form: str, name: str, options: ReadOptions) -> Iterator[Document]:
    if find_spec("arro3") is None or find_spec("arro3.io") is None:
        raise MissingExtraError("reading Parquet and Arrow", "formats")
    os.lseek(source.fileno(), 0, os.SEEK_SET)  # source.seek may move within its buffer only
    command = [sys.executable, "-P", "-m", "aikind.serve.readers.arrow_rows", form, name, json.dumps(asdict(options))]
    with subprocess.Popen(command, stdin=source, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        assert process.stdout is not None
        try:
            for line in process.stdout:
                row = json.loads(line)
                if isinstance(row, list):
                    yield Document(*row)
                elif row["end"] is not None:
                    raise DocumentError(row["end"])
                else:
                    return
        except ValueError:  # it ended in the middle of a line
            pass
        finally:
            process.kill()
    raise DocumentError("the data are damaged, so much that their reader broke off")
