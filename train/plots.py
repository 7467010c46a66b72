"""Plots as inline SVG whose colours come from the page, so that they follow its light or dark scheme."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from typing import Any

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from sklearn.metrics import precision_recall_curve

from aikind.train.evaluate import COVERAGE, Evaluation
from aikind.train.intervals import wilson_interval
from aikind.train.reliability import equal_mass_bins
from aikind.train.selective import coverage_risk

__all__ = ["legend", "plot_coverage_risk", "plot_precision_recall", "plot_reliability"]

_SIZE = (4.4, 3.4)
_DASHES: tuple[tuple[float, ...], ...] = ((), (5, 2), (1, 1.5), (5, 1.5, 1, 1.5))
# Colours that stand for the page's: the SVG is written with these, and each is then replaced by a CSS variable.
_INK, _SOFT, _LINE = "#010101", "#020202", "#030303"
_SERIES = tuple(f"#04040{n}" for n in range(len(_DASHES)))
_VARIABLES = {
    _INK: "var(--ink)",
    _SOFT: "var(--soft)",
    _LINE: "var(--line)",
    **{colour: f"var(--series-{n})" for n, colour in enumerate(_SERIES)},
}


def legend(evaluations: Sequence[Evaluation]) -> list[tuple[str, str, str]]:
    """Name, colour and dashes (in CSS and SVG terms) of each model's line."""
    dashes = [" ".join(str(2 * part) for part in _DASHES[n % len(_DASHES)]) for n in range(len(evaluations))]
    return [(e.name, _VARIABLES[_SERIES[n % len(_SERIES)]], dashes[n]) for n, e in enumerate(evaluations)]


def plot_precision_recall(evaluations: Sequence[Evaluation], label: int) -> str:
    """Precision against recall of one label, for each model; a dot marks where the model's threshold lies.

    Empty where no document carries the label.
    """
    if not evaluations[0].answers.gold[:, label].any():
        return ""
    figure, axes = _new("recall", "precision")
    for n, evaluation in enumerate(evaluations):
        answers = evaluation.answers
        precision, recall, _ = precision_recall_curve(answers.gold[:, label], answers.scores[:, label])
        precision[-1] = precision[-2]  # that of the highest threshold, in place of a 1 that no document stands for
        axes.plot(recall, precision, drawstyle="steps-post", **_style(n))
    at = list(evaluations[0].labels.values())[label]
    axes.plot([at["recall"]], [at["precision"]], "o", color=_SERIES[0], markersize=6)
    axes.set(xlim=(0, 1.02), ylim=(0, 1.02))
    return _finish(figure)


def plot_reliability(evaluation: Evaluation, label: int) -> str:
    """Share of documents that carry a label against the probability that was said, with 95 % intervals per bin."""
    figure, axes = _new("probability said", "share found")
    bins = equal_mass_bins(evaluation.answers.scores[:, label], evaluation.answers.gold[:, label])
    hits = np.rint(bins.found * bins.documents).astype(int)
    low, high = np.array([wilson_interval(int(h), int(d)) for h, d in zip(hits, bins.documents, strict=True)]).T
    axes.plot([0, 1], [0, 1], color=_SOFT, linewidth=1, linestyle=(0, (4, 3)))
    spread = np.clip([bins.found - low, high - bins.found], 0, None)
    axes.errorbar(bins.said, bins.found, yerr=spread, fmt="o-", color=_SERIES[0], linewidth=1.6, markersize=4.5, elinewidth=1)
    axes.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.02))
    return _finish(figure)


def plot_coverage_risk(evaluations: Sequence[Evaluation]) -> str:
    """Share of wrong kinds among the surest documents, for each model."""
    figure, axes = _new("share of documents answered, the surest first", "share of wrong kinds")
    highest = 0.0
    for n, evaluation in enumerate(evaluations):
        coverage, risk = coverage_risk(evaluation.answers.sureness, evaluation.answers.correct)
        axes.plot(coverage, risk, **_style(n))
        highest = max(highest, float(risk.max()))
    axes.axvline(COVERAGE, color=_SOFT, linewidth=1, linestyle=(0, (4, 3)))
    axes.set(xlim=(0, 1.02), ylim=(0, max(0.05, 1.05 * highest)))
    return _finish(figure)


def _new(x: str, y: str) -> tuple[Figure, Axes]:
    figure = Figure(figsize=_SIZE, layout="constrained", facecolor="none")
    FigureCanvasAgg(figure)  # draws in memory: no display is asked for
    axes = figure.add_subplot(facecolor="none")
    axes.set_xlabel(x, color=_INK)
    axes.set_ylabel(y, color=_INK)
    axes.tick_params(colors=_INK, labelcolor=_INK, color=_LINE)
    axes.grid(color=_LINE, linewidth=0.6)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color(_LINE)
    return figure, axes


def _style(n: int) -> dict[str, Any]:
    """The model in a strong line, baselines in thinner ones of other colours and dashes."""
    dashes = _DASHES[n % len(_DASHES)]
    return {
        "color": _SERIES[n % len(_SERIES)],
        "linestyle": (0, dashes) if dashes else "-",
        "linewidth": 2.2 if n == 0 else 1.4,
    }


def _finish(figure: Figure) -> str:
    buffer = io.StringIO()
    with matplotlib.rc_context({"svg.fonttype": "none", "svg.hashsalt": "aikind"}):
        figure.savefig(buffer, format="svg", transparent=True, metadata={"Date": None})
    return _inline(buffer.getvalue())


def _inline(svg: str) -> str:
    """The drawing alone, as a page takes it: no prologue, no metadata, no fixed size, no ids but those that are referred to."""
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    svg = re.sub(r'<g id="[^"]*">', "<g>", svg)
    svg = re.sub(r'\s(?:xmlns(?::xlink)?|version|width|height)="[^"]*"', "", svg, count=5)
    svg = svg.replace("xlink:href", "href")
    for colour, variable in _VARIABLES.items():
        svg = svg.replace(colour, variable)
    return svg.replace("<svg", '<svg role="img"', 1)
