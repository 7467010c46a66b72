"""Cut a very long text into pieces, so that no more than one of them is held as tokens at a time."""

from __future__ import annotations

import re
from collections.abc import Iterator

__all__ = ["WHOLE", "pieces"]

WHOLE = 1_000_000  # characters; texts up to this length, longer than most books, stay whole
_PIECE = 200_000
_SEARCH = 50_000  # how far back from the end of a piece a good place to cut is looked for
_SENTENCE_END = re.compile(r"[.!?。！？][\"'”’)\]]*\s")
_SPACE = re.compile(r"\s")


def pieces(text: str) -> Iterator[tuple[int, str]]:
    """Yield stretches that make up ``text``, each with its offset in characters.

    A text of up to a million characters is one piece. Pieces of a longer one hold at most 200,000 characters and end with
    a paragraph, else a line, else a sentence, else a word, where one ends near by.
    """
    if len(text) <= WHOLE:
        yield 0, text
        return
    start = 0
    while start < len(text):
        end = _end(text, start)
        yield start, text[start:end]
        start = end


def _end(text: str, start: int) -> int:
    most = start + _PIECE
    if most >= len(text):
        return len(text)
    for border in ("\n\n", "\n"):
        at = text.rfind(border, most - _SEARCH, most)
        if at >= 0:
            return at + len(border)
    for pattern in (_SENTENCE_END, _SPACE):
        ends = [found.end() for found in pattern.finditer(text, most - _SEARCH, most)]
        if ends:
            return ends[-1]
    return most
