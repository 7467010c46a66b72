"""One labelled or unlabelled piece of writing on its way into a dataset."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field

__all__ = ["Row", "Skipped", "encodable", "share_of", "text_hash"]


@dataclass(frozen=True, slots=True)
class Row:
    """A row read from a source.

    Attributes:
        key: ``source/id``, unique in a dataset.
        labels: Gold value per label, or None where nobody has read the text.
        where: File and line, for messages.
    """

    key: str
    text: str
    title: str
    source: str
    genre: str
    where: str
    labels: Mapping[str, bool] | None = None
    hard: bool = False
    group: str = ""
    date: str = ""
    label_origin: str = ""


@dataclass(slots=True)
class Skipped:
    """Rows that were left out, and why; shown to the user and counted in the dataset card."""

    reasons: list[tuple[str, str]] = field(default_factory=list)

    def add(self, where: str, why: str) -> None:
        self.reasons.append((where, why))


def encodable(text: str) -> bool:
    """Whether the text is whole Unicode; scraped text may hold half of a surrogate pair."""
    return not any("\ud800" <= c <= "\udfff" for c in text) if not text.isascii() else True


def text_hash(text: str) -> str:
    """SHA-256 of the UTF-8 text, in hex."""
    return hashlib.sha256(text.encode()).hexdigest()


def share_of(seed: int, *parts: str) -> float:
    """A number from 0 to 1 that depends on the seed and the parts alone, so that choices stay put as data grow."""
    digest = hashlib.sha256("\x1f".join((str(seed), *parts)).encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64
