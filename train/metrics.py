"""Scores of predicted labels against gold."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["kind_accuracy", "label_metrics"]


def kind_accuracy(predicted: NDArray[np.bool_], gold: NDArray[np.bool_]) -> float:
    """Share of documents of which every label is right. Shapes (documents, labels)."""
    return float((predicted == gold).all(axis=1).mean()) if len(gold) else float("nan")


def label_metrics(
    names: Sequence[str], scores: NDArray[np.float64], predicted: NDArray[np.bool_], gold: NDArray[np.bool_]
) -> dict[str, dict[str, Any]]:
    """Per label: precision, recall, F1, average precision (None where gold has one class only) and support."""
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
            "support": int(gold[:, j].sum()),
        }
    return result
