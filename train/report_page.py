"""A report as one HTML page that needs nothing from outside itself."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from aikind.train.plots import legend, plot_coverage_risk, plot_precision_recall, plot_reliability
from aikind.train.report import Report, SetReport
from aikind.train.report_tables import labels_table, models_table, note_on_figures, percent, span, unsure_line

__all__ = ["render_page"]

_TEMPLATE = "report_page.html"
_SHOWN = 600  # characters of a wrong document's text


def render_page(report: Report) -> str:
    """The page. Everything that comes from documents or files is escaped."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters |= {"percent": percent, "span": span}
    return environment.get_template(_TEMPLATE).render(
        report=report,
        manifest=report.manifest,
        dataset=report.manifest.about.get("dataset", {}),
        sets=[_view(found) for found in report.sets],
        how_to_read=note_on_figures(report),
        shown=_SHOWN,
    )


def _view(found: SetReport) -> dict[str, Any]:
    """What the template shows of one set. The plots hold no words from outside, so they go in as they are."""
    model = found.evaluations[0]
    plots = [
        *((f"Precision and recall: {name}", plot_precision_recall(found.evaluations, j)) for j, name in enumerate(model.labels)),
        ("Coverage and risk", plot_coverage_risk(found.evaluations)),
        *((f"Reliability: {name}", plot_reliability(model, j)) for j, name in enumerate(model.labels)),
    ]
    return {
        "found": found,
        "model": model,
        "models": models_table(found),
        "labels": labels_table(model),
        "unsure": unsure_line(model),
        "legend": legend(found.evaluations),
        "plots": [(title, Markup(svg)) for title, svg in plots if svg],
    }
