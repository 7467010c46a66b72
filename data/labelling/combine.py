"""Combine the votes on one label into a weak label per row."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from aikind.data.labelling.base import Vote, Votes
from aikind.data.rows import Row
from aikind.errors import MissingExtraError, RecipeError

__all__ = ["COMBINERS", "UNKNOWN", "Combiner", "by_accuracy", "combiner", "dawid_skene", "gold_values", "majority", "measure_combiners"]

UNKNOWN = -1
_FOLDS = 5
_PRIOR = 0.7

# Takes votes of shape (rows, functions of one label) and gold of shape (rows,) with 1, 0 or UNKNOWN; gives the
# probability of yes per row, NaN where every function abstains.
Combiner = Callable[[NDArray[np.int8], NDArray[np.int8]], NDArray[np.float64]]


def majority(votes: NDArray[np.int8], gold: NDArray[np.int8]) -> NDArray[np.float64]:  # noqa: ARG001
    """Share of yes among the votes given; 0.5 on a tie."""
    yes = (votes == Vote.YES).sum(axis=1)
    given = (votes != Vote.ABSTAIN).sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(given > 0, yes / given, np.nan)


def by_accuracy(votes: NDArray[np.int8], gold: NDArray[np.int8]) -> NDArray[np.float64]:
    """Votes weighted by the log-odds of each function's accuracy on gold, drawn towards ``_PRIOR`` by two made-up votes.

    Where there is no gold, all functions weigh the same, as in ``majority``.
    """
    cast = votes != Vote.ABSTAIN
    judged = cast & (gold != UNKNOWN)[:, None]
    hits = (judged & (votes == gold[:, None])).sum(axis=0)
    accuracy = (hits + 2 * _PRIOR) / (judged.sum(axis=0) + 2)
    odds = np.log(accuracy / (1 - accuracy))
    total = np.where(cast, np.where(votes == Vote.YES, odds, -odds), 0.0).sum(axis=1)
    return np.where(cast.any(axis=1), 1 / (1 + np.exp(-total)), np.nan)


def dawid_skene(votes: NDArray[np.int8], gold: NDArray[np.int8]) -> NDArray[np.float64]:  # noqa: ARG001
    """Functions as annotators with confusion matrices of their own, by expectation maximisation (Dawid and Skene 1979).

    Raises:
        MissingExtraError: crowd-kit is not installed.
    """
    try:
        import pandas as pd
        from crowdkit.aggregation import DawidSkene
    except ImportError as error:
        raise MissingExtraError("combining votes by Dawid-Skene", "train") from error
    result = np.full(len(votes), np.nan)
    tasks, workers = np.nonzero(votes != Vote.ABSTAIN)
    if len(tasks) == 0:
        return result
    answers = pd.DataFrame({"task": tasks, "worker": workers, "label": votes[tasks, workers]})
    probabilities = DawidSkene(n_iter=100).fit_predict_proba(answers)
    result[probabilities.index.to_numpy()] = probabilities[int(Vote.YES)].to_numpy() if int(Vote.YES) in probabilities else 0.0
    return result


COMBINERS: dict[str, Combiner] = {f.__name__: f for f in (majority, by_accuracy, dawid_skene)}


def combiner(name: str, where: str) -> Combiner:
    """The combiner of that name.

    Raises:
        RecipeError: There is none; ``where`` names the recipe.
    """
    if name not in COMBINERS:
        raise RecipeError(f"{where}: combine = {name!r}; expected one of {', '.join(sorted(COMBINERS))}")
    return COMBINERS[name]


def gold_values(rows: Sequence[Row], label: str) -> NDArray[np.int8]:
    """Gold of each row for one label: 1, 0 or UNKNOWN."""
    return np.array([UNKNOWN if r.labels is None else int(r.labels[label]) for r in rows], dtype=np.int8)


def measure_combiners(votes: Votes, rows: Sequence[Row], labels: Sequence[str]) -> dict[str, dict[str, float]]:
    """Accuracy of every combiner per label over the gold rows on which a function votes.

    What a combiner learns from gold it learns on other folds than those it is measured on.
    """
    fold = np.arange(len(rows)) % _FOLDS
    result: dict[str, dict[str, float]] = {name: {} for name in COMBINERS}
    for label in labels:
        own, gold = votes.matrix[:, votes.columns(label)], gold_values(rows, label)
        for name, combine in COMBINERS.items():
            hits, count = 0, 0
            for k in range(_FOLDS):
                held_out = (fold == k) & (gold != UNKNOWN)
                probability = combine(own, np.where(fold == k, UNKNOWN, gold).astype(np.int8))
                judged = held_out & ~np.isnan(probability)
                hits += int(((probability[judged] >= 0.5) == (gold[judged] == 1)).sum())
                count += int(judged.sum())
            result[name][label] = hits / count if count else float("nan")
    return result
