"""Assign rows to train, validation and test so that no cluster crosses a split."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from aikind.data.recipe import Recipe
from aikind.data.rows import Row, share_of, source_name

__all__ = ["assign_splits"]


def assign_splits(recipe: Recipe, rows: Sequence[Row], cluster_of: Sequence[int]) -> list[str]:
    """Split name of each row.

    A cluster's split is drawn by hash from its first gold member, so that a row keeps its split as the data grow; or, by
    date, from where its newest gold member stands among all dates. A source with a split of its own draws its rows'
    clusters there first. Rows without gold only ever train.
    """
    fixed = {source.name: source.split for source in recipe.sources if source.split}
    drawn_by = _by_date(rows, cluster_of) if recipe.split.by == "date" else _by_hash(recipe, rows, cluster_of)
    shares = {
        source.name: (
            recipe.split.validation if source.validation is None else source.validation,
            recipe.split.test if source.test is None else source.test,
        )
        for source in recipe.sources
    }
    split_of: dict[int, str] = {}
    for row, cluster in zip(rows, cluster_of, strict=True):
        if row.labels is not None and source_name(row) in fixed:
            split_of.setdefault(cluster, fixed[source_name(row)])
    for row, cluster in zip(rows, cluster_of, strict=True):
        if cluster in split_of or row.labels is None:
            continue
        validation, test = shares[source_name(row)]
        drawn = drawn_by[cluster]
        split_of[cluster] = "test" if drawn < test else "validation" if drawn < test + validation else "train"
    return [split_of.get(cluster, "train") for cluster in cluster_of]


def _by_hash(recipe: Recipe, rows: Sequence[Row], cluster_of: Sequence[int]) -> dict[int, float]:
    drawn: dict[int, float] = {}
    for row, cluster in zip(rows, cluster_of, strict=True):
        if row.labels is not None:
            key = row.source if recipe.split.by == "source" else row.group or row.key
            drawn.setdefault(cluster, share_of(recipe.seed, "split", key))
    return drawn


def _by_date(rows: Sequence[Row], cluster_of: Sequence[int]) -> dict[int, float]:
    """About the share of gold rows that are newer than a cluster's newest; clusters without a date count as the oldest."""
    newest: dict[int, str] = {}
    sizes: Counter[int] = Counter()
    for row, cluster in zip(rows, cluster_of, strict=True):
        if row.labels is not None:
            newest[cluster] = max(newest.get(cluster, ""), row.date)
            sizes[cluster] += 1
    drawn, newer = {}, 0
    for cluster in sorted(newest, key=lambda c: (newest[c], c), reverse=True):
        drawn[cluster] = (newer + 0.5) / sizes.total()
        newer += sizes[cluster]
    return drawn
