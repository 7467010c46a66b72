"""One labelled or unlabelled piece of writing on its way into a dataset."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

__all__ = ["Row", "Skip", "Skipped", "encodable", "normalised", "share_of", "source_name", "text_hash"]


@dataclass(frozen=True, slots=True)
class Row:
    """A row read from a source.

    Attributes:
        key: ``source/id``, or ``source/file/id`` where a source has files of other names than its own; unique in a dataset.
        source: ``source`` or ``source/file``.
        labels: Gold value per label, or None where nobody has read the text.
        carried: Value of some labels only, where the text was read under another label set.
        soft: A teacher's probability per label, where there is no gold but a teacher has scored the text.
        where: File and line, for messages.
    """

    key: str
    text: str
    title: str
    source: str
    genre: str
    where: str
    labels: Mapping[str, bool] | None = None
    carried: Mapping[str, float] = field(default_factory=dict)
    soft: Mapping[str, float] | None = None
    hard: bool = False
    group: str = ""
    date: str = ""
    label_origin: str = ""


class Skip(NamedTuple):
    """One thing that was left out: where it stands, a fixed phrase to count by, what is particular to it."""

    where: str
    reason: str
    detail: str = ""
    routine: bool = False

    @property
    def why(self) -> str:
        return f"{self.reason}: {self.detail}" if self.detail else self.reason


@dataclass(slots=True)
class Skipped:
    """What was left out, and why; counted in the dataset card, and shown to the user unless it is routine."""

    all: list[Skip] = field(default_factory=list)

    def add(self, where: str, reason: str, detail: str = "", routine: bool = False) -> None:
        self.all.append(Skip(where, reason, detail, routine))

    @property
    def faults(self) -> list[Skip]:
        return [skip for skip in self.all if not skip.routine]


def encodable(text: str) -> bool:
    """Whether the text is whole Unicode; scraped text may hold half of a surrogate pair."""
    return not any("\ud800" <= c <= "\udfff" for c in text) if not text.isascii() else True


def normalised(text: str) -> str:
    """The text in lower case with single spaces; texts that agree in this count as the same."""
    return " ".join(text.lower().split())


def text_hash(text: str) -> str:
    """SHA-256 of the UTF-8 text, in hex."""
    return hashlib.sha256(text.encode()).hexdigest()


def share_of(seed: int, *parts: str) -> float:
    """A number from 0 to 1 that depends on the seed and the parts alone, so that choices stay put as data grow."""
    digest = hashlib.sha256("\x1f".join((str(seed), *parts)).encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64


def source_name(row: Row) -> str:
    """The recipe's name of the source that a row came from."""
    return row.source.split("/", 1)[0]
