"""Accuracy by groups of documents: where a model is good, and where it is not."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from aikind.data.gold_rows import GoldRow
from aikind.label_set import LabelSet
from aikind.train.intervals import Interval, wilson_interval

__all__ = ["GroupFigures", "accuracy_by_group", "length_band"]

_LONGEST = (12, 40, 100, 250, 800)  # words in each band of lengths but the last
_BANDS = (*(f"{low + 1}-{high} words" for low, high in pairwise((0, *_LONGEST))), f"over {_LONGEST[-1]} words")
_POOLED = "smaller groups"


@dataclass(frozen=True, slots=True)
class GroupFigures:
    documents: int
    kind_accuracy: float
    interval: Interval


def length_band(text: str) -> str:
    """Which band of lengths a text falls in, in words."""
    return _BANDS[bisect_left(_LONGEST, len(text.split()))]


def accuracy_by_group(
    rows: Sequence[GoldRow], correct: NDArray[np.bool_], label_set: LabelSet, fewest: int = 1
) -> dict[str, dict[str, GroupFigures]]:
    """Kind accuracy by kind, difficulty, length and genre, and by era and source where rows have one.

    Args:
        correct: Whether each row's kind is right, shape (rows,).
        fewest: Groups of fewer rows are put together, or left out where even together they are fewer.
    """
    groupings: dict[str, tuple[Callable[[GoldRow], str], Sequence[str]]] = {
        "kind": (lambda row: label_set.kind([n for n in label_set.names if row.labels[n]]), label_set.kinds),
        "difficulty": (lambda row: "hard" if row.hard else "easy", ("easy", "hard")),
        "length": (lambda row: length_band(row.text), _BANDS),
    }
    if any(row.era for row in rows):
        groupings["era"] = (lambda row: row.era or "unknown", ())
    if any(row.source for row in rows):
        groupings["source"] = (lambda row: row.source or "unknown", ())
    groupings["genre"] = (lambda row: row.genre, ())
    return {name: _figures([key(row) for row in rows], correct, order, fewest) for name, (key, order) in groupings.items()}


def _figures(keys: Sequence[str], correct: NDArray[np.bool_], order: Sequence[str], fewest: int) -> dict[str, GroupFigures]:
    found, group_of, sizes = np.unique(np.array(keys, dtype=object), return_inverse=True, return_counts=True)
    kept = {str(key): int(i) for i, key in enumerate(found) if sizes[i] >= fewest}
    result = {}
    for key in sorted(kept, key=lambda k: (order.index(k) if k in order else len(order), -sizes[kept[k]], k)):
        result[key] = _of(correct[group_of == kept[key]])
    pooled = correct[sizes[group_of] < fewest]
    if len(pooled) >= fewest:
        result[_POOLED] = _of(pooled)
    return result


def _of(correct: NDArray[np.bool_]) -> GroupFigures:
    hits = int(correct.sum())
    return GroupFigures(len(correct), hits / len(correct), wilson_interval(hits, len(correct)))
