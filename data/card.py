"""The dataset card: what is in a built dataset and how its labels came about."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from aikind.data.build import BuiltDataset
from aikind.data.labelling.analysis import FunctionReport
from aikind.data.recipe import SPLITS
from aikind.label_set import LabelSet

__all__ = ["dataset_card", "functions_table", "markdown_table"]


def markdown_table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    lines = ["| " + " | ".join(header) + " |", "|" + "---|" * len(header)]
    lines += ["| " + " | ".join(str(cell) for cell in row) + " |" for row in rows]
    return "\n".join(lines)


def functions_table(reports: Sequence[FunctionReport]) -> str:
    """Markdown table of the labelling functions."""
    return markdown_table(
        ("function", "label", "coverage", "overlap", "conflict", "accuracy on gold", "gold votes", "crashes"),
        [
            (
                r.name,
                r.label,
                f"{r.coverage:.1%}",
                f"{r.overlap:.1%}",
                f"{r.conflict:.1%}",
                "" if r.accuracy is None else f"{r.accuracy:.1%}",
                r.gold_votes,
                r.crashes,
            )
            for r in reports
        ],
    )


def _kind(record: dict[str, Any], label_set: LabelSet) -> str:
    return label_set.kind([name for name in label_set.names if record[name] >= 0.5])


def _agreement_section(built: BuiltDataset) -> str:
    names = built.recipe.given_under.names
    rows = [
        (a.name, a.documents, *("" if (k := a.kappa[n]) is None else f"{k:.3f}" for n in names), f"{a.same_kind:.1%}")
        for a in built.agreements
    ]
    header = ("readings", "documents", *(f"kappa {n}" for n in names), "same kind")
    return "## Agreement of two readers (Cohen's kappa)\n\n" + markdown_table(header, rows)


def _kinds(built: BuiltDataset) -> tuple[str, ...]:
    """The kinds that occur, or all of them where they are few."""
    kinds = built.recipe.label_set.kinds
    occurring = {_kind(record, built.recipe.label_set) for name in SPLITS for record in built.splits[name]}
    return kinds if len(kinds) <= 4 else tuple(kind for kind in kinds if kind in occurring)


def dataset_card(built: BuiltDataset) -> str:
    """Markdown card with counts by split, source and genre, the labelling functions, and what was left out."""
    label_set = built.recipe.label_set
    kinds = _kinds(built)
    everything = [(name, record) for name in SPLITS for record in built.splits[name]]

    def counts(column: str) -> str:
        tally: dict[str, Counter[str]] = {}
        for _, record in everything:
            tally.setdefault(str(record[column]), Counter())[_kind(record, label_set)] += 1
        body = [(key, *(t[k] for k in kinds), t.total()) for key, t in sorted(tally.items())]
        return markdown_table((column, *kinds, "all"), body)

    by_split = []
    for name in SPLITS:
        tally = Counter(_kind(record, label_set) for record in built.splits[name])
        by_split.append((name, *(tally[k] for k in kinds), tally.total()))
    reasons = Counter(skip.reason for skip in built.skipped.all)
    crashed = "".join(f"\n- `{name}` crashed; first at {where}" for name, where in built.votes.first_crash.items())
    remarks = "".join(f"\n- {remark}" for remark in built.votes.remarks)
    definitions = "\n".join(f"- **{label.name}** ({label.display}): {label.definition}" for label in label_set.labels)
    return (
        "\n\n".join(
            [
                f"# Dataset {built.recipe.name}",
                f"Fingerprint `{built.fingerprint}`, seed {built.recipe.seed}.",
                "## Labels\n\n" + definitions,
                "## Splits\n\n" + markdown_table(("split", *kinds, "all"), by_split),
                "## Where the labels came from\n\n" + counts("label_origin"),
                *([_agreement_section(built)] if built.agreements else []),
                "## Sources\n\n" + counts("source"),
                "## Genres\n\n" + counts("genre"),
                "## Labelling functions\n\n" + functions_table(built.functions) + crashed + remarks,
                "## Left out\n\n" + markdown_table(("reason", "rows"), reasons.most_common()),
            ]
        )
        + "\n"
    )
