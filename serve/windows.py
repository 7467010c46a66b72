"""Cut a text into overlapping windows of tokens that begin and end with sentences."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import sentencex
from tokenizers import Tokenizer

from aikind.serve.pieces import pieces

__all__ = ["Window", "WindowPlan", "Windower", "sentence_starts"]


@dataclass(frozen=True, slots=True)
class WindowPlan:
    """Sizes in tokens: of a whole window, its special tokens included, and of what neighbours share."""

    tokens: int = 256
    overlap: int = 64


@dataclass(frozen=True, slots=True)
class Window:
    """A stretch of text, as character offsets, and its token ids with the special tokens around them.

    ``new_tokens`` counts those that the window before does not hold too.
    """

    start: int
    end: int
    ids: tuple[int, ...]
    new_tokens: int

    @property
    def tokens(self) -> int:
        """How many tokens of the text itself it holds."""
        return len(self.ids) - 2


def sentence_starts(text: str) -> list[int]:
    """Character offset of each sentence's first character; 0 is always among them."""
    starts, at = [], 0
    for sentence in sentencex.segment("en", text):
        starts.append(at)
        at += len(sentence)
    return starts or [0]


class Windower:
    """Cuts texts into windows with one tokenizer and one plan. Safe to share between threads."""

    def __init__(self, tokenizer: Tokenizer, plan: WindowPlan) -> None:
        """Take over a tokenizer; its own truncation and padding are switched off.

        Raises:
            ValueError: The tokenizer does not put one special token before a text and one behind it,
                or the plan leaves no room between them.
        """
        tokenizer.no_truncation()
        tokenizer.no_padding()
        special = tokenizer.encode("").ids
        if len(special) != 2:
            raise ValueError(f"the tokenizer frames a text with {len(special)} special tokens; expected 2")
        if not 0 <= plan.overlap < (plan.tokens - 2) / 2:
            raise ValueError(f"an overlap of {plan.overlap} does not fit windows of {plan.tokens} tokens; it must be below half")
        self._tokenizer = tokenizer
        self._first, self._last = special
        self.plan = plan

    def cut(self, text: str) -> list[Window]:
        """Windows that together hold every token of ``text``; a short text is one window, without padding.

        Windows are of about equal size and end with a sentence where one ends near by; a sentence longer than that is cut.
        """
        return list(self.windows(text))

    def windows(self, text: str) -> Iterator[Window]:
        """The windows of ``cut``, one by one. Those of a very long text are made piece by piece and share nothing across pieces."""
        empty = True
        for at, piece in pieces(text):
            for window in self._windows_of_piece(piece, at):
                empty = False
                yield window
        if empty:
            yield Window(0, len(text), (self._first, self._last), 0)

    def _windows_of_piece(self, text: str, at: int) -> Iterator[Window]:
        encoding = self._tokenizer.encode(text, add_special_tokens=False)
        ids, offsets = encoding.ids, encoding.offsets
        room = self.plan.tokens - 2
        if not ids:
            return
        if len(ids) <= room:
            yield Window(at, at + len(text), (self._first, *ids, self._last), len(ids))
            return
        token_starts = [start for start, _ in offsets]
        bounds = sorted({bisect_left(token_starts, start) for start in sentence_starts(text)} | {len(ids)})
        done = 0
        for a, b in _spans(len(ids), bounds, room, self.plan.overlap):
            yield Window(at + offsets[a][0], at + offsets[b - 1][1], (self._first, *ids[a:b], self._last), b - done)
            done = b


def _spans(count: int, bounds: Sequence[int], room: int, overlap: int) -> list[tuple[int, int]]:
    spans: list[tuple[int, int]] = []
    start = 0
    while count - start > room:
        # Windows of about equal size cost fewest tokens, and none of them is a mere tail.
        left = count - start
        needed = math.ceil((left - overlap) / (room - overlap))
        target = start + math.ceil((left + (needed - 1) * overlap) / needed)
        end = _sentence_end(bounds, start + room // 2, target, start + room)
        spans.append((start, end))
        at = bisect_left(bounds, end - overlap)
        start = bounds[at] if bounds[at] < end else end - overlap
    spans.append((start, count))
    return spans


def _sentence_end(bounds: Sequence[int], above: int, target: int, most: int) -> int:
    """The first sentence end from ``target`` on that is not beyond ``most``; else the last one above ``above``; else the target."""
    after = bounds[bisect_left(bounds, target)]
    if after <= most:
        return after
    before = bounds[bisect_left(bounds, target) - 1]
    return before if before > above else target
