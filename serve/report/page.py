"""The report as a page, and the sink that makes it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from aikind.errors import DocumentError
from aikind.records import Document, Tagging
from aikind.serve.pages import colours, render_page
from aikind.serve.pages.file import write_page
from aikind.serve.report.charts import Bar, periods, stacked
from aikind.serve.report.tally import BINS, Shown, Tally
from aikind.serve.results import Result
from aikind.serve.tagger import Tagger

__all__ = ["CollectionReport"]

_GROUPS, _COPIES, _CAUSES = 20, 10, 20  # so many are shown
_SENTENCES = 2  # of evidence, for each label


class CollectionReport:
    """Counts what a run tags, and writes one HTML page about it.

    Args:
        tagger: Tells the labels and thresholds, and finds the evidence of the few documents that are shown.
    """

    def __init__(self, tagger: Tagger) -> None:
        self._tagger = tagger
        self.tally = Tally(tagger.label_set, tagger.manifest.thresholds)

    def add(self, tagging: Tagging, document: Document) -> None:
        """Count a result and the document that it is of."""
        self.tally.add(tagging, document)

    def write(self, result: Result) -> None:
        self.add(result.tagging, result.document or Document(result.tagging.id, ""))

    def save(self, page: Path) -> None:
        """Write the page.

        Raises:
            OSError: It cannot be written.
        """
        write_page(page, self.html())

    def html(self) -> str:
        tally = self.tally
        kinds = tally.shown_kinds
        groups, rest = tally.groups.largest(_GROUPS)
        causes, other_causes = tally.failures.largest(_CAUSES)
        copied, surplus = tally.texts.surplus()
        return render_page(
            "report.html",
            tally=tally,
            model=self._tagger.manifest.name,
            tagged=tally.kinds.total(),
            kinds=kinds,
            colours=colours(tally.label_set),
            counts={kind: tally.kinds[kind] for kind in kinds},
            over_time=stacked(periods(tally.months), kinds),
            groups=stacked(groups, kinds),
            other_groups=rest.total(),
            histograms={name: _histogram(counts) for name, counts in tally.scores.items()},
            surest=[(kind, [self._view(shown) for shown in best.items()]) for kind, best in tally.surest.items()],
            least_sure=[self._view(shown) for shown in tally.least_sure.items()],
            copied=copied,
            surplus=surplus,
            copies=tally.texts.commonest(_COPIES),
            causes=[(cause, counts.total(), tally.failed_ids.get(cause, "")) for cause, counts in causes],
            other_causes=other_causes.total(),
        )

    def _view(self, shown: Shown) -> dict[str, Any]:
        evidence = shown.tagging.evidence
        if not evidence and shown.text is not None:
            try:
                evidence = self._tagger.explain(shown.text, near=True).evidence
            except DocumentError:
                evidence = {}
        quotes = [(name, one.text, one.score) for name, found in evidence.items() for one in found[:_SENTENCES]]
        return {"tagging": shown.tagging, "group": shown.group, "date": shown.date, "opening": shown.opening, "quotes": quotes}


def _histogram(counts: list[int]) -> list[Bar]:
    return stacked([(f"{i / BINS:.2f}–{(i + 1) / BINS:.2f}", {"": count}) for i, count in enumerate(counts)], [""])
