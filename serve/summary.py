"""What a run tells at its end, and while it goes on."""

from __future__ import annotations

import re
import sys
import time
from collections import Counter
from collections.abc import Mapping

import click

from aikind.records import Tagging
from aikind.serve.results import KEPT, NEW, Result
from aikind.serve.writers.table import printable

__all__ = ["Summary", "cause_of"]

_DETAIL = re.compile(r"[:;(]|\. ")
_COUNTERS = ("kinds", "doubts", "failures", "origins", "totals")
_LINE = re.compile(r"line \d+: ")


class Summary:
    """Counts results.

    Attributes:
        failures: How many documents could not be tagged, by cause.
    """

    def __init__(self, *, tell_failures: bool, progress: bool) -> None:
        self.kinds: Counter[str] = Counter()
        self.doubts: Counter[str] = Counter()
        self.failures: Counter[str] = Counter()
        self.origins: Counter[str] = Counter()
        self.totals: Counter[str] = Counter()
        self._tell_failures = tell_failures
        self._progress = progress and sys.stderr.isatty()
        self._started = time.monotonic()

    @property
    def documents(self) -> int:
        return self.origins.total()

    def write(self, result: Result) -> None:
        tagging = result.tagging
        self.origins[result.origin] += 1
        if tagging.error is not None:
            self.failures[cause_of(tagging)] += 1
            if self._tell_failures and result.origin != KEPT:
                click.echo(f"failed: {printable(tagging.error)}", err=True)
        else:
            self.kinds[tagging.kind] += 1
            self.doubts.update(tagging.doubts)
            self.totals["unsure"] += tagging.unsure
        if result.origin == NEW:
            self.totals["tokens"] += tagging.tokens
        if self.documents % 20 == 0:
            self._show_progress()

    def counts(self) -> dict[str, dict[str, int]]:
        """All counts, for ``add`` in another process."""
        return {name: dict(getattr(self, name)) for name in _COUNTERS}

    def add(self, counts: Mapping[str, Mapping[str, int]]) -> None:
        for name in _COUNTERS:
            getattr(self, name).update(counts[name])
        self._show_progress()

    def _show_progress(self) -> None:
        if self._progress:
            click.echo(f"\r{self.documents} documents, {self._rate(self.documents - self.origins[KEPT])} a second", err=True, nl=False)

    def lines(self) -> list[str]:
        """Documents and kinds; speed, over the documents tagged in this run; then doubts and failures, where there are any."""
        clear = "\r" if self._progress else ""
        kinds = [f"{count} {kind}" for kind, count in self.kinds.most_common()]
        if self.failures:
            kinds.append(f"{self.failures.total()} failed")
        seconds = time.monotonic() - self._started
        lines = [f"{clear}{self.documents} documents in {seconds:.1f} s: {', '.join(kinds) or 'nothing to tag'}"]
        if self.origins[NEW]:
            lines.append(f"speed: {self._rate(self.origins[NEW])} documents and {self._rate(self.totals['tokens'])} tokens a second")
        if self.totals["unsure"]:
            lines.append(f"unsure: {self.totals['unsure']} ({_counts(self.doubts)})")
        if self.failures:
            lines.append(f"failed: {self.failures.total()} ({printable(_counts(self.failures))})")
        return lines

    def _rate(self, count: int) -> str:
        rate = count / max(1e-9, time.monotonic() - self._started)
        return f"{rate:,.0f}" if rate >= 10 else f"{rate:.1f}"


def _counts(counter: Counter[str]) -> str:
    return ", ".join(f"{count} {name}" for name, count in counter.most_common())


def cause_of(tagging: Tagging) -> str:
    """Why a document failed, without the place and the details that differ between documents of one cause."""
    reason = (tagging.error or "").removeprefix(f"{tagging.id}: ")
    reason = _LINE.sub("", reason, count=1)
    return _DETAIL.split(reason, maxsplit=1)[0].strip() or reason
