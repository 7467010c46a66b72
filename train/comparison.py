"""Two models side by side on the same labelled texts, with paired tests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from math import comb
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aikind.data.texts import Answered
from aikind.serve.tagger import Tagger
from aikind.train.intervals import RESAMPLES, Interval

__all__ = ["Comparison", "LabelFigures", "answers_of", "compare", "gold_of", "right", "sign_test"]


@dataclass(frozen=True, slots=True)
class LabelFigures:
    """One label's figures: how many texts have an answer, how many carry it, and F1 of both models."""

    documents: int
    support: int
    f1: tuple[float, float]


@dataclass(frozen=True, slots=True)
class Comparison:
    """What two models, A and B, say of the same texts.

    Attributes:
        accuracy: Of each, the share of texts of which every answered label is right.
        difference: Accuracy of B less that of A, with its 95 % interval by paired bootstrap.
        only_a_right, only_b_right: Texts that one has right and the other has wrong.
        p_value: Of the exact McNemar test, two-sided.
        changed: Texts to which the two give other labels.
    """

    name: str
    documents: int
    accuracy: tuple[float, float]
    difference: float
    interval: Interval
    only_a_right: int
    only_b_right: int
    p_value: float
    changed: int
    labels: Mapping[str, LabelFigures]

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


def sign_test(wins: int, losses: int) -> float:
    """Probability of so many wins or more where each side wins as often: the one-sided exact test of McNemar 1947."""
    trials = wins + losses
    return float(sum(comb(trials, k) for k in range(wins, trials + 1)) / 2**trials)


def gold_of(rows: Sequence[Answered], labels: Sequence[str]) -> NDArray[np.float64]:
    """Answers of shape (texts, labels): 0, 1, or NaN where there is none."""
    return np.array([[row.labels.get(name, np.nan) for name in labels] for row in rows], dtype=np.float64).reshape(len(rows), len(labels))


def answers_of(model: Path, texts: Sequence[str], labels: Sequence[str]) -> NDArray[np.float64]:
    """What ``aikind tag`` says, shape (texts, labels): 0 or 1, and 0 for a label that the model does not know.

    A text that cannot be tagged has NaN.
    """
    tagger = Tagger(model)
    return np.array([[np.nan if t.error else float(name in t.labels) for name in labels] for t in tagger.tag_many(texts)]).reshape(
        len(texts), len(labels)
    )


def right(gold: NDArray[np.float64], said: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Whether every answered label of a text is right, shape (texts,). Arguments of shape (texts, labels)."""
    return np.asarray((np.isnan(gold) | (gold == said)).all(axis=1))


def compare(name: str, labels: Sequence[str], gold: NDArray[np.float64], a: NDArray[np.float64], b: NDArray[np.float64]) -> Comparison:
    """Compare what two models said with gold; all shapes (texts, labels), of at least one text."""
    right_a, right_b = right(gold, a), right(gold, b)
    gain = right_b.astype(np.float64) - right_a
    only_a, only_b = int((gain < 0).sum()), int((gain > 0).sum())
    rng = np.random.default_rng(0)
    means = [gain[rng.integers(len(gain), size=len(gain))].mean() for _ in range(RESAMPLES)]
    low, high = np.quantile(means, (0.025, 0.975))
    return Comparison(
        name=name,
        documents=len(gold),
        accuracy=(float(right_a.mean()), float(right_b.mean())),
        difference=float(gain.mean()),
        interval=(float(low), float(high)),
        only_a_right=only_a,
        only_b_right=only_b,
        p_value=min(1.0, 2 * sign_test(max(only_a, only_b), min(only_a, only_b))),
        changed=int((a != b).any(axis=1).sum()),
        labels={n: _figures(gold[:, j], a[:, j], b[:, j]) for j, n in enumerate(labels) if not np.isnan(gold[:, j]).all()},
    )


def _figures(gold: NDArray[np.float64], a: NDArray[np.float64], b: NDArray[np.float64]) -> LabelFigures:
    answered = ~np.isnan(gold)
    carries = gold[answered] == 1
    return LabelFigures(int(answered.sum()), int(carries.sum()), (_f1(carries, a[answered] == 1), _f1(carries, b[answered] == 1)))


def _f1(gold: NDArray[np.bool_], said: NDArray[np.bool_]) -> float:
    """F1, which is 1 where neither gold nor the model has the label."""
    either = int(gold.sum() + said.sum())
    return 2 * int((gold & said).sum()) / either if either else 1.0
