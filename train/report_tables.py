"""The tables of a report, as text in cells; a page and a Markdown file show the same ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from aikind.train.evaluate import COVERAGE, Evaluation
from aikind.train.groups import GroupFigures
from aikind.train.intervals import Interval
from aikind.train.reliability import BINS

if TYPE_CHECKING:
    from aikind.train.report import Report, SetReport

__all__ = ["Table", "confusion_table", "groups_table", "labels_table", "models_table", "note_on_figures", "percent", "span", "unsure_line"]


@dataclass(frozen=True, slots=True)
class Table:
    header: Sequence[str]
    rows: Sequence[Sequence[str]]


def percent(share: float | None) -> str:
    return "–" if share is None else f"{share:.1%}"


def span(interval: Interval, as_percent: bool = True) -> str:
    """An interval in brackets."""
    low, high = interval
    return f"({100 * low:.1f}–{100 * high:.1f})" if as_percent else f"({low:.3f}–{high:.3f})"


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"


def models_table(found: SetReport) -> Table:
    """The model and its baselines side by side."""
    names = list(found.evaluations[0].labels)
    header = ["model", "kind accuracy", *(f"F1 {n}" for n in names), *(f"AP {n}" for n in names), f"accuracy at {COVERAGE:.0%}"]
    rows = []
    for e in found.evaluations:
        f1 = [f"{_number(e.labels[n]['f1'])} {span(e.labels[n]['f1_interval'], False)}" for n in names]
        ap = [_number(e.labels[n]["average_precision"]) for n in names]
        rows.append([e.name, f"{percent(e.kind_accuracy)} {span(e.kind_accuracy_interval)}", *f1, *ap, percent(e.accuracy_at_coverage)])
    return Table(header, rows)


def labels_table(evaluation: Evaluation) -> Table:
    """All figures of each label."""
    keys = {
        "precision": "precision",
        "recall": "recall",
        "f1": "F1",
        "average_precision": "AP",
        "calibration_error": "ECE",
        "brier": "Brier",
    }
    rows = [[name, *(_number(f[key]) for key in keys), str(f["support"])] for name, f in evaluation.labels.items()]
    return Table(["label", *keys.values(), "documents"], rows)


def confusion_table(evaluation: Evaluation) -> Table:
    """Gold kinds in rows, said kinds in columns."""
    kinds = list(evaluation.confusion)
    return Table(["gold", *kinds], [[kind, *(str(evaluation.confusion[kind][said]) for said in kinds)] for kind in kinds])


def groups_table(name: str, groups: Mapping[str, GroupFigures]) -> Table:
    """Accuracy of the groups of one grouping."""
    rows = [[key, str(g.documents), f"{percent(g.kind_accuracy)} {span(g.interval)}"] for key, g in groups.items()]
    return Table([name, "documents", "kind accuracy"], rows)


def unsure_line(evaluation: Evaluation) -> str:
    """What the mark "unsure" is worth; empty where a model does not set it."""
    unsure = evaluation.unsure
    if unsure is None:
        return ""
    return (
        f"Marked as unsure: {percent(unsure.share)} of the documents; "
        f"kind accuracy {percent(unsure.accuracy_inside)} on them, {percent(unsure.accuracy_outside)} on the others."
    )


def note_on_figures(report: Report) -> str:
    """What the figures mean, for a reader who has not seen them before."""
    documents = sum(s.evaluations[0].documents for s in report.sets)
    return (
        f"{documents} documents in all. Kind accuracy: share of documents of which every label is right. In brackets, 95 % intervals: "
        "of kind accuracy and F1 by 1,000 bootstrap samples of the documents, of groups by Wilson's score. "
        f"AP: average precision. ECE: expected calibration error over {BINS} bins of equal mass (Guo et al. 2017; Nixon et al. 2019). "
        f"Brier: mean squared error of the probabilities. Accuracy at {COVERAGE:.0%}: kind accuracy on that share of the documents of "
        "which the model is surest (Geifman and El-Yaniv 2017), by how far its closest call lies from the threshold, in logits."
    )
