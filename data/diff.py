"""What changed between two builds of a dataset."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

from aikind.data.store import StoredDataset

__all__ = ["DatasetDiff", "diff_datasets"]


@dataclass(frozen=True, slots=True)
class DatasetDiff:
    """Ids by what happened to them.

    Attributes:
        relabelled, moved: Map an id to its old and new kind or split.
        changed: For each other column, label values included, the ids in which it differs.
    """

    added: list[str]
    removed: list[str]
    retexted: list[str]
    relabelled: dict[str, tuple[str, str]]
    moved: dict[str, tuple[str, str]]
    changed: dict[str, list[str]]

    @property
    def empty(self) -> bool:
        return not (self.added or self.removed or self.retexted or self.relabelled or self.moved or self.changed)

    def render(self, most: int = 10) -> str:
        """A line per sort of change, and up to ``most`` examples of each."""
        if self.empty:
            return "no row differs"
        lines = []
        for title, ids in (
            ("added", self.added),
            ("removed", self.removed),
            ("text changed", self.retexted),
            *((f"with another {column}", ids) for column, ids in self.changed.items()),
        ):
            lines += [f"{len(ids)} {title}", *(f"  {i}" for i in ids[:most])] if ids else []
        for title, changes in (("labels changed", self.relabelled), ("moved to another split", self.moved)):
            if changes:
                tally = Counter(changes.values())
                lines.append(f"{len(changes)} {title}: " + ", ".join(f"{a} -> {b} {n}" for (a, b), n in tally.most_common()))
                lines += [f"  {i}: {a} -> {b}" for i, (a, b) in list(changes.items())[:most]]
        return "\n".join(lines)


def diff_datasets(old: StoredDataset, new: StoredDataset) -> DatasetDiff:
    """Compare rows by id. Kinds are told in each dataset's own label set."""
    before, after = _by_id(old), _by_id(new)
    common = sorted(before.keys() & after.keys())
    kinds = {i: (_kind(old, before[i][1]), _kind(new, after[i][1])) for i in common}
    # A value may change without changing the kind, as weak labels do.
    columns = (*(f for f in new.label_set.names if f in old.label_set.names), "weight", "label_origin", "genre", "hard")
    return DatasetDiff(
        added=sorted(after.keys() - before.keys()),
        removed=sorted(before.keys() - after.keys()),
        retexted=[i for i in common if before[i][1]["text"] != after[i][1]["text"]],
        relabelled={i: pair for i, pair in kinds.items() if pair[0] != pair[1]},
        moved={i: (before[i][0], after[i][0]) for i in common if before[i][0] != after[i][0]},
        changed={column: ids for column in columns if (ids := [i for i in common if before[i][1].get(column) != after[i][1].get(column)])},
    )


def _by_id(dataset: StoredDataset) -> dict[str, tuple[str, dict[str, Any]]]:
    return {row["id"]: (split, row) for split, rows in dataset.splits.items() for row in rows}


def _kind(dataset: StoredDataset, row: dict[str, Any]) -> str:
    return dataset.label_set.kind([name for name in dataset.label_set.names if row[name] >= 0.5])
