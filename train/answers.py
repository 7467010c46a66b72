"""What a model says of gold rows, beside what is so."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from aikind.data.gold_rows import GoldRow
from aikind.data.rows import Skipped
from aikind.label_set import LabelSet
from aikind.records import Document
from aikind.serve.tagger import Tagger
from aikind.train.selective import sureness

__all__ = ["Answers", "ask", "gold_matrix"]


@dataclass(frozen=True, slots=True)
class Answers:
    """Probabilities of documents beside gold.

    Attributes:
        scores, gold: Shape (documents, labels).
        thresholds: Shape (labels,).
        unsure: Shape (documents,); None where a model does not say so, as the baselines.
    """

    scores: NDArray[np.float64]
    gold: NDArray[np.bool_]
    thresholds: NDArray[np.float64]
    unsure: NDArray[np.bool_] | None = None

    @property
    def predicted(self) -> NDArray[np.bool_]:
        """Shape (documents, labels)."""
        return self.scores >= self.thresholds

    @property
    def correct(self) -> NDArray[np.bool_]:
        """Whether every label of a document is right, shape (documents,)."""
        return np.asarray((self.predicted == self.gold).all(axis=1))

    @property
    def sureness(self) -> NDArray[np.float64]:
        """Shape (documents,), in logits."""
        return sureness(self.scores, self.thresholds)


def gold_matrix(rows: Sequence[GoldRow], label_set: LabelSet) -> NDArray[np.bool_]:
    """Gold of shape (rows, labels)."""
    return np.array([[row.labels[n] for n in label_set.names] for row in rows], dtype=np.bool_).reshape(len(rows), len(label_set.names))


def ask(tagger: Tagger, rows: Sequence[GoldRow], skipped: Skipped) -> tuple[list[GoldRow], Answers]:
    """Tag the rows as ``aikind tag`` would; those that cannot be tagged are added to ``skipped`` and left out."""
    names, tagged, scores, unsure = tagger.label_set.names, [], [], []
    for row, tagging in zip(rows, tagger.tag_many(Document(row.id, row.text) for row in rows), strict=True):
        if tagging.error is not None:
            skipped.add(row.id, "cannot be tagged", tagging.error)
            continue
        tagged.append(row)
        scores.append([tagging.scores[n] for n in names])
        unsure.append(tagging.unsure)
    thresholds = np.array([tagger.manifest.thresholds[n] for n in names])
    answers = Answers(np.array(scores).reshape(-1, len(names)), gold_matrix(tagged, tagger.label_set), thresholds, np.array(unsure))
    return tagged, answers
