"""What is gained by leaving out the documents of which the model is least sure."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

__all__ = ["accuracy_at", "area_under_risk", "coverage_risk", "log_odds", "sureness"]

_EDGE = 1e-15


def log_odds(probability: NDArray[np.float64]) -> NDArray[np.float64]:
    """Logits of probabilities, finite even for 0 and 1."""
    inside = np.clip(np.asarray(probability, dtype=np.float64), _EDGE, 1 - _EDGE)
    return np.asarray(np.log(inside) - np.log1p(-inside))


def sureness(scores: NDArray[np.float64], thresholds: NDArray[np.float64]) -> NDArray[np.float64]:
    """How far the closest call of a document's labels is from turning over, in logits.

    Args:
        scores: Probabilities, shape (documents, labels).
        thresholds: Shape (labels,).

    Returns:
        Shape (documents,), 0 or more.
    """
    return np.asarray(np.abs(log_odds(scores) - log_odds(thresholds)).min(axis=1))


def coverage_risk(sure: NDArray[np.float64], correct: NDArray[np.bool_]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Share of documents answered, and the share of wrong ones among them, as the least sure are left out.

    The curve of Geifman and El-Yaniv 2017, "Selective Classification for Deep Neural Networks". Documents of which the
    model is equally sure count as their mean, so that their order changes nothing.

    Args:
        sure, correct: Shape (documents,), at least one document.

    Returns:
        Coverage (rising to 1) and risk, shapes (documents,).
    """
    _, tied, size = np.unique(-sure, return_inverse=True, return_counts=True)
    wrong_share = np.bincount(tied, weights=~correct) / size
    wrong = wrong_share[np.sort(tied)]
    answered = np.arange(1, len(sure) + 1)
    return answered / len(sure), np.cumsum(wrong) / answered


def accuracy_at(coverage: float, sure: NDArray[np.float64], correct: NDArray[np.bool_]) -> float:
    """Accuracy on the surest ``coverage`` (0 to 1) of the documents, rounded up to whole ones. Shapes (documents,)."""
    _, risk = coverage_risk(sure, correct)
    answered = max(1, math.ceil(coverage * len(sure) - 1e-9))
    return float(1 - risk[answered - 1])


def area_under_risk(sure: NDArray[np.float64], correct: NDArray[np.bool_]) -> float:
    """Mean risk over all coverages; the lower the better. Shapes (documents,)."""
    return float(coverage_risk(sure, correct)[1].mean())
