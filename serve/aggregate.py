"""From window logits to document logits."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

__all__ = ["AGGREGATIONS", "log_mean_exp", "maximum", "mean", "top_two_mean"]

Aggregation = Callable[[NDArray[np.float32]], NDArray[np.float64]]


def log_mean_exp(logits: NDArray[np.float32]) -> NDArray[np.float64]:
    """Smooth maximum that asks for more evidence the longer the text is.

    Args:
        logits: Shape (windows, labels).

    Returns:
        Shape (labels,). One window's logits come back unchanged.
    """
    wide = logits.astype(np.float64)
    top = wide.max(axis=0)
    return np.asarray(top + np.log(np.exp(wide - top).mean(axis=0)))


def maximum(logits: NDArray[np.float32]) -> NDArray[np.float64]:
    """The strongest window decides. Shapes as in ``log_mean_exp``."""
    return np.asarray(logits.astype(np.float64).max(axis=0))


def top_two_mean(logits: NDArray[np.float32]) -> NDArray[np.float64]:
    """Mean of the two strongest windows per label. Shapes as in ``log_mean_exp``."""
    return np.asarray(np.sort(logits.astype(np.float64), axis=0)[-2:].mean(axis=0))


def mean(logits: NDArray[np.float32]) -> NDArray[np.float64]:
    """All windows count alike. Shapes as in ``log_mean_exp``."""
    return np.asarray(logits.astype(np.float64).mean(axis=0))


AGGREGATIONS: dict[str, Aggregation] = {f.__name__: f for f in (log_mean_exp, maximum, top_two_mean, mean)}
