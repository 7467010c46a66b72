"""What a model must beat: keyword rules, TF-IDF and frozen embeddings, each trained on the same rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression

from aikind.base_package import DEFAULT_BASE
from aikind.data.gold_rows import GoldRow
from aikind.data.labelling.base import apply_functions, select
from aikind.data.labelling.combine import UNKNOWN, majority
from aikind.data.rows import Row
from aikind.data.store import StoredDataset
from aikind.train.head_start import text_embeddings
from aikind.train.metrics import kind_accuracy

__all__ = ["run_baselines"]

Scores = NDArray[np.float64]
_STRENGTHS = (0.3, 1.0, 3.0, 10.0, 30.0)


def run_baselines(dataset: StoredDataset, rows: Sequence[GoldRow], say: Callable[[str], None] = lambda _: None) -> dict[str, Scores]:
    """Probabilities of each baseline on ``rows``, shape (rows, labels); the regularisation is chosen on validation."""
    names = dataset.label_set.names
    texts = [row.text for row in rows]
    splits = {name: [r for r in dataset.splits[name] if r["label_origin"].startswith("gold")] for name in ("train", "validation")}
    corpus = {name: [r["text"] for r in part] for name, part in splits.items()}
    gold = {name: np.array([[r[n] >= 0.5 for n in names] for r in part]) for name, part in splits.items()}
    say("keyword rules")
    results = {"keyword rules": _keyword_rules(dataset, rows)}
    say("TF-IDF with logistic regression")
    vectorizer = TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True, strip_accents="unicode")
    features = vectorizer.fit_transform(corpus["train"])
    results["TF-IDF + logistic regression"] = _fit(
        features, gold["train"], vectorizer.transform(corpus["validation"]), gold["validation"], vectorizer.transform(texts)
    )
    say("frozen embeddings with logistic regression")
    everything = text_embeddings([*corpus["train"], *corpus["validation"], *texts], DEFAULT_BASE)
    a, b = len(corpus["train"]), len(corpus["train"]) + len(corpus["validation"])
    everything = (everything - everything[:a].mean(axis=0)) / everything[:a].std()
    results["frozen embeddings + logistic regression"] = _fit(
        everything[:a], gold["train"], everything[a:b], gold["validation"], everything[b:]
    )
    return results


def _keyword_rules(dataset: StoredDataset, rows: Sequence[GoldRow]) -> Scores:
    functions = select((), dataset.label_set, "baselines")
    votes = apply_functions(functions, [Row(r.id, r.text, "", "", r.genre, r.id) for r in rows])
    unknown = np.full(len(rows), UNKNOWN, dtype=np.int8)
    columns = [np.nan_to_num(majority(votes.matrix[:, votes.columns(name)], unknown), nan=0.0) for name in dataset.label_set.names]
    return np.stack(columns, axis=1)


def _fit(train: Any, gold: NDArray[np.bool_], validation: Any, validation_gold: NDArray[np.bool_], test: Any) -> Scores:
    best: tuple[float, Scores] | None = None
    for strength in _STRENGTHS:
        on_validation, on_test = [], []
        for j in range(gold.shape[1]):
            regression = LogisticRegression(C=strength, max_iter=2000).fit(train, gold[:, j])
            on_validation.append(regression.predict_proba(validation)[:, 1])
            on_test.append(regression.predict_proba(test)[:, 1])
        accuracy = kind_accuracy(np.stack(on_validation, axis=1) >= 0.5, validation_gold)
        if best is None or accuracy > best[0]:
            best = (accuracy, np.stack(on_test, axis=1))
    assert best is not None
    return best[1]
