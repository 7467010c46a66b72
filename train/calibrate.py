"""Choose the aggregation and fit the calibration of document logits, on validation only."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss

from aikind.model_folder import Calibration
from aikind.serve.aggregate import AGGREGATIONS

__all__ = ["choose_aggregation", "fit_platt"]

Logits = NDArray[np.float32]


def fit_platt(logits: NDArray[np.float64], gold: NDArray[np.bool_]) -> Calibration:
    """Platt scaling (Platt 1999) of one label's document logits; the identity where gold has one class only.

    Args:
        logits, gold: Shape (documents,).
    """
    if gold.all() or not gold.any():
        return Calibration(1.0, 0.0)
    regression = LogisticRegression(C=100.0).fit(logits[:, None], gold)
    slope = float(regression.coef_[0, 0])
    if slope <= 0:  # a model that knows nothing must not be turned upside down
        return Calibration(1.0, 0.0)
    return Calibration(slope, float(regression.intercept_[0]))


def choose_aggregation(window_logits: Sequence[Logits], gold: NDArray[np.bool_]) -> tuple[str, list[Calibration], dict[str, float]]:
    """The aggregation with the lowest calibrated log loss, its calibration per label, and the loss of each candidate.

    Args:
        window_logits: For each document an array of shape (windows, labels).
        gold: Shape (documents, labels).
    """
    best: tuple[str, list[Calibration]] | None = None
    losses: dict[str, float] = {}
    for name, aggregate in AGGREGATIONS.items():
        logits = np.stack([aggregate(windows) for windows in window_logits])
        calibration = [fit_platt(logits[:, j], gold[:, j]) for j in range(gold.shape[1])]
        total = 0.0
        for j, c in enumerate(calibration):
            probability = 1 / (1 + np.exp(-(c.slope * logits[:, j] + c.intercept)))
            total += float(log_loss(gold[:, j], probability, labels=[False, True]))
        losses[name] = total / gold.shape[1]
        if best is None or losses[name] < losses[best[0]] - 1e-9:
            best = (name, calibration)
    assert best is not None
    return best[0], best[1], losses
