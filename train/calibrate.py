"""Choose the aggregation and fit the calibration of document logits, on validation only."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from aikind.model_folder import Calibration
from aikind.serve.aggregate import AGGREGATIONS

__all__ = ["choose_aggregation", "fit_platt"]

Logits = NDArray[np.float32]
FEWEST = 20  # answers to a label from which on they say more of it than training does


def fit_platt(logits: NDArray[np.float64], gold: NDArray[np.bool_] | NDArray[np.float64]) -> Calibration:
    """Platt scaling (Platt 1999) of one label's document logits; the identity where gold has one class only.

    Args:
        logits: Shape (documents,).
        gold: Shape (documents,), also as probabilities: another model's, which the result then comes close to. NaN where
            there is no answer.
    """
    answered = ~np.isnan(gold)
    x, target = logits[answered, None], gold[answered].astype(np.float64)
    if len(target) < FEWEST or (target >= 0.5).all() or (target < 0.5).all():
        return Calibration(1.0, 0.0)
    # A document that carries a label with probability p counts as p of one that does, and 1 - p of one that does not.
    regression = LogisticRegression(C=100.0).fit(
        np.concatenate([x, x]), np.repeat([True, False], len(x)), sample_weight=np.concatenate([target, 1 - target])
    )
    slope = float(regression.coef_[0, 0])
    if slope <= 0:  # a model that knows nothing must not be turned upside down
        return Calibration(1.0, 0.0)
    return Calibration(slope, float(regression.intercept_[0]))


def choose_aggregation(
    window_logits: Sequence[Logits], gold: NDArray[np.bool_] | NDArray[np.float64]
) -> tuple[str, list[Calibration], dict[str, float]]:
    """The aggregation with the lowest calibrated log loss, its calibration per label, and the loss of each candidate.

    Args:
        window_logits: For each document an array of shape (windows, labels).
        gold: Shape (documents, labels); as in ``fit_platt``.
    """
    best: tuple[str, list[Calibration]] | None = None
    losses: dict[str, float] = {}
    for name, aggregate in AGGREGATIONS.items():
        logits = np.stack([aggregate(windows) for windows in window_logits])
        calibration = [fit_platt(logits[:, j], gold[:, j]) for j in range(gold.shape[1])]
        total = 0.0
        for j, c in enumerate(calibration):
            probability = 1 / (1 + np.exp(-(c.slope * logits[:, j] + c.intercept)))
            total += _log_loss(probability, gold[:, j].astype(np.float64))
        losses[name] = total / gold.shape[1]
        if best is None or losses[name] < losses[best[0]] - 1e-9:
            best = (name, calibration)
    assert best is not None
    return best[0], best[1], losses


def _log_loss(probability: NDArray[np.float64], target: NDArray[np.float64]) -> float:
    inside = np.clip(probability, 1e-15, 1 - 1e-15)
    losses = -(target * np.log(inside) + (1 - target) * np.log1p(-inside))
    return float(np.nanmean(losses)) if not np.isnan(losses).all() else 0.0
