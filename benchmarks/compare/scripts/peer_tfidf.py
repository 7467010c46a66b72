"""TF-IDF and a logistic regression per label, by scikit-learn."""

from __future__ import annotations

import json
from collections.abc import Sequence

import numpy as np
from linear_io import fit_and_save, load_head, said
from peer_io import Ask, Job, run_peer

from aikind.train.linear_head import tfidf_vectorizer


def train(job: Job) -> None:
    rows, validation = job.train(), job.validation()
    vectorizer = tfidf_vectorizer()
    features = vectorizer.fit_transform(rows.texts)
    fit_and_save(job, features, rows, vectorizer.transform(validation.texts), validation)
    np.save(job.model / "idf.npy", vectorizer.idf_.astype(np.float32))
    (job.model / "vocabulary.json").write_text(json.dumps(list(vectorizer.get_feature_names_out())), encoding="utf-8")


def load(job: Job) -> Ask:
    words = json.loads((job.model / "vocabulary.json").read_text(encoding="utf-8"))
    vectorizer = tfidf_vectorizer(vocabulary={word: i for i, word in enumerate(words)})
    vectorizer.idf_ = np.load(job.model / "idf.npy").astype(np.float64)
    head = load_head(job.model)

    def ask(texts: Sequence[str]) -> list[list[str]]:
        return said(job, head, vectorizer.transform(texts))

    return ask


if __name__ == "__main__":
    run_peer(load, train)
