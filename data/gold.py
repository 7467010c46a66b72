"""Gold labels kept apart from the texts they belong to, keyed by file, id and the text's SHA-256."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from aikind.errors import DatasetError
from aikind.label_set import LabelSet

__all__ = ["GoldTable", "ReadLabel", "load_gold"]


@dataclass(frozen=True, slots=True)
class ReadLabel:
    """What a reader said of the first ``chars_read`` characters (0: all) of one text; a label may be left open."""

    sha256: str
    chars_read: int
    labels: Mapping[str, bool]
    hard: bool


@dataclass(frozen=True, slots=True)
class GoldTable:
    path: Path
    rows: Mapping[tuple[str, str], ReadLabel]

    def find(self, file: str, identity: str) -> ReadLabel | None:
        return self.rows.get((file, identity))


def load_gold(path: Path, label_set: LabelSet) -> GoldTable:
    """Read a gold CSV with the columns file, id, sha256, chars_read, a column per label (0, 1, or empty: open), and hard.

    Raises:
        DatasetError: The file cannot be read, lacks a column, or has a value that is not 0, 1 or empty.
    """
    rows: dict[tuple[str, str], ReadLabel] = {}
    try:
        with path.open(encoding="utf-8", newline="") as handle:
            reader = csv.DictReader(handle)
            wanted = {"file", "id", "sha256", "chars_read", "hard", *label_set.names}
            missing = sorted(wanted - set(reader.fieldnames or ()))
            if missing:
                raise DatasetError(f"{path}: the gold table lacks the column {missing[0]!r}")
            for number, record in enumerate(reader, 2):
                for name in label_set.names:
                    if record[name] not in {"0", "1", ""}:
                        raise DatasetError(f"{path}:{number}: {name} is {record[name]!r}; expected 0 or 1, or nothing where it is open")
                rows[record["file"], record["id"]] = ReadLabel(
                    record["sha256"],
                    int(record["chars_read"] or 0),
                    {name: record[name] == "1" for name in label_set.names if record[name]},
                    record["hard"] == "1",
                )
    except (OSError, UnicodeDecodeError, ValueError) as error:
        raise DatasetError(f"{path}: cannot read the gold table: {error}") from error
    return GoldTable(path, rows)
