"""How far two readers agree who labelled the same documents apart from each other."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

from aikind.errors import DatasetError, MissingExtraError
from aikind.label_set import LabelSet

__all__ = ["Agreement", "measure_agreement"]


@dataclass(frozen=True, slots=True)
class Agreement:
    """Two readings of the same documents, held against each other.

    Attributes:
        kappa: Cohen's kappa per label (Cohen 1960); None where a reader gave every document the same answer.
        same_kind: Share of the documents on which all labels agree.
    """

    name: str
    documents: int
    kappa: dict[str, float | None]
    same_kind: float


def measure_agreement(path: Path, label_set: LabelSet) -> Agreement:
    """Read a CSV with the columns ``first_LABEL`` and ``second_LABEL`` (0 or 1) for each label, and compare them.

    Raises:
        DatasetError: The file cannot be read, lacks a column, holds no row, or has a value that is not 0 or 1.
        MissingExtraError: scikit-learn is not installed.
    """
    try:
        from sklearn.metrics import cohen_kappa_score
    except ImportError as error:
        raise MissingExtraError("measuring agreement", "train") from error
    columns = [f"{reader}_{name}" for name in label_set.names for reader in ("first", "second")]
    answers: dict[str, list[str]] = {column: [] for column in columns}
    try:
        with path.open(encoding="utf-8", newline="") as handle:
            reader = csv.DictReader(handle)
            for column in columns:
                if column not in (reader.fieldnames or ()):
                    raise DatasetError(f"{path}: the readings lack the column {column!r}")
            for number, record in enumerate(reader, 2):
                for column in columns:
                    if record[column] not in {"0", "1"}:
                        raise DatasetError(f"{path}:{number}: {column} is {record[column]!r}; expected 0 or 1")
                    answers[column].append(record[column])
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DatasetError(f"{path}: cannot read the readings: {error}") from error
    pairs = {name: (answers[f"first_{name}"], answers[f"second_{name}"]) for name in label_set.names}
    documents = len(answers[columns[0]])
    if documents == 0:
        raise DatasetError(f"{path}: holds no reading")
    kappa = {name: None if len({*a, *b}) < 2 else float(cohen_kappa_score(a, b)) for name, (a, b) in pairs.items()}
    same = sum(all(a[i] == b[i] for a, b in pairs.values()) for i in range(documents))
    return Agreement(path.stem, documents, kappa, same / documents)
