"""Figures of one model or baseline on one set of gold rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aikind.data.gold_rows import GoldRow
from aikind.label_set import LabelSet
from aikind.train.answers import Answers
from aikind.train.groups import GroupFigures, accuracy_by_group
from aikind.train.intervals import Interval, bootstrap_intervals
from aikind.train.metrics import confusion, kind_accuracy, label_metrics
from aikind.train.selective import accuracy_at, area_under_risk

__all__ = ["COVERAGE", "Evaluation", "Unsure", "measure"]

COVERAGE = 0.8
_CURVE = tuple(n / 20 for n in range(1, 21))


@dataclass(frozen=True, slots=True)
class Unsure:
    """Share of documents marked as unsure, and the kind accuracy on them and on the others; None where there are none."""

    share: float
    accuracy_inside: float | None
    accuracy_outside: float | None


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Figures of one model or baseline.

    Attributes:
        labels: For each label its precision, recall, f1, f1_interval, average_precision, calibration_error, brier, support.
        confusion: Documents by gold kind, then by the kind that was said.
        accuracy_at_coverage: Kind accuracy on the surest 80 % of the documents.
        area_under_risk: Area under the coverage-risk curve.
        groups: For each grouping, for each group its figures.
        answers: What the figures were made of; for curves, not for JSON.
    """

    name: str
    documents: int
    kind_accuracy: float
    kind_accuracy_interval: Interval
    labels: dict[str, dict[str, Any]]
    confusion: dict[str, dict[str, int]]
    accuracy_at_coverage: float
    area_under_risk: float
    unsure: Unsure | None
    groups: dict[str, dict[str, GroupFigures]]
    answers: Answers = field(repr=False)

    def to_dict(self) -> dict[str, Any]:
        """Ready for JSON; the coverage-risk curve is given at every twentieth of the coverage."""
        answers = self.answers
        return {
            "name": self.name,
            "documents": self.documents,
            "kind_accuracy": self.kind_accuracy,
            "kind_accuracy_interval": self.kind_accuracy_interval,
            "labels": self.labels,
            "confusion": self.confusion,
            "coverage": {
                "accuracy_at_80_percent": self.accuracy_at_coverage,
                "area_under_risk": self.area_under_risk,
                "accuracy_at": {f"{c:.2f}": accuracy_at(c, answers.sureness, answers.correct) for c in _CURVE},
            },
            "unsure": None if self.unsure is None else asdict(self.unsure),
            "groups": {name: {key: asdict(f) for key, f in group.items()} for name, group in self.groups.items()},
        }


def measure(name: str, label_set: LabelSet, rows: Sequence[GoldRow], answers: Answers, fewest: int = 1) -> Evaluation:
    """Measure the answers on ``rows``, at least one; groups of fewer than ``fewest`` rows are put together."""
    predicted, gold = answers.predicted, answers.gold
    intervals = bootstrap_intervals(predicted, gold)
    labels = label_metrics(label_set.names, answers.scores, predicted, gold)
    for label, interval in zip(label_set.names, intervals.f1, strict=True):
        labels[label]["f1_interval"] = interval
    return Evaluation(
        name=name,
        documents=len(rows),
        kind_accuracy=kind_accuracy(predicted, gold),
        kind_accuracy_interval=intervals.kind_accuracy,
        labels=labels,
        confusion=confusion(label_set, predicted, gold),
        accuracy_at_coverage=accuracy_at(COVERAGE, answers.sureness, answers.correct),
        area_under_risk=area_under_risk(answers.sureness, answers.correct),
        unsure=None if answers.unsure is None else _unsure(answers.unsure, answers.correct),
        groups=accuracy_by_group(rows, answers.correct, label_set, fewest),
        answers=answers,
    )


def _unsure(unsure: NDArray[np.bool_], correct: NDArray[np.bool_]) -> Unsure:
    inside, outside = correct[unsure], correct[~unsure]
    return Unsure(
        share=float(unsure.mean()),
        accuracy_inside=float(inside.mean()) if len(inside) else None,
        accuracy_outside=float(outside.mean()) if len(outside) else None,
    )
