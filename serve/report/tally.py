"""What is kept of a collection while it is tagged: counts, and a few documents to show. It does not grow with the collection."""

from __future__ import annotations

import hashlib
import os
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from aikind.label_set import LabelSet
from aikind.records import Document, Tagging
from aikind.serve.report.bounded import Best, CountsByKey
from aikind.serve.report.texts import TextIndex
from aikind.serve.summary import cause_of

__all__ = ["BINS", "Shown", "Tally"]

BINS = 20  # of a score histogram
_SUREST, _LEAST_SURE = 3, 8  # documents shown: of each kind, and of all
_MOST_CHARACTERS = 100_000  # of a longer text only the opening is kept, and no evidence is looked for
_OPENING = 300
_MOST_KEYS = 10_000  # groups and causes told apart
_FEW_KINDS = 4
_DATE = re.compile(r"([12]\d{3})(?:-(0[1-9]|1[0-2]))?")
_LINE = re.compile(r":\d+$")


@dataclass(frozen=True, slots=True)
class Shown:
    """A document to show; ``text`` is None where it is too long to keep."""

    tagging: Tagging
    group: str
    date: str
    opening: str
    text: str | None


class Tally:
    """Takes results one by one.

    Args:
        label_set: The model's labels and kinds.
        thresholds: Probability per label from which on a document carries it.
    """

    def __init__(self, label_set: LabelSet, thresholds: Mapping[str, float]) -> None:
        self.label_set = label_set
        self.thresholds = thresholds
        self.kinds: Counter[str] = Counter()
        self.doubts: Counter[str] = Counter()
        self.unsure = 0
        self.tokens = 0
        self.failed = 0
        self.failures = CountsByKey(_MOST_KEYS)
        self.failed_ids: dict[str, str] = {}  # the first of each cause
        self.months: dict[str, Counter[str]] = {}  # by "2024-05", or "2024" where no more is known
        self.groups = CountsByKey(_MOST_KEYS)
        self.scores = {name: [0] * BINS for name in label_set.names}
        self.surest: dict[str, Best[Shown]] = {kind: Best(_SUREST) for kind in label_set.kinds}
        self.least_sure: Best[Shown] = Best(_LEAST_SURE)
        self.texts = TextIndex()

    @property
    def shown_kinds(self) -> tuple[str, ...]:
        """Single labels, none, and of the combinations those that occur; all kinds where they are few."""
        kinds = self.label_set.kinds
        always = kinds if len(kinds) <= _FEW_KINDS else (*self.label_set.names, self.label_set.none)
        return tuple(kind for kind in kinds if kind in always or self.kinds[kind])

    @property
    def documents(self) -> int:
        return self.kinds.total() + self.failed

    @property
    def dated(self) -> int:
        return sum(counts.total() for counts in self.months.values())

    def add(self, tagging: Tagging, document: Document) -> None:
        """Count a result and the document that it is of."""
        if tagging.error is not None:
            cause = cause_of(tagging)[:200]
            self.failed += 1
            self.failures.add(cause, "failed")
            if cause in self.failures.counts:
                self.failed_ids.setdefault(cause, tagging.id[:200])
            return
        date, group = _date_of(document), _group_of(document)
        self.kinds[tagging.kind] += 1
        self.doubts.update(tagging.doubts)
        self.unsure += tagging.unsure
        self.tokens += tagging.tokens
        if date:
            self.months.setdefault(date, Counter())[tagging.kind] += 1
        self.groups.add(group, tagging.kind)
        for name, score in tagging.scores.items():
            self.scores[name][min(BINS - 1, int(score * BINS))] += 1
        self.texts.add(document.text, tagging.id)
        self._consider(tagging, document, group, date)

    def _consider(self, tagging: Tagging, document: Document, group: str, date: str) -> None:
        margin = min(abs(score - self.thresholds[name]) for name, score in tagging.scores.items())
        surest = self.surest[tagging.kind]
        key = hashlib.sha256(document.text.encode("utf-8", "surrogatepass")).digest()
        # A document in doubt for its length or language is no good example of what the model is sure of.
        sure = surest.takes(margin, key) and not tagging.unsure
        if not sure and not self.least_sure.takes(-margin, key):
            return
        text = document.text if len(document.text) <= _MOST_CHARACTERS else None
        shown = Shown(tagging, group, date, " ".join(document.text[: 4 * _OPENING].split())[:_OPENING], text)
        if sure:
            surest.add(margin, key, shown)
        self.least_sure.add(-margin, key, shown)


def _date_of(document: Document) -> str:
    """Year and month of ``meta["date"]``, an ISO date or time; the year alone where there is no more; else empty."""
    found = _DATE.match(str(document.meta.get("date") or ""))
    return "" if found is None else "-".join(part for part in found.groups() if part)


def _group_of(document: Document) -> str:
    """``meta["source"]`` if there is one; else the file that a record was read from, or the folder of a document's own file."""
    source = document.meta.get("source")
    if isinstance(source, str) and source:
        return source[:200]
    where = str(document.meta.get("where") or "")
    if _LINE.search(where):
        return _LINE.sub("", where)[-200:]
    return (os.path.dirname(where) or ".")[-200:] if where else "unknown"  # noqa: PTH120  (pathlib breaks addresses)
