"""What a model must beat: keyword rules, TF-IDF and frozen embeddings, each trained on the same rows."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aikind.base_package import DEFAULT_BASE
from aikind.data.gold_rows import GoldRow
from aikind.data.labelling.base import functions_for
from aikind.data.labelling.rule_scores import rule_scores
from aikind.data.rows import normalised
from aikind.data.store import StoredDataset
from aikind.train.head_start import text_embeddings
from aikind.train.linear_head import DEFAULT_STRENGTH, EmbeddingScale, fit_linear_head, tfidf_vectorizer

__all__ = ["Baselines", "run_baselines"]

Scores = NDArray[np.float64]


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
    if functions_for(dataset.label_set):
        scores["keyword rules"] = rule_scores(dataset.label_set, [row.text for row in rows], [row.genre for row in rows])
    else:
        notes.append("no baseline of keyword rules: no labelling function is about a label of this label set")
    if not train.texts:
        notes.append("no trained baseline: the dataset has no gold row left to train on")
        return Baselines(scores, notes)
    if not validation.texts:
        notes.append(f"no gold row to choose the baselines' regularisation on; it is C = {DEFAULT_STRENGTH:g}")
    for j, name in enumerate(dataset.label_set.names):
        if train.gold[:, j].all() or not train.gold[:, j].any():
            notes.append(f"every row that the baselines train on gives the same answer to {name!r}, and so do they")
    texts = [row.text for row in rows]
    for name, represent in (("TF-IDF", _tfidf), ("frozen embeddings", _embeddings)):
        name = f"{name} + logistic regression"
        say(name)
        try:
            features = represent(train.texts, [*train.texts, *validation.texts, *texts])
        except ValueError as error:  # no word occurs twice, say
            notes.append(f"no baseline {name}: {error}")
            continue
        a, b = len(train.texts), len(train.texts) + len(validation.texts)
        scores[name] = fit_linear_head(features[:a], train.gold, features[a:b], validation.gold).probabilities(features[b:])
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
    return tfidf_vectorizer().fit(train).transform(everything)


def _embeddings(train: Sequence[str], everything: Sequence[str]) -> NDArray[np.float32]:
    vectors = text_embeddings(everything, DEFAULT_BASE)
    return EmbeddingScale.of(vectors[: len(train)])(vectors)
