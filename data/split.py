"""Assign rows to train, validation and test so that no cluster crosses a split."""

from __future__ import annotations

from collections.abc import Sequence

from aikind.data.recipe import Recipe
from aikind.data.rows import Row, share_of

__all__ = ["SPLITS", "assign_splits"]

SPLITS = ("train", "validation", "test")


def assign_splits(recipe: Recipe, rows: Sequence[Row], cluster_of: Sequence[int]) -> list[str]:
    """Split name of each row.

    A cluster's split is drawn by hash from its first member's key, so that a row keeps its split as the data grow.
    Rows without gold only ever train: a cluster that holds one row with gold is drawn by that row.
    """
    shares = {}
    for source in recipe.sources:
        validation = recipe.split.validation if source.validation is None else source.validation
        test = recipe.split.test if source.test is None else source.test
        shares[source.name] = (validation, test)
    split_of: dict[int, str] = {}
    for row, cluster in zip(rows, cluster_of, strict=True):
        if cluster in split_of or row.labels is None:
            continue
        validation, test = shares[row.source.split("/")[0]]
        drawn = share_of(recipe.seed, "split", row.group or row.key)
        split_of[cluster] = "test" if drawn < test else "validation" if drawn < test + validation else "train"
    return [split_of.get(cluster, "train") for cluster in cluster_of]
