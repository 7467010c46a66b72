"""Cut a text at its evidence, so that a terminal or a page can mark it."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from aikind.label_set import LabelSet
from aikind.records import Explanation

__all__ = ["Part", "parts_of"]

_GAP = " […] "


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of text; ``labels`` are those it speaks for, and ``kind`` is their name together. Both empty for plain text."""

    text: str
    labels: tuple[str, ...] = ()
    kind: str = ""
    note: str = ""


def parts_of(explanation: Explanation, label_set: LabelSet, context: int) -> list[Part]:
    """The text in order, as plain and as marked parts.

    Args:
        context: Of plain text, so many characters are kept before and after what is marked; longer stretches are shortened.
    """
    text = explanation.text
    evidence = [(name, one) for name in label_set.names for one in explanation.evidence.get(name, ())]
    bounds = sorted({0, len(text), *(at for _, one in evidence for at in (one.start, one.end))})
    parts = []
    for a, b in pairwise(bounds):
        spoken = {name: one.score for name, one in evidence if one.start <= a and b <= one.end}
        if spoken:
            note = ", ".join(f"{name} {score:.2f}" for name, score in spoken.items())
            parts.append(Part(text[a:b], tuple(spoken), label_set.kind(tuple(spoken)), note))
        else:
            parts.append(Part(_shortened(text[a:b], context, first=a == 0, last=b == len(text))))
    return parts


def _shortened(text: str, context: int, *, first: bool, last: bool) -> str:
    """Plain text without its middle; what stands first in the document loses its beginning, but for a text without any mark."""
    if len(text) <= 3 * context:
        return text
    if first and last:
        return text[: 2 * context] + _GAP
    before, after = "" if first else text[:context], "" if last else text[-context:]
    return f"{before}{_GAP}{after}"
