"""JSON Lines: one object a result."""

from __future__ import annotations

import json
from typing import TextIO

from aikind.serve.writers.base import Row

__all__ = ["JsonlWriter"]


class JsonlWriter:
    def __init__(self, file: TextIO) -> None:
        self._file = file

    def write(self, row: Row) -> None:
        self._file.write(json.dumps(row, ensure_ascii=False) + "\n")
