"""Build a labelled dataset from a recipe: read, clean, label, split, describe."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from aikind.data.agreement import Agreement, measure_agreement
from aikind.data.labelling.analysis import FunctionReport, analyze
from aikind.data.labelling.base import LabellingFunction, Votes, join_votes, select
from aikind.data.labelling.combine import Combiner, combiner, gold_values
from aikind.data.labelling.endpoint import check_endpoint, vote_by_endpoint
from aikind.data.labelling.kept_votes import apply_in_chunks
from aikind.data.mix import mixed_rows
from aikind.data.near_copies import clusters
from aikind.data.recipe import SPLITS, Recipe
from aikind.data.rows import Row, Skipped, normalised, share_of, source_name, text_hash
from aikind.data.sources import read_records, read_source, source_files
from aikind.data.split import assign_splits
from aikind.errors import DatasetError, RecipeError
from aikind.records import join_title

__all__ = ["BuiltDataset", "build", "vote_on_everything"]

Say = Callable[[str], None]
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class BuiltDataset:
    """Rows ready to be written.

    Attributes:
        splits: For each split its records: id, text, one value per label (0 to 1), weight, label_origin, source, genre, hard.
        fingerprint: SHA-256 over label names and records; the same recipe and inputs give the same one.
    """

    recipe: Recipe
    splits: dict[str, list[dict[str, Any]]]
    functions: list[FunctionReport]
    votes: Votes
    skipped: Skipped
    fingerprint: str
    agreements: tuple[Agreement, ...] = ()


def build(
    recipe: Recipe, say: Say = lambda _: None, kept: Path | None = None, progress: Progress = lambda _done, _total: None
) -> BuiltDataset:
    """Run the whole labelling pipeline in memory.

    Args:
        say: Receives a line of progress per step.
        kept: Folder for finished chunks of the longest step; a build that is started again after a kill takes them from there.
        progress: Receives the rows done and the rows in all during that step.

    Raises:
        RecipeError: The recipe names something that does not exist, its endpoint refuses, or no row is left.
        DatasetError: A source file cannot be read.
        MissingExtraError: The packages for building, or for asking an endpoint, are not installed.
    """
    combine = combiner(recipe.labelling.combine, str(recipe.path))
    functions = _voters(recipe)
    skipped = Skipped()
    rows = _read(recipe, skipped, say)
    say(f"{len(rows)} different texts; looking for near copies")
    rows, cluster_of = _cluster(recipe, rows, skipped)
    split_of = assign_splits(recipe, rows, cluster_of)
    say(f"{len(functions)} labelling functions vote on {len(rows)} rows")
    votes = apply_in_chunks(functions, rows, kept, progress)
    votes = join_votes(votes, vote_by_endpoint(recipe, rows, [split == "train" for split in split_of], say))
    # A combiner may learn from gold, and a function be judged by it, but only by what trains.
    known = [row if split == "train" else replace(row, labels=None) for row, split in zip(rows, split_of, strict=True)]
    gold = [row.labels for row in rows if row.labels is not None]
    for name in recipe.label_set.names:
        if gold and not any(labels[name] for labels in gold):
            say(f"no text carries the label {name!r}; if the labels are older than it, name their label set: label_set in the recipe")
    agreements = tuple(measure_agreement(recipe.folder / path, recipe.given_under) for path in recipe.readings)
    splits = _label(recipe, rows, split_of, votes, known, combine, skipped)
    if not splits["train"]:
        raise RecipeError(f"{recipe.path}: no row is left to train on; {len(skipped.all)} were skipped")
    splits["train"] += mixed_rows(splits["train"], recipe.label_set.names, recipe.mix, recipe.seed)
    return BuiltDataset(recipe, splits, analyze(votes, known), votes, skipped, _fingerprint(recipe, splits), agreements)


def vote_on_everything(recipe: Recipe, say: Say = lambda _: None) -> tuple[list[Row], Votes]:
    """Rows of all sources, those without gold included, and every function's votes on them.

    Raises:
        RecipeError, DatasetError: As ``build``.
    """
    functions = _voters(recipe)
    everything = replace(recipe, sources=tuple(replace(source, weak=True) for source in recipe.sources))
    rows = _read(everything, Skipped(), say)
    return rows, join_votes(apply_in_chunks(functions, rows), vote_by_endpoint(recipe, rows, [True] * len(rows), say))


def _voters(recipe: Recipe) -> tuple[LabellingFunction, ...]:
    """The functions that vote, found before anything is read, so that a mistake in the recipe is told at once."""
    check_endpoint(recipe)
    return select(recipe.labelling.functions, recipe.label_set, str(recipe.path))


def _read(recipe: Recipe, skipped: Skipped, say: Say) -> list[Row]:
    rows: list[Row] = []
    for source in recipe.sources:
        before = len(rows)
        rows.extend(read_source(recipe, source, skipped))
        say(f"{source.name}: {len(rows) - before} rows read")
    return _without_copies(rows, skipped)


def _without_copies(rows: Sequence[Row], skipped: Skipped) -> list[Row]:
    kept: dict[str, Row] = {}
    keys: set[str] = set()
    for row in sorted(rows, key=lambda r: r.labels is None):  # stable: gold comes before unread rows
        if row.key in keys:
            skipped.add(row.where, "an id that is used twice", repr(row.key))
            continue
        keys.add(row.key)
        digest = text_hash(normalised(row.text))
        first = kept.setdefault(digest, row)
        if first is not row:
            if row.labels is not None and row.labels != first.labels:
                skipped.add(row.where, "the same text with other gold labels; the first was kept", first.where)
            else:
                skipped.add(row.where, "the same text as another row", first.where, routine=True)
    return sorted(kept.values(), key=lambda r: r.key)


def _cluster(recipe: Recipe, rows: list[Row], skipped: Skipped) -> tuple[list[Row], list[int]]:
    held_out = [
        _excluded_text(where, record)
        for pattern in recipe.exclude
        for path in source_files(recipe, pattern)
        for where, record in read_records(path, skipped)
    ]
    texts = [*held_out, *(row.text for row in rows)]
    groups = [*([""] * len(held_out)), *(_group(recipe, row) for row in rows)]
    cluster_of = clusters(texts, groups, recipe.near_copies)
    banned = set(cluster_of[: len(held_out)])
    kept_rows, kept_clusters = [], []
    for row, cluster in zip(rows, cluster_of[len(held_out) :], strict=True):
        if cluster in banned:
            skipped.add(row.where, "a near copy of a text in an excluded file", routine=True)
        else:
            kept_rows.append(row)
            kept_clusters.append(cluster)
    return kept_rows, kept_clusters


def _excluded_text(where: str, record: dict[str, Any]) -> str:
    text = record.get("text")
    if not isinstance(text, str):  # going on would let its copies train in silence
        raise DatasetError(f"{where}: an excluded file must have the field 'text'; this row has {', '.join(map(str, record)) or 'none'}")
    return text


def _group(recipe: Recipe, row: Row) -> str:
    """Rows that share a non-empty group stay in one split."""
    if recipe.split.by == "source":
        return row.source
    return f"{source_name(row)}/{row.group}" if row.group else ""


def _label(
    recipe: Recipe,
    rows: Sequence[Row],
    split_of: Sequence[str],
    votes: Votes,
    known: Sequence[Row],
    combine: Combiner,
    skipped: Skipped,
) -> dict[str, list[dict[str, Any]]]:
    weak = {name: combine(votes.matrix[:, votes.columns(name)], gold_values(known, name)) for name in recipe.label_set.names}
    title_share = {s.name: s.title_share for s in recipe.sources}
    splits: dict[str, list[dict[str, Any]]] = {name: [] for name in SPLITS}
    for i, (row, split) in enumerate(zip(rows, split_of, strict=True)):
        if row.labels is not None:
            values = {name: float(row.labels[name]) for name in recipe.label_set.names}
            weight, origin = recipe.labelling.gold_weight, row.label_origin
        else:
            if row.soft is not None:
                values, weight, origin = dict(row.soft), recipe.labelling.soft_weight, "soft"
            else:
                values = {name: row.carried.get(name, float(weak[name][i])) for name in recipe.label_set.names}
                origin = f"{'carried' if row.carried else 'weak'}:{recipe.labelling.combine}"
                weight = recipe.labelling.weak_weight
            if split != "train" or any(math.isnan(v) for v in values.values()):
                why = "no gold, and a near copy of a held-out row" if split != "train" else "no labelling function voted on a label"
                skipped.add(row.where, why, routine=True)
                continue
        with_title = share_of(recipe.seed, "title", row.key) < title_share[source_name(row)]
        splits[split].append(
            {
                "id": row.key,
                "text": join_title(row.title, row.text) if with_title else row.text,
                **values,
                "weight": weight,
                "label_origin": origin,
                "source": row.source,
                "genre": row.genre,
                "hard": row.hard,
            }
        )
    return splits


def _fingerprint(recipe: Recipe, splits: dict[str, list[dict[str, Any]]]) -> str:
    digest = hashlib.sha256(json.dumps(recipe.label_set.names).encode())
    for name in SPLITS:
        for record in splits[name]:
            digest.update(json.dumps([name, record], sort_keys=True, ensure_ascii=False).encode())
    return digest.hexdigest()
