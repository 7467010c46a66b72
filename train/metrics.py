"""Scores of predicted labels against gold."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aikind.label_set import LabelSet
from aikind.train.reliability import brier_score, expected_calibration_error

__all__ = ["confusion", "kind_accuracy", "kinds_of", "label_metrics"]


def kind_accuracy(predicted: NDArray[np.bool_], gold: NDArray[np.bool_]) -> float:
    """Share of documents of which every label is right. Shapes (documents, labels)."""
    return float((predicted == gold).all(axis=1).mean()) if len(gold) else float("nan")


def kinds_of(label_set: LabelSet, labels: NDArray[np.bool_]) -> list[str]:
    """Name of each document's kind; ``labels`` has the shape (documents, labels)."""
    return [label_set.kind([name for name, carried in zip(label_set.names, row, strict=True) if carried]) for row in labels.tolist()]


def confusion(label_set: LabelSet, predicted: NDArray[np.bool_], gold: NDArray[np.bool_]) -> dict[str, dict[str, int]]:
    """Counts by gold kind, then by predicted kind, of the kinds that occur in either. Shapes (documents, labels)."""
    pairs = list(zip(kinds_of(label_set, gold), kinds_of(label_set, predicted), strict=True))
    occurring = {kind for pair in pairs for kind in pair}
    kinds = [kind for kind in label_set.kinds if kind in occurring]
    table = {kind: dict.fromkeys(kinds, 0) for kind in kinds}
    for is_kind, said_kind in pairs:
        table[is_kind][said_kind] += 1
    return table


def label_metrics(
    names: Sequence[str], scores: NDArray[np.float64], predicted: NDArray[np.bool_], gold: NDArray[np.bool_]
) -> dict[str, dict[str, Any]]:
    """Figures per label; all shapes (documents, labels).

    They are precision, recall, F1, average precision (None where gold has one class only), expected calibration error,
    Brier score and support.
    """
    from sklearn.metrics import average_precision_score, precision_recall_fscore_support

    result: dict[str, dict[str, Any]] = {}
    for j, name in enumerate(names):
        precision, recall, f1, _ = precision_recall_fscore_support(gold[:, j], predicted[:, j], average="binary", zero_division=0)
        both_classes = 0 < int(gold[:, j].sum()) < len(gold)
        result[name] = {
            "precision": float(precision),
            "recall": float(recall),
            "f1": float(f1),
            "average_precision": float(average_precision_score(gold[:, j], scores[:, j])) if both_classes else None,
            "calibration_error": expected_calibration_error(scores[:, j], gold[:, j]),
            "brier": brier_score(scores[:, j], gold[:, j]),
            "support": int(gold[:, j].sum()),
        }
    return result
