"""The documents on which a model is most surely wrong."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from aikind.data.gold_rows import GoldRow
from aikind.label_set import LabelSet
from aikind.train.answers import Answers
from aikind.train.metrics import kinds_of
from aikind.train.selective import log_odds

__all__ = ["WrongDocument", "worst_documents"]


@dataclass(frozen=True, slots=True)
class WrongDocument:
    """One document whose kind is wrong.

    Attributes:
        gold, said: Its kind, and the kind that the model gives it.
    """

    row: GoldRow
    gold: str
    said: str
    scores: dict[str, float]

    def to_dict(self) -> dict[str, Any]:
        """Everything but the text."""
        return {"id": self.row.id, "gold": self.gold, "said": self.said, "scores": {k: round(v, 4) for k, v in self.scores.items()}}


def worst_documents(rows: Sequence[GoldRow], answers: Answers, label_set: LabelSet, most: int) -> list[WrongDocument]:
    """At most ``most`` wrong documents, those first of which a wrong label lies furthest beyond its threshold, in logits."""
    distance = np.abs(log_odds(answers.scores) - log_odds(answers.thresholds))
    # A wrong label may lie on its threshold, so right ones count as less than nothing.
    wrong_by = np.where(answers.predicted != answers.gold, distance, -1.0).max(axis=1)
    gold, said = kinds_of(label_set, answers.gold), kinds_of(label_set, answers.predicted)
    order = [int(i) for i in np.argsort(-wrong_by, kind="stable") if wrong_by[i] >= 0][:most]
    return [WrongDocument(rows[i], gold[i], said[i], dict(zip(label_set.names, answers.scores[i].tolist(), strict=True))) for i in order]
