"""Measure a model on gold rows, and set baselines beside it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aikind.data.gold_rows import GoldRow
from aikind.label_set import LabelSet
from aikind.serve.model import Model
from aikind.train.metrics import kind_accuracy, label_metrics
from aikind.train.parity import score_all

__all__ = ["Evaluation", "evaluate_model", "measure", "render"]


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Figures of one model or baseline on one set of gold rows; ready for JSON.

    Attributes:
        groups: Kind accuracy and count by ``genre`` and by ``difficulty``.
    """

    name: str
    documents: int
    kind_accuracy: float
    labels: dict[str, dict[str, Any]]
    groups: dict[str, dict[str, dict[str, float]]]

    def to_dict(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "documents": self.documents,
            "kind_accuracy": self.kind_accuracy,
            "labels": self.labels,
            "groups": self.groups,
        }


def evaluate_model(model: Model, rows: Sequence[GoldRow], name: str) -> Evaluation:
    """Measure a model folder as it tags: int8, with its own windows, calibration and thresholds."""
    thresholds = np.array([model.manifest.thresholds[n] for n in model.manifest.label_set.names])
    return measure(name, model.manifest.label_set, rows, score_all(model, [row.text for row in rows]), thresholds)


def measure(
    name: str,
    label_set: LabelSet,
    rows: Sequence[GoldRow],
    scores: NDArray[np.float64],
    thresholds: NDArray[np.float64] | float = 0.5,
) -> Evaluation:
    """Measure probabilities of shape (rows, labels) against gold."""
    gold = np.array([[row.labels[n] for n in label_set.names] for row in rows])
    predicted = scores >= thresholds
    groupings: dict[str, Callable[[GoldRow], str]] = {
        "difficulty": lambda row: "hard" if row.hard else "easy",
        "kind": lambda row: label_set.kind([n for n in label_set.names if row.labels[n]]),
        "genre": lambda row: row.genre,
    }
    groups: dict[str, dict[str, dict[str, float]]] = {}
    for group, key in groupings.items():
        keys = np.array([key(row) for row in rows])
        groups[group] = {
            str(k): {"documents": int((keys == k).sum()), "kind_accuracy": kind_accuracy(predicted[keys == k], gold[keys == k])}
            for k in sorted(set(keys.tolist()))
        }
    return Evaluation(name, len(rows), kind_accuracy(predicted, gold), label_metrics(label_set.names, scores, predicted, gold), groups)


def render(evaluations: Sequence[Evaluation], label_set: LabelSet) -> str:
    """Plain-text tables: all evaluations side by side, then the groups of the first."""
    width = max(len(e.name) for e in evaluations)
    header = "".join(f"  F1 {n}  AP {n}" for n in label_set.names)
    lines = [f"{'model'.ljust(width)}  kind accuracy{header}"]
    for e in evaluations:
        cells = ""
        for n in label_set.names:
            ap = e.labels[n]["average_precision"]
            cells += f"  {e.labels[n]['f1']:.3f}".ljust(len(n) + 5) + ("  -" if ap is None else f"  {ap:.3f}").ljust(len(n) + 5)
        lines.append(f"{e.name.ljust(width)}  {e.kind_accuracy:<13.3f}{cells}".rstrip())
    first = evaluations[0]
    for group, entries in first.groups.items():
        lines.append(f"\n{first.name}, by {group} ({first.documents} documents)")
        lines += [f"  {key.ljust(36)} {v['kind_accuracy']:.3f}  of {v['documents']:.0f}" for key, v in entries.items()]
    return "\n".join(lines)
