"""Training rows made of two others: a document that turns from one subject to another carries the labels of both.

Short texts alone teach a model to give a text one kind; joining two, with the union of their labels, is the text form of
mixing examples (as in Guo et al. 2019, "Augmenting Data with Mixup for Sentence Classification", but on whole texts, where
the labels of the result are known exactly: both subjects are discussed).
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

from aikind.data.recipe import MixPlan

__all__ = ["mixed_rows"]


def mixed_rows(records: Sequence[dict[str, Any]], labels: Sequence[str], plan: MixPlan, seed: int) -> list[dict[str, Any]]:
    """New records, ``plan.share`` times as many as there are ``records``, each of two short gold ones of different labels.

    Args:
        records: The training rows of a dataset.
        labels: Names of the label columns.

    Returns:
        Records of the same columns; ``label_origin`` is ``mixed``, the source ``mixed``. Empty where no two rows fit.
    """
    short = [r for r in records if r["label_origin"].startswith("gold") and len(r["text"].split()) <= plan.most_words]
    by_labels: dict[tuple[float, ...], list[dict[str, Any]]] = {}
    for record in short:
        by_labels.setdefault(tuple(record[name] for name in labels), []).append(record)
    combinations = [(a, b) for a in sorted(by_labels) for b in sorted(by_labels) if a != b]
    rng = random.Random(seed)
    rows = []
    for number in range(round(plan.share * len(records)) if combinations else 0):
        first, second = (rng.choice(by_labels[key]) for key in rng.choice(combinations))
        rows.append(
            {
                **first,
                "id": f"mixed/{number}",
                "text": f"{first['text'].strip()}\n\n{second['text'].strip()}",
                **{name: max(first[name], second[name]) for name in labels},
                "label_origin": "mixed",
                "source": "mixed",
                "genre": "mixed",
                "hard": True,
            }
        )
    return rows
