"""How far a label's probabilities can be taken at their word."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["BINS", "Bins", "brier_score", "equal_mass_bins", "expected_calibration_error"]

BINS = 10


@dataclass(frozen=True, slots=True)
class Bins:
    """Documents in bins of rising probability; every array has the shape (bins,).

    Attributes:
        documents: How many are in the bin; never 0.
        said, found: Mean probability, and the share that carries the label.
    """

    documents: NDArray[np.int64]
    said: NDArray[np.float64]
    found: NDArray[np.float64]


def equal_mass_bins(scores: NDArray[np.float64], gold: NDArray[np.bool_], bins: int = BINS) -> Bins:
    """Sort documents by probability into at most ``bins`` bins of about one size. Shapes (documents,).

    Equal probabilities share a bin, so that the order of the documents changes nothing.
    """
    rank = np.searchsorted(np.sort(scores), scores, side="left")
    _, bin_of = np.unique(rank * bins // max(len(scores), 1), return_inverse=True)
    documents = np.bincount(bin_of)
    return Bins(
        documents=documents,
        said=np.bincount(bin_of, weights=scores) / documents,
        found=np.bincount(bin_of, weights=gold.astype(np.float64)) / documents,
    )


def expected_calibration_error(scores: NDArray[np.float64], gold: NDArray[np.bool_], bins: int = BINS) -> float:
    """Mean distance between probability and share of the label, over equal-mass bins. Shapes (documents,).

    The error is that of Guo et al. 2017, "On Calibration of Modern Neural Networks"; bins of equal mass, of one class's
    probability, are those of Nixon et al. 2019, "Measuring Calibration in Deep Learning".
    """
    binned = equal_mass_bins(scores, gold, bins)
    return float(np.average(np.abs(binned.said - binned.found), weights=binned.documents))


def brier_score(scores: NDArray[np.float64], gold: NDArray[np.bool_]) -> float:
    """Mean squared distance of the probabilities from 0 or 1 (Brier 1950). Shapes (documents,)."""
    return float(((scores - gold) ** 2).mean())
