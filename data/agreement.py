"""How far two readers agree who labelled the same documents apart from each other."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from aikind.errors import DatasetError, MissingExtraError
from aikind.label_set import LabelSet

__all__ = ["Agreement", "agreement_of", "measure_agreement"]


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


def agreement_of(name: str, first: Sequence[Mapping[str, bool]], second: Sequence[Mapping[str, bool]], label_set: LabelSet) -> Agreement:
    """Compare two readings of the same documents.

    Args:
        first, second: For each document, at least one, whether it carries each label.

    Raises:
        MissingExtraError: scikit-learn is not installed.
    """
    try:
        from sklearn.metrics import cohen_kappa_score
    except ImportError as error:
        raise MissingExtraError("measuring agreement", "train") from error
    pairs = {label: ([x[label] for x in first], [x[label] for x in second]) for label in label_set.names}
    kappa = {label: None if len({*a, *b}) < 2 else float(cohen_kappa_score(a, b)) for label, (a, b) in pairs.items()}
    same = sum(all(a[label] == b[label] for label in label_set.names) for a, b in zip(first, second, strict=True))
    return Agreement(name, len(first), kappa, same / len(first))


def measure_agreement(path: Path, label_set: LabelSet) -> Agreement:
    """Read a CSV with the columns ``first_LABEL`` and ``second_LABEL`` (0 or 1) for each label, and compare them.

    Raises:
        DatasetError: The file cannot be read, lacks a column, holds no row, or has a value that is not 0 or 1.
        MissingExtraError: scikit-learn is not installed.
    """
    readings: dict[str, list[dict[str, bool]]] = {"first": [], "second": []}
    columns = [f"{reader}_{name}" for name in label_set.names for reader in readings]
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
                for turn, answers in readings.items():
                    answers.append({name: record[f"{turn}_{name}"] == "1" for name in label_set.names})
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DatasetError(f"{path}: cannot read the readings: {error}") from error
    if not readings["first"]:
        raise DatasetError(f"{path}: holds no reading")
    return agreement_of(path.stem, readings["first"], readings["second"], label_set)
