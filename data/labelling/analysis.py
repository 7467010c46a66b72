"""How each labelling function does: coverage, overlap, conflict, and accuracy on gold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from aikind.data.labelling.base import Vote, Votes
from aikind.data.labelling.combine import UNKNOWN, gold_values
from aikind.data.rows import Row

__all__ = ["FunctionReport", "analyze"]


@dataclass(frozen=True, slots=True)
class FunctionReport:
    """Shares of all rows (coverage, overlap, conflict), and accuracy over the gold rows voted on (None: no such row)."""

    name: str
    label: str
    coverage: float
    overlap: float
    conflict: float
    accuracy: float | None
    gold_votes: int
    crashes: int


def analyze(votes: Votes, rows: Sequence[Row]) -> list[FunctionReport]:
    """Measure every function against the others of its label and against gold."""
    reports = []
    for j, function in enumerate(votes.functions):
        own = votes.matrix[:, j]
        others = votes.matrix[:, [k for k in votes.columns(function.label) if k != j]]
        voted = own != Vote.ABSTAIN
        other_voted = others != Vote.ABSTAIN
        conflict = voted & (other_voted & (others != own[:, None])).any(axis=1)
        gold = gold_values(rows, function.label)
        judged = voted & (gold != UNKNOWN)
        count = int(judged.sum())
        reports.append(
            FunctionReport(
                name=function.name,
                label=function.label,
                coverage=float(voted.mean()) if len(rows) else 0.0,
                overlap=float((voted & other_voted.any(axis=1)).mean()) if len(rows) else 0.0,
                conflict=float(conflict.mean()) if len(rows) else 0.0,
                accuracy=float((own[judged] == gold[judged]).mean()) if count else None,
                gold_votes=count,
                crashes=votes.crashes[function.name],
            )
        )
    return reports
