"""95 % intervals: how far a figure could lie from what another sample of documents would have shown."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["RESAMPLES", "Interval", "Intervals", "bootstrap_intervals", "wilson_interval"]

RESAMPLES = 1000
_CHUNK = 4_000_000  # draws at a time, so that a large file does not fill the memory
_Z = 1.959964

Interval = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Intervals:
    """Attributes:
    f1: One interval per label, in the labels' order.
    """

    kind_accuracy: Interval
    f1: list[Interval]


def bootstrap_intervals(predicted: NDArray[np.bool_], gold: NDArray[np.bool_], resamples: int = RESAMPLES, seed: int = 0) -> Intervals:
    """Percentile bootstrap over documents (Efron and Tibshirani 1993), the same for the same seed.

    Args:
        predicted, gold: Shape (documents, labels), at least one document.
    """
    rng = np.random.default_rng(seed)
    documents, labels = gold.shape
    correct = (predicted == gold).all(axis=1)
    both, either = predicted & gold, predicted.astype(np.int8) + gold
    accuracy = np.empty(resamples)
    f1 = np.empty((resamples, labels))
    step = max(1, _CHUNK // documents)
    for at in range(0, resamples, step):
        draws = rng.integers(documents, size=(min(step, resamples - at), documents))
        part = slice(at, at + len(draws))
        accuracy[part] = correct[draws].mean(axis=1)
        for j in range(labels):
            sums = either[:, j][draws].sum(axis=1)  # true positives twice, each error once
            f1[part, j] = 2 * both[:, j][draws].sum(axis=1) / np.maximum(sums, 1)
    return Intervals(_middle(accuracy), [_middle(f1[:, j]) for j in range(labels)])


def _middle(values: NDArray[np.float64]) -> Interval:
    low, high = np.quantile(values, (0.025, 0.975))
    return float(low), float(high)


def wilson_interval(hits: int, documents: int) -> Interval:
    """Score interval of a share (Wilson 1927), which keeps its width where few documents are all right or all wrong."""
    share, slack = hits / documents, _Z**2 / documents
    centre = (share + slack / 2) / (1 + slack)
    half = _Z / (1 + slack) * float(np.sqrt(share * (1 - share) / documents + slack / (4 * documents)))
    return max(0.0, centre - half), min(1.0, centre + half)
