"""The two records that cross folders: a document goes in, a tagging comes out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

__all__ = ["Document", "Tagging", "join_title"]


@dataclass(frozen=True, slots=True)
class Document:
    """One piece of writing.

    Attributes:
        id: Names the document in results and messages; a path or the value of an id field.
        text: The writing itself. Empty when ``error`` is set.
        meta: Whatever the reader knows besides: ``where`` (file, member, line), ``date`` (``YYYY-MM-DD``), ``encoding`` where
            it is not UTF-8, ``front_matter``.
        error: Why the document could not be read, or None.
    """

    id: str
    text: str
    meta: Mapping[str, Any] = field(default_factory=dict)
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Tagging:
    """What the model says of one document.

    Attributes:
        id: The document's id.
        labels: Names of the labels the document carries, in the label set's order.
        kind: The name for that combination of labels, such as ``neither``; empty on error.
        scores: Calibrated probability of each label, between 0 and 1; empty on error.
        doubts: Why the labels may well be wrong: ``close_call`` (a score near its threshold), ``too_short``, ``not_english``.
        windows: How many windows of text the scores rest on.
        error: Why the document could not be tagged, or None.
        encoding: What the document was decoded from, where that was not UTF-8.
    """

    id: str
    labels: tuple[str, ...] = ()
    kind: str = ""
    scores: Mapping[str, float] = field(default_factory=dict)
    doubts: tuple[str, ...] = ()
    windows: int = 0
    error: str | None = None
    encoding: str | None = None

    @property
    def unsure(self) -> bool:
        """Whether there is any doubt; such results are worth a look."""
        return bool(self.doubts)


def join_title(title: str, text: str) -> str:
    """Put a title before its text, unless the text already opens with it."""
    title = title.strip()
    opening, follows = text.lstrip()[: len(title)], text.lstrip()[len(title) : len(title) + 1]
    if not title or (opening == title and not follows.isalnum()):
        return text
    return f"{title}\n\n{text}"
