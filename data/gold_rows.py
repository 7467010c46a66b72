"""Labelled rows to measure a model on, from a built dataset or a labelled file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from aikind.data.rows import Skipped
from aikind.data.sources import read_records
from aikind.data.store import DESCRIPTION, load_dataset
from aikind.errors import DatasetError
from aikind.label_set import LabelSet

__all__ = ["GoldRow", "load_gold_rows"]


@dataclass(frozen=True, slots=True)
class GoldRow:
    id: str
    text: str
    labels: Mapping[str, bool]
    genre: str
    hard: bool


def load_gold_rows(path: Path, label_set: LabelSet, split: str = "test") -> tuple[list[GoldRow], Skipped]:
    """Gold rows of a dataset folder's ``split``, or of a file with the fields id, text, labels, genre and hard.

    Weakly labelled rows are left out. Broken rows of a file are returned as skipped.

    Raises:
        DatasetError: There is nothing to measure on.
    """
    skipped = Skipped()
    if (path / DESCRIPTION).exists():
        rows = [
            GoldRow(r["id"], r["text"], {n: r[n] >= 0.5 for n in label_set.names}, r["genre"], bool(r["hard"]))
            for r in load_dataset(path).splits[split]
            if r["label_origin"].startswith("gold")
        ]
    else:
        rows = _from_file(path, label_set, skipped)
    if not rows:
        raise DatasetError(f"{path}: no labelled row to measure on ({len(skipped.all)} skipped)")
    return rows, skipped


def _from_file(path: Path, label_set: LabelSet, skipped: Skipped) -> list[GoldRow]:
    rows = []
    for where, record in read_records(path, skipped):
        text, labels = record.get("text"), record.get("labels")
        if not isinstance(text, str) or not text.strip():
            skipped.add(where, "no text in the field 'text'")
        elif not isinstance(labels, list):
            skipped.add(where, "the field 'labels' is not a list of label names", repr(labels))
        elif unknown := sorted(set(map(str, labels)) - set(label_set.names)):
            skipped.add(where, "an unknown label", f"{unknown[0]!r}; the label set has {', '.join(label_set.names)}")
        else:
            values = {n: n in labels for n in label_set.names}
            rows.append(
                GoldRow(str(record.get("id", where)), text, values, str(record.get("genre") or "unknown"), record.get("hard") is True)
            )
    return rows
