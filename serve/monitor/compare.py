"""Whether the differences between two collections are beyond chance.

Permutation tests (Fisher 1935; Good 2005, "Permutation, Parametric and Bootstrap Tests of Hypotheses"): if both came from
one source, any way of dealing all documents to the two sides would be as good as the real one. The p-values of all
questions are corrected together (Holm 1979, "A Simple Sequentially Rejective Multiple Test Procedure").
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from aikind.serve.monitor.features import Feature

__all__ = ["ALPHA", "Tested", "compare", "holm", "telling"]

ALPHA = 0.01  # of all findings together: in one of a hundred comparisons of like with like there is a false one
_PERMUTATIONS_A_TEST = 400  # so that the smallest p-value is far below the corrected level
_CHUNK = 64


@dataclass(frozen=True, slots=True)
class Tested:
    """One question, answered.

    Attributes:
        effect: Size of the difference as Cohen (1988) measures it; 0.2 is small, 0.5 medium, 0.8 large. Of shares the largest
            difference of their angles (his h); of embeddings the distance of the two means in units of the documents'
            distance from their own.
        p, adjusted_p: Before and after the correction for the number of questions.
        reference, current: Mean of each column on either side.
        weights: How much a column tells the sides apart, shape (columns,).
    """

    feature: Feature
    effect: float
    p: float
    adjusted_p: float
    reference: NDArray[np.float64]
    current: NDArray[np.float64]
    weights: NDArray[np.float64]

    @property
    def beyond_chance(self) -> bool:
        return self.adjusted_p < ALPHA


def compare(features: Sequence[Feature], references: int, seed: int = 0) -> list[Tested]:
    """Test every feature; the first ``references`` documents are those of the reference. The same seed gives the same answer."""
    scaled = [_scaled(feature) for feature in features]
    columns = np.concatenate(scaled, axis=1)
    ends = np.cumsum([part.shape[1] for part in scaled])
    parts = [slice(end - part.shape[1], end) for end, part in zip(ends, scaled, strict=True)]
    documents, rounds = len(columns), _PERMUTATIONS_A_TEST * len(features)
    total, rng = columns.sum(axis=0), np.random.default_rng(seed)

    def statistics(sides: NDArray[np.float32]) -> NDArray[np.float64]:
        """For each row of ``sides`` (1: current) the statistic of each feature, shape (rows, features)."""
        sums = sides @ columns
        difference = (sums / (documents - references) - (total - sums) / references).astype(np.float64) ** 2
        by_feature = [(f.by, difference[:, part]) for f, part in zip(features, parts, strict=True)]
        return np.stack([own.max(axis=1) if by == "max" else own.sum(axis=1) for by, own in by_feature], axis=1)

    real = np.zeros((1, documents), dtype=np.float32)
    real[0, references:] = 1
    observed = statistics(real)[0]
    as_large = np.zeros(len(features))
    for at in range(0, rounds, _CHUNK):
        sides = rng.permuted(np.repeat(real, min(_CHUNK, rounds - at), axis=0), axis=1)
        as_large += (statistics(sides) >= observed * (1 - 1e-6)).sum(axis=0)
    p_values = (1 + as_large) / (rounds + 1)
    return [
        _tested(feature, part, references, float(p), float(adjusted))
        for feature, part, p, adjusted in zip(features, scaled, p_values, holm(p_values), strict=True)
    ]


def holm(p_values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Adjusted p-values; one below a level is a finding such that any false one is rarer than that level."""
    order = np.argsort(p_values)
    stepped = np.maximum.accumulate(p_values[order] * np.arange(len(p_values), 0, -1))
    adjusted = np.empty(len(p_values))
    adjusted[order] = np.minimum(stepped, 1)
    return adjusted


def telling(tested: Sequence[Tested], documents: NDArray[np.int64]) -> NDArray[np.float64]:
    """How much each of ``documents`` (row numbers) has of what sets the current side apart, over all findings."""
    score = np.zeros(len(documents))
    for one in tested:
        if one.beyond_chance:
            along = _scaled(one.feature) @ one.weights
            score += (along[documents] - along.mean()) / max(float(along.std()), 1e-9)
    return score


def _scaled(feature: Feature) -> NDArray[np.float32]:
    values = feature.values - feature.values.mean(axis=0)
    if feature.standardised:
        values = values / np.maximum(values.std(axis=0), 1e-6)
    return np.asarray(values, dtype=np.float32)


def _tested(feature: Feature, scaled: NDArray[np.float32], references: int, p: float, adjusted: float) -> Tested:
    sides = feature.values[:references], feature.values[references:]
    reference, current = (side.mean(axis=0, dtype=np.float64) for side in sides)
    weights = scaled[references:].mean(axis=0, dtype=np.float64) - scaled[:references].mean(axis=0, dtype=np.float64)
    if feature.standardised:
        effect = float(np.abs(_angle(current) - _angle(reference)).max())
    else:
        spread = float(np.sqrt(np.mean([side.var(axis=0).sum() for side in sides])))
        effect = float(np.linalg.norm(current - reference)) / spread if spread > 0 else 0.0
    return Tested(feature, effect, p, adjusted, reference, current, weights)


def _angle(share: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(2 * np.arcsin(np.sqrt(np.clip(share, 0, 1))))
