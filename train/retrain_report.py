"""What a retraining did: figures of the current model and the new one side by side, the decision, and what led to it."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from aikind.data.texts import Answered
from aikind.label_set import LabelSet
from aikind.serve.pages import render_page
from aikind.serve.writers.table import printable
from aikind.train.comparison import Comparison, answers_of, compare, gold_of
from aikind.train.comparison_table import HOW_TO_READ, comparison_table
from aikind.train.promotion import Decision, decide, fixed_answer
from aikind.train.report_tables import Table
from aikind.train.report_text import markdown_table
from aikind.train.retrain_data import Prepared

__all__ = ["RetrainReport", "measure", "write_report"]

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class RetrainReport:
    """Figures and decision. In each comparison, A is the current model and B the new one.

    Attributes:
        changed_known: Share of known texts, not trained on, to whose labels the two models give other answers.
    """

    version: str
    label_set: LabelSet
    decision: Decision
    comparisons: list[Comparison]
    changed_known: float | None
    conflicts: list[dict[str, Any]]
    notes: list[str]
    problems: list[str]

    def to_dict(self) -> dict[str, Any]:
        return {
            **{name: getattr(self, name) for name in ("version", "changed_known", "conflicts", "notes", "problems")},
            "decision": self.decision.to_dict(),
            "comparisons": [comparison.to_dict() for comparison in self.comparisons],
        }


def measure(current: Path, candidate: Path, prepared: Prepared, known: LabelSet, may_lose: float, say: Say) -> RetrainReport:
    """Ask both models about the held-out new texts and about gold, and decide.

    Args:
        known: The labels of the current model.
    """
    names = prepared.dataset.label_set.names
    say(f"asking both models about {len(prepared.held_out)} held-out new texts and {len(prepared.gold)} gold texts")

    def both(rows: Sequence[Answered], labels: Sequence[str]) -> tuple[Any, Any]:
        texts = [row.text for row in rows]
        return answers_of(current, texts, labels), answers_of(candidate, texts, labels)

    before, now = both(prepared.held_out, names)
    held_out = gold_of(prepared.held_out, names)
    new = compare("held-out new labels", names, held_out, before, now)
    comparisons, old = [new], None
    if prepared.gold:
        gold, (gold_before, gold_now) = gold_of(prepared.gold, known.names), both(prepared.gold, known.names)
        kept = np.ones(len(gold), dtype=np.bool_)
        kept[prepared.gold_set_aside] = False
        if kept.any():
            old = compare(
                "gold" if kept.all() else "gold, less what is set aside", known.names, gold[kept], gold_before[kept], gold_now[kept]
            )
            comparisons.append(old)
        if not kept.all():
            comparisons.append(compare("all of gold", known.names, gold, gold_before, gold_now))
    changed = None
    if prepared.known:
        known_before, known_now = both(prepared.known, known.names)
        changed = float((known_before != known_now).any(axis=1).mean())
    decision = decide(new, old, held_out, now, fixed_answer(gold_of(prepared.train, names), held_out), may_lose)
    conflicts = [asdict(conflict) for conflict in prepared.conflicts]
    return RetrainReport(
        candidate.name, prepared.dataset.label_set, decision, comparisons, changed, conflicts, prepared.notes, prepared.problems
    )


def write_report(report: RetrainReport, folder: Path) -> None:
    """Write report.json, report.md, report.html, and conflicts.csv where there are conflicts."""
    folder.mkdir(exist_ok=True)
    table = comparison_table(report.comparisons, "before", report.version)
    (folder / "report.json").write_text(json.dumps(report.to_dict(), indent=2) + "\n", encoding="utf-8")
    (folder / "report.md").write_text(_markdown(report, table), encoding="utf-8")
    (folder / "report.html").write_text(
        render_page("retrain.html", report=report, table=table, headline=_headline(report), how_to_read=HOW_TO_READ, known=_known(report)),
        encoding="utf-8",
    )
    if report.conflicts:
        text = io.StringIO(newline="")
        writer = csv.DictWriter(text, list(report.conflicts[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(report.conflicts)
        (folder / "conflicts.csv").write_text(text.getvalue(), encoding="utf-8")


def _headline(report: RetrainReport) -> str:
    return (
        f"{report.version} is better and takes the current model's place"
        if report.decision.promote
        else f"{report.version} is not promoted"
    )


def _known(report: RetrainReport) -> str:
    if report.changed_known is None:
        return ""
    return f"Of known texts that did not train, {report.changed_known:.1%} get other labels than before."


def _markdown(report: RetrainReport, table: Table) -> str:
    def listed(title: str, lines: Sequence[str]) -> list[str]:
        return [f"## {title}", "\n".join(f"- {printable(line)}" for line in lines)] if lines else []

    conflicts = [
        f"{c['new']} says {c['label']} = {int(c['new_value'])}, {c['known']} says {int(c['known_value'])}; the new one wins"
        for c in report.conflicts
    ]
    parts = [
        f"# {_headline(report)}",
        *listed("Why not", report.decision.unmet),
        *listed("What speaks for it", report.decision.met),
        "## Before and after",
        markdown_table(table),
        *([_known(report)] if _known(report) else []),
        HOW_TO_READ,
        *listed("Notes", report.notes),
        *listed("Conflicts", conflicts),
        *listed("Rows of the label files", report.problems),
    ]
    return "\n\n".join(parts) + "\n"
