"""A teacher's probabilities for texts that nobody has read, kept apart from the texts as gold labels are."""

from __future__ import annotations

import csv
import gzip
import io
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from aikind.errors import DatasetError
from aikind.label_set import LabelSet

__all__ = ["SoftLabel", "SoftTable", "load_soft_labels", "write_soft_labels"]


@dataclass(frozen=True, slots=True)
class SoftLabel:
    """What a teacher says of the first ``chars_read`` characters of one text: a probability per label."""

    file: str
    id: str
    sha256: str
    chars_read: int
    probabilities: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class SoftTable:
    path: Path
    rows: Mapping[tuple[str, str], SoftLabel]

    def find(self, file: str, identity: str) -> SoftLabel | None:
        return self.rows.get((file, identity))


def load_soft_labels(path: Path, label_set: LabelSet) -> SoftTable:
    """Read a CSV (.csv or .csv.gz) with the columns file, id, sha256, chars_read and a probability per label.

    Raises:
        DatasetError: The file cannot be read, lacks a column, or has a value that is no probability.
    """
    rows: dict[tuple[str, str], SoftLabel] = {}
    opened = gzip.open if path.name.endswith(".gz") else open
    try:
        with opened(path, "rt", encoding="utf-8", newline="") as handle:
            reader = csv.DictReader(handle)
            missing = sorted({"file", "id", "sha256", "chars_read", *label_set.names} - set(reader.fieldnames or ()))
            if missing:
                raise DatasetError(f"{path}: the table of soft labels lacks the column {missing[0]!r}")
            for number, record in enumerate(reader, 2):
                try:
                    values = {name: float(record[name]) for name in label_set.names}
                    read = int(record["chars_read"])
                except (TypeError, ValueError) as error:
                    raise DatasetError(f"{path}:{number}: {error}; expected whole chars_read and a probability per label") from error
                if read < 1 or not all(0 <= value <= 1 for value in values.values()):
                    raise DatasetError(f"{path}:{number}: {read} characters, {values}; expected 1 or more, and probabilities from 0 to 1")
                rows[record["file"], record["id"]] = SoftLabel(record["file"], record["id"], record["sha256"], read, values)
    except (OSError, EOFError, zlib.error, UnicodeDecodeError, csv.Error) as error:
        raise DatasetError(f"{path}: cannot read the soft labels: {error}") from error
    return SoftTable(path, rows)


def write_soft_labels(path: Path, labels: Sequence[str], rows: Iterable[SoftLabel]) -> None:
    """Write a gzipped CSV that ``load_soft_labels`` reads; the same rows give the same bytes."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["file", "id", "sha256", "chars_read", *labels])
    for row in rows:
        # Three digits are all that a teacher knows, and half of the file.
        writer.writerow([row.file, row.id, row.sha256, row.chars_read, *(f"{row.probabilities[name]:.3f}" for name in labels)])
    path.write_bytes(gzip.compress(text.getvalue().encode(), 9, mtime=0))
