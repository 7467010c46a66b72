"""A report as Markdown, padded so that it reads well in a terminal too."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aikind.serve.writers.table import printable
from aikind.train.report_tables import (
    Table,
    confusion_table,
    groups_table,
    labels_table,
    models_table,
    note_on_figures,
    percent,
    unsure_line,
)

if TYPE_CHECKING:
    from aikind.train.report import Report, SetReport

__all__ = ["markdown_table", "render_markdown"]


def render_markdown(report: Report) -> str:
    """All figures of the report; documents are neither shown nor named."""
    dataset = report.manifest.about.get("dataset", {})
    parts = [
        f"# Evaluation of the model `{printable(report.manifest.name)}`",
        f"SHA-256 of its manifest `{report.manifest_sha256[:16]}`; trained on the dataset {dataset.get('name', 'unknown')}, "
        f"fingerprint `{str(dataset.get('fingerprint', 'unknown'))[:16]}`.",
        *(["\n".join(f"- {printable(note)}" for note in report.notes)] if report.notes else []),
        *(part for found in report.sets for part in _set_parts(found)),
        "## How to read this",
        note_on_figures(report),
    ]
    return "\n\n".join(parts) + "\n"


def _set_parts(found: SetReport) -> list[str]:
    model = found.evaluations[0]
    parts = [
        f"## {printable(found.name)}",
        f"{model.documents} documents, SHA-256 `{found.sha256[:16]}`.",
        *(["\n".join(f"- {printable(note)}" for note in found.notes)] if found.notes else []),
        markdown_table(models_table(found)),
        "### Labels",
        markdown_table(labels_table(model)),
        f"### Kinds: gold in rows, what the model says in columns\n\n{markdown_table(confusion_table(model))}",
        f"{unsure_line(model)} Area under the coverage-risk curve: {percent(model.area_under_risk)}.".strip(),
    ]
    for name, groups in model.groups.items():
        parts += [f"### By {name}", markdown_table(groups_table(name, groups))]
    return parts


def markdown_table(table: Table) -> str:
    """A table, padded."""
    cells = [[printable(cell).replace("|", "\\|") for cell in row] for row in (table.header, *table.rows)]
    widths = [max(len(row[i]) for row in cells) for i in range(len(table.header))]
    lines = ["| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |" for row in cells]
    return "\n".join([lines[0], "|" + "|".join("-" * (width + 2) for width in widths) + "|", *lines[1:]])
