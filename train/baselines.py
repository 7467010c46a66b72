"""What a model must beat: keyword rules, TF-IDF and frozen embeddings, each trained on the same rows."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression

from aikind.base_package import DEFAULT_BASE
from aikind.data.gold_rows import GoldRow
from aikind.data.labelling.base import apply_functions, registered_functions, select
from aikind.data.labelling.combine import UNKNOWN, majority
from aikind.data.rows import Row, normalised
from aikind.data.store import StoredDataset
from aikind.train.head_start import text_embeddings
from aikind.train.metrics import kind_accuracy

__all__ = ["Baselines", "run_baselines"]

Scores = NDArray[np.float64]
_Strengths = tuple[float, ...]
_TFIDF_STRENGTHS: _Strengths = (0.3, 1.0, 3.0, 10.0, 30.0)
_EMBEDDING_STRENGTHS: _Strengths = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3)


@dataclass(frozen=True, slots=True)
class Baselines:
    """What the baselines answer.

    Attributes:
        scores: For each baseline, probabilities of shape (rows, labels).
        notes: What was left out of their training, and which could not be trained.
    """

    scores: dict[str, Scores]
    notes: list[str]


@dataclass(frozen=True, slots=True)
class _Part:
    """A split's gold rows; ``gold`` has the shape (texts, labels)."""

    texts: list[str]
    gold: NDArray[np.bool_]


def run_baselines(dataset: StoredDataset, rows: Sequence[GoldRow], say: Callable[[str], None] = lambda _: None) -> Baselines:
    """Train each baseline on the gold of ``dataset`` and ask it of ``rows``; the regularisation is chosen on validation.

    A training text that is also among ``rows`` is left out. What cannot be trained is left out with a note.
    """
    notes: list[str] = []
    measured = {normalised(row.text) for row in rows}
    train, validation = (_part(dataset, split, measured, notes) for split in ("train", "validation"))
    say("keyword rules")
    scores = {}
    if any(function.label in dataset.label_set.names for function in registered_functions()):
        scores["keyword rules"] = _keyword_rules(dataset, rows)
    else:
        notes.append("no baseline of keyword rules: no labelling function is about a label of this label set")
    if not train.texts:
        notes.append("no trained baseline: the dataset has no gold row left to train on")
        return Baselines(scores, notes)
    if not validation.texts:
        notes.append("no gold row to choose the baselines' regularisation on; a middling one is taken")
    for j, name in enumerate(dataset.label_set.names):
        if train.gold[:, j].all() or not train.gold[:, j].any():
            notes.append(f"every row that the baselines train on gives the same answer to {name!r}, and so do they")
    texts = [row.text for row in rows]
    for name, represent, strengths in (("TF-IDF", _tfidf, _TFIDF_STRENGTHS), ("frozen embeddings", _embeddings, _EMBEDDING_STRENGTHS)):
        name = f"{name} + logistic regression"
        say(name)
        try:
            features = represent(train.texts, [*train.texts, *validation.texts, *texts])
        except ValueError as error:  # no word occurs twice, say
            notes.append(f"no baseline {name}: {error}")
            continue
        a, b = len(train.texts), len(train.texts) + len(validation.texts)
        scores[name] = _fit(strengths, features[:a], train.gold, features[a:b], validation.gold, features[b:])
    return Baselines(scores, notes)


def _part(dataset: StoredDataset, split: str, measured: Collection[str], notes: list[str]) -> _Part:
    gold_rows = [r for r in dataset.splits[split] if r["label_origin"].startswith("gold")]
    kept = [r for r in gold_rows if normalised(r["text"]) not in measured]
    if len(kept) < len(gold_rows):
        notes.append(
            f"{len(gold_rows) - len(kept)} of the {len(gold_rows)} {split} rows of the baselines are among the rows to measure on, "
            "and were left out of their training"
        )
    names = dataset.label_set.names
    gold = np.array([[r[n] >= 0.5 for n in names] for r in kept], dtype=np.bool_).reshape(len(kept), len(names))
    return _Part([r["text"] for r in kept], gold)


def _tfidf(train: Sequence[str], everything: Sequence[str]) -> Any:
    vectorizer = TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True, strip_accents="unicode")
    return vectorizer.fit(train).transform(everything)


def _embeddings(train: Sequence[str], everything: Sequence[str]) -> NDArray[np.float32]:
    vectors = text_embeddings(everything, DEFAULT_BASE)
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)  # the base was trained on angles: lengths tell nothing
    known = unit[: len(train)]
    spread = known.std(axis=0) + 1e-3 * known.std()  # a dimension that is all but constant must not be blown up
    return np.asarray((unit - known.mean(axis=0)) / np.where(spread > 0, spread, 1.0))


def _keyword_rules(dataset: StoredDataset, rows: Sequence[GoldRow]) -> Scores:
    functions = select((), dataset.label_set, "baselines")
    votes = apply_functions(functions, [Row(r.id, r.text, "", "", r.genre, r.id) for r in rows])
    unknown = np.full(len(rows), UNKNOWN, dtype=np.int8)
    columns = [np.nan_to_num(majority(votes.matrix[:, votes.columns(name)], unknown), nan=0.0) for name in dataset.label_set.names]
    return np.stack(columns, axis=1)


def _fit(
    strengths: _Strengths, train: Any, gold: NDArray[np.bool_], validation: Any, validation_gold: NDArray[np.bool_], test: Any
) -> Scores:
    best: tuple[float, Scores] | None = None
    middle = len(strengths) // 2
    for strength in strengths if len(validation_gold) else strengths[middle : middle + 1]:
        learned = [_learn(train, gold[:, j], strength) for j in range(gold.shape[1])]
        accuracy = 0.0
        if len(validation_gold):
            accuracy = kind_accuracy(np.stack([ask(validation) for ask in learned], axis=1) >= 0.5, validation_gold)
        if best is None or accuracy > best[0]:
            best = (accuracy, np.stack([ask(test) for ask in learned], axis=1))
    assert best is not None
    return best[1]


def _learn(features: Any, gold: NDArray[np.bool_], strength: float) -> Callable[[Any], Scores]:
    """Gives the probability of one label for each row of features; the same for all where ``gold`` has one class."""
    if gold.all() or not gold.any():
        return lambda rows: np.full(rows.shape[0], float(gold[0]))
    regression = LogisticRegression(C=strength, max_iter=2000).fit(features, gold)
    return lambda rows: np.asarray(regression.predict_proba(rows)[:, 1])
