"""CSV with a header: one row a result."""

from __future__ import annotations

import csv
from typing import TextIO

from aikind.label_set import LabelSet
from aikind.records import Tagging
from aikind.serve.writers.base import as_record

__all__ = ["CsvWriter"]


class CsvWriter:
    """Columns: id, kind, labels (joined by spaces), a score per label, unsure, doubts (joined by spaces), windows, error."""

    def __init__(self, file: TextIO, label_set: LabelSet) -> None:
        self._names = label_set.names
        self._writer = csv.writer(file, lineterminator="\n")
        self._writer.writerow(["id", "kind", "labels", *(f"score_{name}" for name in self._names), "unsure", "doubts", "windows", "error"])

    def write(self, tagging: Tagging) -> None:
        record = as_record(tagging)
        scores = [record["scores"].get(name, "") for name in self._names]
        self._writer.writerow(
            [
                record["id"],
                record["kind"] or "",
                " ".join(record["labels"]),
                *scores,
                str(tagging.unsure).lower(),
                " ".join(tagging.doubts),
                tagging.windows,
                tagging.error or "",
            ]
        )
