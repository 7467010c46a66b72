"""JSON Lines: one object a result."""

from __future__ import annotations

import json
from typing import TextIO

from aikind.records import Tagging
from aikind.serve.writers.base import as_record

__all__ = ["JsonlWriter"]


class JsonlWriter:
    def __init__(self, file: TextIO) -> None:
        self._file = file

    def write(self, tagging: Tagging) -> None:
        self._file.write(json.dumps(as_record(tagging), ensure_ascii=False) + "\n")
