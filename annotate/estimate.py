"""Estimate a model's accuracy from the answers on documents that were drawn at random."""

from __future__ import annotations

import json
from dataclasses import dataclass

from aikind.annotate.store import LABELLED, SKIPPED, UNSURE, Store
from aikind.train.intervals import Interval, wilson_interval

__all__ = ["Estimate", "Share", "estimate_accuracy"]


@dataclass(frozen=True, slots=True)
class Share:
    """So many of so many, with a 95 % interval; both None where there is nothing to count."""

    hits: int
    documents: int
    share: float | None
    interval: Interval | None


@dataclass(frozen=True, slots=True)
class Estimate:
    """How often the model is right on documents like these.

    Attributes:
        drawn: Documents of the random sample: all up to the furthest that was drawn.
        all_right: Those with every label right, among the labelled ones whose scores are known.
        labels: The same for each label by itself.
        unsure, skipped, open: Documents of the sample that have no label: the estimate says nothing of them.
        guess_shown: So many of the labelled ones were answered with the model's guess in sight, which draws readers to it.
    """

    drawn: int
    all_right: Share
    labels: dict[str, Share]
    unsure: int
    skipped: int
    open: int
    guess_shown: int


def estimate_accuracy(store: Store) -> Estimate:
    """The estimate for the model that judged the store's documents last; of several answers on a document the first counts."""
    rows = store.query(
        "SELECT d.number, d.guess, a.outcome, a.labels, a.guess_shown FROM documents d LEFT JOIN current a ON a.document = d.number "
        "WHERE d.draw <= (SELECT max(x.draw) FROM documents x JOIN answers y ON y.document = x.number WHERE y.chosen = 'random') "
        "ORDER BY a.outcome != 'labelled', a.number"
    )
    by_document = {row["number"]: row for row in reversed(rows)}.values()
    read = [row for row in by_document if row["outcome"] == LABELLED and row["guess"] is not None]
    right: dict[str, list[bool]] = {name: [] for name in store.label_set.names}
    for row in read:
        answer, guess = json.loads(row["labels"]), json.loads(row["guess"])
        for name, hits in right.items():
            hits.append(bool(answer[name]) == (name in guess))
    return Estimate(
        drawn=len(by_document),
        all_right=_share([all(hits) for hits in zip(*right.values(), strict=True)]),
        labels={name: _share(hits) for name, hits in right.items()},
        unsure=sum(row["outcome"] == UNSURE for row in by_document),
        skipped=sum(row["outcome"] == SKIPPED for row in by_document),
        open=sum(row["outcome"] is None or (row["outcome"] == LABELLED and row["guess"] is None) for row in by_document),
        guess_shown=sum(row["guess_shown"] for row in read),
    )


def _share(hits: list[bool]) -> Share:
    if not hits:
        return Share(0, 0, None, None)
    return Share(sum(hits), len(hits), sum(hits) / len(hits), wilson_interval(sum(hits), len(hits)))
