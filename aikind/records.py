"""The records that cross folders: a document goes in, a tagging comes out, with evidence where it is asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

__all__ = ["Document", "Evidence", "Explanation", "Tagging", "join_title"]


@dataclass(frozen=True, slots=True)
class Document:
    """One piece of writing.

    >>> from aikind import Document, Tagger
    >>> letters = [Document("a", "The model predicts which pumps will fail."), Document("b", "", error="b: torn apart")]
    >>> [(result.id, result.kind, result.error) for result in Tagger().tag_many(letters)]
    [('a', 'predictive', None), ('b', '', 'b: torn apart')]

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
class Evidence:
    """One sentence that speaks for a label.

    >>> from aikind import Tagger
    >>> text = "The bridge was closed on Monday. ChatGPT writes the letters to the neighbours."
    >>> (sentence,) = Tagger().explain(text).evidence["generative"][:1]
    >>> sentence.text == text[sentence.start : sentence.end]
    True
    >>> sentence.text
    'ChatGPT writes the letters to the neighbours.'

    Attributes:
        start, end: Its place in the text, in characters; ``text[start:end]`` is the sentence.
        score: How much it carries, from -0.5 to 1: half of the label's probability for the sentence alone, and half of what
            the probability of the text around it loses when the sentence is taken out.
        text: The sentence itself.
    """

    start: int
    end: int
    score: float
    text: str


@dataclass(frozen=True, slots=True)
class Tagging:
    """What the model says of one document.

    >>> from aikind import Tagger
    >>> result = Tagger().tag("The model predicts which of the pumps in the waterworks will fail next month.", id="pumps")
    >>> result.id, result.kind, result.labels, result.unsure
    ('pumps', 'predictive', ('predictive',), False)
    >>> result.scores["predictive"] > 0.9
    True

    Attributes:
        id: The document's id.
        labels: Names of the labels the document carries, in the label set's order.
        kind: The name for that combination of labels, such as ``neither``; empty on error.
        scores: Calibrated probability of each label, between 0 and 1; empty on error.
        doubts: Why the labels may well be wrong: ``close_call`` (a score near its threshold), ``too_short``,
            ``unlike_training`` (code, tables, gibberish), ``not_english``.
        windows: How many windows of text the scores rest on.
        tokens: Length of the text as the model reads it.
        error: Why the document could not be tagged, or None.
        evidence: Per label, the sentences that carried it, the strongest first; empty where it was not asked for.
        encoding: What the document was decoded from, where that was not UTF-8.
    """

    id: str
    labels: tuple[str, ...] = ()
    kind: str = ""
    scores: Mapping[str, float] = field(default_factory=dict)
    doubts: tuple[str, ...] = ()
    windows: int = 0
    error: str | None = None
    tokens: int = 0
    evidence: Mapping[str, tuple[Evidence, ...]] = field(default_factory=dict)
    encoding: str | None = None

    @property
    def unsure(self) -> bool:
        """Whether there is any doubt; such results are worth a look."""
        return bool(self.doubts)


@dataclass(frozen=True, slots=True)
class Explanation:
    """A text, what the model says of it, and the sentences that carried that: ``tagging.evidence``, places in ``text``.

    >>> from aikind import Tagger
    >>> explanation = Tagger().explain("ChatGPT writes the letters to the neighbours.")
    >>> explanation.tagging.kind, list(explanation.evidence)
    ('generative', ['generative'])
    """

    text: str
    tagging: Tagging

    @property
    def evidence(self) -> Mapping[str, tuple[Evidence, ...]]:
        return self.tagging.evidence


def join_title(title: str, text: str) -> str:
    """Put a title before its text, unless the text already opens with it."""
    title = title.strip()
    opening, follows = text.lstrip()[: len(title)], text.lstrip()[len(title) : len(title) + 1]
    if not title or (opening == title and not follows.isalnum()):
        return text
    return f"{title}\n\n{text}"
