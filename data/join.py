"""Join new labels with the texts that a model knows, so that no near copy stands on both sides of a measurement."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from aikind.data.near_copies import clusters
from aikind.data.recipe import NearCopyPlan
from aikind.data.rows import share_of
from aikind.data.texts import Answered

__all__ = ["Conflict", "JoinPlan", "Joined", "join"]


@dataclass(frozen=True, slots=True)
class JoinPlan:
    """Shares of the new texts that are held out to measure on, and that calibrate; and how many known texts are replayed.

    Attributes:
        replay, replay_validation: Counts of texts, drawn by hash.
    """

    held_out: float = 0.25
    validation: float = 0.1
    replay: int = 1500
    replay_validation: int = 300
    seed: int = 7


@dataclass(frozen=True, slots=True)
class Conflict:
    """A known text whose label a new one contradicts; the new one wins."""

    new: str
    known: str
    label: str
    new_value: bool
    known_value: bool


@dataclass(frozen=True, slots=True)
class Joined:
    """Texts by what becomes of them. None of them is a near copy of one in another list, but for conflicts.

    Attributes:
        train, validation, held_out: New texts.
        replay, replay_validation: Texts that the model knew before.
        gold: Texts to measure on what the model knew before.
    """

    train: list[Answered]
    validation: list[Answered]
    held_out: list[Answered]
    replay: list[Answered]
    replay_validation: list[Answered]
    gold: list[Answered]
    conflicts: list[Conflict]


def join(new: Sequence[Answered], known: Sequence[Answered], gold: Sequence[Answered], plan: JoinPlan) -> Joined:
    """Split ``new`` by clusters of near copies, and leave out of ``known`` and ``gold`` what the new texts speak of again.

    New texts are ranked by their own hashes, so that most keep their place as more come. One that is a near copy of a gold text
    is held out, since nothing trains on gold.

    Raises:
        MissingExtraError: The MinHash library is not installed.
    """
    everything = [*new, *known, *gold]
    numbers = clusters([row.text for row in everything], [""] * len(everything), NearCopyPlan())
    of_new, of_known, of_gold = numbers[: len(new)], numbers[len(new) : len(new) + len(known)], numbers[len(new) + len(known) :]
    first: dict[int, str] = {}
    for row, cluster in zip(new, of_new, strict=True):
        first[cluster] = min(row.key, first.get(cluster, row.key))
    drawn = {cluster: share_of(plan.seed, "retrain", key) for cluster, key in first.items()}
    untouchable = set(of_gold)
    # By rank, since of a hundred texts a draw of their own might leave too few to measure on.
    order = sorted(drawn, key=lambda cluster: (cluster not in untouchable, drawn[cluster]))
    size = Counter(of_new)
    parts: dict[str, list[Answered]] = {"train": [], "validation": [], "held_out": []}
    place, done = {}, 0
    for cluster in order:
        share = done / len(new)
        held_out = cluster in untouchable or share < plan.held_out
        place[cluster] = "held_out" if held_out else "validation" if share < plan.held_out + plan.validation else "train"
        done += size[cluster]
    for row, cluster in zip(new, of_new, strict=True):
        parts[place[cluster]].append(row)
    conflicts = [
        conflict for rows, row_clusters in ((known, of_known), (gold, of_gold)) for conflict in _conflicts(new, of_new, rows, row_clusters)
    ]
    left = [row for row, cluster in zip(known, of_known, strict=True) if cluster not in drawn and cluster not in untouchable]
    left.sort(key=lambda row: share_of(plan.seed, "replay", row.key))
    return Joined(
        **parts,
        replay=left[plan.replay_validation :][: plan.replay],
        replay_validation=left[: plan.replay_validation],
        gold=[row for row, cluster in zip(gold, of_gold, strict=True) if cluster not in drawn],
        conflicts=conflicts,
    )


def _conflicts(new: Sequence[Answered], of_new: Sequence[int], known: Sequence[Answered], of_known: Sequence[int]) -> list[Conflict]:
    members: dict[int, list[Answered]] = {}
    for row, cluster in zip(new, of_new, strict=True):
        members.setdefault(cluster, []).append(row)
    found = []
    for row, cluster in zip(known, of_known, strict=True):
        for other in members.get(cluster, ()):
            # Of near copies, only one that is the same text can contradict: a small change may turn a label over.
            if other.key == row.key:
                found += [
                    Conflict(other.where, row.where, name, value, row.labels[name])
                    for name, value in other.labels.items()
                    if row.labels.get(name, value) != value
                ]
    return found
