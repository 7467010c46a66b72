"""The comparison as a page."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from aikind.serve.monitor.collection import Collection
from aikind.serve.monitor.compare import ALPHA, Tested
from aikind.serve.monitor.wording import headline, sentence, size_of
from aikind.serve.pages import render_page

__all__ = ["monitor_page"]

_COLOURS = 6
_WORDS = 20


def monitor_page(reference: Collection, current: Collection, tested: Sequence[Tested], remarks: Sequence[str]) -> str:
    """One HTML page that needs nothing from outside itself."""
    kinds = sorted({one.kind for side in (reference, current) for one in side.documents})
    empty = {reference.none, current.none} - {""}
    marked = [kind for kind in (*reference.labels, *kinds) if kind in kinds and kind not in empty]
    colours = {kind: f"k{number % _COLOURS}" for number, kind in enumerate(dict.fromkeys(marked))} | dict.fromkeys(empty, "kn")
    return render_page(
        "monitor.html",
        sides=[_side(side, list(colours)) for side in (reference, current)],
        colours=colours,
        headline=headline(tested),
        findings=[sentence(one, len(reference.documents)) for one in tested if one.beyond_chance],
        questions=[
            {
                "name": one.feature.name,
                "effect": one.effect,
                "size": size_of(one.effect),
                "p": one.adjusted_p,
                "beyond": one.beyond_chance,
                "words": sentence(one, len(reference.documents)),
            }
            for one in tested
        ],
        words=_words(tested),
        level=ALPHA,
        remarks=remarks,
    )


def _side(side: Collection, kinds: Sequence[str]) -> dict[str, Any]:
    count = Counter(one.kind for one in side.documents)
    shares = [(kind, count[kind] / len(side.documents)) for kind in kinds if count[kind]]
    return {"name": side.name, "compared": len(side.documents), "total": side.total, "failed": side.failed, "shares": shares}


def _words(tested: Sequence[Tested]) -> list[tuple[str, float, float]]:
    """The words that tell the sides apart best, each with the share of documents on either side."""
    for one in tested:
        if one.feature.name == "vocabulary" and one.beyond_chance:
            order = sorted(range(len(one.feature.columns)), key=lambda j: -abs(one.weights[j]))[:_WORDS]
            return [(one.feature.columns[j], float(one.reference[j]), float(one.current[j])) for j in order]
    return []
