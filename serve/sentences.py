"""The sentences of a stretch of text, as places in it."""

from __future__ import annotations

from itertools import pairwise

from aikind.serve.windows import sentence_starts

__all__ = ["sentences"]

_MOST = 400  # characters; a longer sentence, or a text without full stops, is cut at white space
_FEWEST = 12  # characters; "Yes." or the number of a list item says nothing alone, and goes with what follows


def sentences(text: str, start: int, end: int) -> list[tuple[int, int]]:
    """Places of the sentences of ``text[start:end]``, without the white space around them, in order.

    Returns:
        Pairs of character offsets into ``text``. No pair is empty, and none overlaps another.
    """
    bounds = [*(start + at for at in sentence_starts(text[start:end])), end]
    found: list[tuple[int, int]] = []
    held: int | None = None
    for a, b in pairwise(bounds):
        a, b = _trimmed(text, a, b)
        if a == b:
            continue
        a, held = (a if held is None else held), None
        if b - a < _FEWEST:
            held = a
        elif b - a <= _MOST:
            found.append((a, b))
        else:
            found.extend(_pieces(text, a, b))
        last = (a, b)
    if held is not None:
        found.append(last)
    return found


def _trimmed(text: str, a: int, b: int) -> tuple[int, int]:
    while a < b and text[a].isspace():
        a += 1
    while b > a and text[b - 1].isspace():
        b -= 1
    return a, b


def _pieces(text: str, a: int, b: int) -> list[tuple[int, int]]:
    pieces = []
    while b - a > _MOST:
        cut = next((at for at in range(a + _MOST, a + _MOST // 2, -1) if text[at].isspace()), a + _MOST)
        pieces.append(_trimmed(text, a, cut))
        a, _ = _trimmed(text, cut, b)
    return [*pieces, (a, b)]
