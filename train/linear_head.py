"""Logistic regression per label on features of whole texts; needs scikit-learn, but no torch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression

from aikind.train.metrics import kind_accuracy

__all__ = ["DEFAULT_STRENGTH", "EmbeddingScale", "LinearHead", "fit_linear_head", "tfidf_vectorizer"]

DEFAULT_STRENGTH = 1.0
_STRENGTHS = (0.001, 0.003, 0.01, 0.1, 0.3, DEFAULT_STRENGTH, 3.0, 10.0, 30.0)  # low ones suit embeddings, high ones TF-IDF


@dataclass(frozen=True, slots=True)
class EmbeddingScale:
    """Brings embeddings to a form that a linear head learns from easily: unit length, then mean 0 and spread 1 per dimension.

    Sentence encoders are trained on angles, so that an embedding's length tells next to nothing.

    Attributes:
        centre, spread: Shape (dimensions,).
    """

    centre: NDArray[np.float32]
    spread: NDArray[np.float32]

    @classmethod
    def of(cls, embeddings: NDArray[np.float32]) -> EmbeddingScale:
        """The scale of embeddings of shape (texts, dimensions)."""
        unit = _unit(embeddings)
        spread = unit.std(axis=0) + 1e-3 * unit.std()  # a dimension that is all but constant must not be blown up
        return cls(unit.mean(axis=0), np.where(spread > 0, spread, 1.0))

    def __call__(self, embeddings: NDArray[np.float32]) -> NDArray[np.float32]:
        """Scaled embeddings, of the same shape."""
        return np.asarray((_unit(embeddings) - self.centre) / self.spread, dtype=np.float32)


def _unit(embeddings: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.asarray(embeddings / np.maximum(np.linalg.norm(embeddings, axis=1, keepdims=True), 1e-12))


@dataclass(frozen=True, slots=True)
class LinearHead:
    """Attributes:
    weights: Shape (labels, features).
    biases: Shape (labels,); infinite for a label that training gave to every text, or to none.
    """

    weights: NDArray[np.float64]
    biases: NDArray[np.float64]

    def probabilities(self, features: Any) -> NDArray[np.float64]:
        """For features of shape (texts, features), dense or sparse, shape (texts, labels)."""
        logits = np.asarray(features @ self.weights.T) + self.biases
        return np.asarray(0.5 * (1 + np.tanh(0.5 * logits)))


def fit_linear_head(train: Any, gold: NDArray[np.bool_], validation: Any, validation_gold: NDArray[np.bool_]) -> LinearHead:
    """Learn from ``train``; the regularisation is the one with the best kind accuracy on validation, if there is any.

    Args:
        train, validation: Features of shape (texts, features), dense or sparse.
        gold, validation_gold: Shape (texts, labels).
    """
    if not len(validation_gold):
        return _learn(train, gold, DEFAULT_STRENGTH)
    heads = [_learn(train, gold, strength) for strength in _STRENGTHS]
    return max(heads, key=lambda head: kind_accuracy(head.probabilities(validation) >= 0.5, validation_gold))


def _learn(features: Any, gold: NDArray[np.bool_], strength: float) -> LinearHead:
    weights, biases = np.zeros((gold.shape[1], features.shape[1])), np.empty(gold.shape[1])
    for j in range(gold.shape[1]):
        if gold[:, j].all() or not gold[:, j].any():
            biases[j] = np.inf if gold[0, j] else -np.inf
            continue
        regression = LogisticRegression(C=strength, max_iter=2000).fit(features, gold[:, j])
        weights[j], biases[j] = regression.coef_[0], regression.intercept_[0]
    return LinearHead(weights, biases)


def tfidf_vectorizer(**options: Any) -> TfidfVectorizer:
    """Words and pairs of words that at least two texts have; ``options`` are scikit-learn's."""
    return TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, strip_accents="unicode", **{"min_df": 2, **options})
