"""The table that sets two models side by side; reports and the command line show the same one."""

from __future__ import annotations

from collections.abc import Sequence

from aikind.train.comparison import Comparison
from aikind.train.report_tables import Table, percent

__all__ = ["HOW_TO_READ", "comparison_table"]

HOW_TO_READ = (
    "Kind accuracy: share of texts of which every label is right. In brackets, 95 % intervals of its difference in points, by 1,000 "
    "bootstrap samples of the texts. p: how likely luck alone makes the two differ so much (exact McNemar test, two-sided)."
)


def comparison_table(comparisons: Sequence[Comparison], a: str, b: str) -> Table:
    """Kind accuracy and F1 of two models, on each set of texts."""
    rows = []
    for c in comparisons:
        interval = f"{100 * c.difference:+.1f} ({100 * c.interval[0]:+.1f} to {100 * c.interval[1]:+.1f})"
        rows.append(
            [c.name, "kind accuracy", str(c.documents), percent(c.accuracy[0]), percent(c.accuracy[1]), interval, f"{c.p_value:.2g}"]
        )
        rows += [
            [c.name, f"F1 {name}", str(f.documents), f"{f.f1[0]:.3f}", f"{f.f1[1]:.3f}", f"{f.f1[1] - f.f1[0]:+.3f}", ""]
            for name, f in c.labels.items()
        ]
    return Table(["texts", "figure", "count", a, b, "difference", "p"], rows)
