"""Labelled rows to measure a model on, from a built dataset or a labelled file."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

from aikind.data.rows import Skipped, encodable
from aikind.data.sources import read_records
from aikind.data.store import load_dataset
from aikind.errors import DatasetError
from aikind.label_set import LabelSet
from aikind.model_folder import file_sha256

__all__ = ["GoldRow", "GoldSet", "is_blind", "load_gold_set", "require_same_labels"]

# A file or folder of such a name is kept blind: whatever the options say, only totals over it are shown.
_BLIND = ("eval", "*blind*", "*heldout*", "*held-out*", "*held_out*", "*hidden*", "*sealed*")


@dataclass(frozen=True, slots=True)
class GoldRow:
    id: str
    text: str
    labels: Mapping[str, bool]
    genre: str
    hard: bool
    era: str = ""
    source: str = ""


@dataclass(frozen=True, slots=True)
class GoldSet:
    """Gold rows of one file or of one split of a dataset.

    Attributes:
        sha256: Of the file; of a dataset its fingerprint, which is a SHA-256 over its records.
        split: Empty for a file.
        skipped: Broken rows of a file. The weakly labelled rows of a dataset are left out without a word.
    """

    path: Path
    sha256: str
    split: str
    rows: list[GoldRow]
    skipped: Skipped

    @property
    def name(self) -> str:
        return f"{self.path.resolve().name} ({self.split})" if self.split else self.path.name


def is_blind(path: Path) -> bool:
    """Whether the name of a file, or of the folder it lies in, says that its documents are not to be looked at."""
    names = {part.lower() for p in (path, path.resolve()) for part in (p.name, p.parent.name)}
    return any(fnmatch(name, pattern) for name in names for pattern in _BLIND)


def load_gold_set(path: Path, label_set: LabelSet, split: str = "test") -> GoldSet:
    """Gold rows of a dataset folder's ``split``, or of a file with the fields id, text and labels.

    A file's rows may also have genre, hard, era and source.

    Raises:
        DatasetError: There is nothing to measure on, or the dataset has other labels than ``label_set``.
    """
    if not os.path.exists(path):  # noqa: PTH110  (unlike Path.exists it never raises)
        raise DatasetError(
            f"{path}: no such file or folder; give a labelled file (.jsonl, .jsonl.gz, .parquet) or a folder that `aikind dataset build` wrote"
        )
    skipped = Skipped()
    if path.is_dir():
        dataset = load_dataset(path)
        require_same_labels(str(path), dataset.label_set, label_set)
        rows = [
            GoldRow(r["id"], r["text"], {n: r[n] >= 0.5 for n in label_set.names}, r["genre"], bool(r["hard"]), source=r["source"])
            for r in dataset.splits[split]
            if r["label_origin"].startswith("gold")
        ]
        found = GoldSet(path, dataset.fingerprint, split, rows, skipped)
    else:
        rows = _from_file(path, label_set, skipped)
        found = GoldSet(path, file_sha256(path), "", rows, skipped)
    if not found.rows:
        where = f"{path}: the split {split!r} has" if found.split else f"{path}:"
        raise DatasetError(f"{where} no labelled row to measure on ({len(skipped.all)} skipped)")
    return found


def require_same_labels(where: str, found: LabelSet, wanted: LabelSet) -> None:
    """Check that a dataset answers the model's questions.

    Raises:
        DatasetError: The names of labels or kinds differ, or their order does.
    """
    theirs, ours = ((*labels.names, labels.none, labels.all) for labels in (found, wanted))
    if theirs != ours:
        raise DatasetError(
            f"{where}: has the label set {', '.join(theirs)}; the model's is {', '.join(ours)}. "
            "Use a dataset that was built with the model's label set"
        )


def _from_file(path: Path, label_set: LabelSet, skipped: Skipped) -> list[GoldRow]:
    rows = []
    for where, record in read_records(path, skipped):
        text, labels = record.get("text"), record.get("labels")
        if not isinstance(text, str) or not text.strip():
            skipped.add(where, "no text in the field 'text'")
        elif not encodable(text):
            skipped.add(where, "the field 'text' holds half of a surrogate pair")
        elif not isinstance(labels, list):
            skipped.add(where, "the field 'labels' is not a list of label names", repr(labels))
        elif unknown := sorted(set(map(str, labels)) - set(label_set.names)):
            skipped.add(where, "an unknown label", f"{unknown[0]!r}; the label set has {', '.join(label_set.names)}")
        else:
            rows.append(
                GoldRow(
                    id=str(record.get("id", where)),
                    text=text,
                    labels={n: n in labels for n in label_set.names},
                    genre=str(record.get("genre") or "unknown"),
                    hard=record.get("hard") is True,
                    era=str(record.get("era") or ""),
                    source=str(record.get("source") or ""),
                )
            )
    return rows
