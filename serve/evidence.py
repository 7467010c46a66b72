"""Find the sentences that carried a label.

A sentence is tried in two ways in the windows that speak most for the label. Taken out, it should be missed: the label's
probability for the rest of the window falls (occlusion: Zeiler & Fergus, "Visualizing and Understanding Convolutional
Networks", ECCV 2014; for words, Li, Monroe & Jurafsky, "Understanding Neural Networks through Representation Erasure", 2016).
Alone, it should be enough: the model gives it the label without the rest. DeYoung et al., "ERASER", ACL 2020, call the two
comprehensiveness and sufficiency. Taking out fails where several sentences say the same, and standing alone where a sentence
needs its neighbours; the mean of the two fails in neither case. Nothing is learnt, and the network is run as it is.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from aikind.records import Evidence
from aikind.serve.model import Model
from aikind.serve.sentences import sentences
from aikind.serve.windows import Window

__all__ = ["find_evidence"]

_WINDOWS = 2  # for each label, so many windows are looked into,
_TAKEN_OUT = 8  # in each of them so many sentences are taken out, those that are strongest alone,
_MOST = 5  # and at most so many are told
_SHARE = 0.5  # of the strongest sentence's score; weaker ones are not told


def find_evidence(model: Model, text: str, window_logits: NDArray[np.float32], names: Sequence[str]) -> dict[str, tuple[Evidence, ...]]:
    """The sentences that speak for each of ``names``, the strongest first; one at least for each.

    However long the text, at most 2 windows are looked into for a label; for each of them the network runs over every
    sentence once, and 8 times over the window less a sentence.

    Args:
        window_logits: As ``Model.score`` gives them for this text; shape (windows, labels).
        names: Labels of the model.
    """
    if not names:
        return {}
    column = {name: model.manifest.label_set.names.index(name) for name in names}
    chosen = {name: [int(i) for i in np.argsort(-window_logits[:, j], kind="stable")[:_WINDOWS]] for name, j in column.items()}
    wanted = {number for numbers in chosen.values() for number in numbers}
    trials = {n: _Trial(model, text, w, window_logits[n]) for n, w in enumerate(model.windower.windows(text)) if n in wanted}
    return {name: _strongest([e for n in numbers for e in trials[n].evidence(column[name])]) for name, numbers in chosen.items()}


class _Trial:
    """Tries the sentences of one window. What was run for one label serves the others."""

    def __init__(self, model: Model, text: str, window: Window, logits: NDArray[np.float32]) -> None:
        self._model = model
        self._text = text
        self._window = window
        self._whole = model.calibrate(logits.astype(np.float64))
        self._places = sentences(text, window.start, window.end)
        self._alone = [self._probabilities(text[a:b]) for a, b in self._places]
        self._without: dict[int, NDArray[np.float64]] = {}

    def evidence(self, column: int) -> list[Evidence]:
        order = sorted(range(len(self._places)), key=lambda i: -self._alone[i][column])
        found = []
        for i in order[:_TAKEN_OUT]:
            if i not in self._without:
                self._without[i] = self._probabilities(self._rest(*self._places[i]))
            lost = self._whole[column] - self._without[i][column]
            a, b = self._places[i]
            found.append(Evidence(a, b, float(self._alone[i][column] + lost) / 2, self._text[a:b]))
        return found

    def _rest(self, a: int, b: int) -> str:
        return self._text[self._window.start : a] + self._text[b : self._window.end]

    def _probabilities(self, text: str) -> NDArray[np.float64]:
        return self._model.score(text).probabilities


def _strongest(candidates: list[Evidence]) -> tuple[Evidence, ...]:
    """The best, without those that overlap a better one, as windows do, or fall far behind the best."""
    kept: list[Evidence] = []
    for one in sorted(candidates, key=lambda e: (-e.score, e.start)):
        if kept and (len(kept) == _MOST or one.score < _SHARE * kept[0].score):
            break
        if all(one.end <= other.start or one.start >= other.end for other in kept):
            kept.append(one)
    return tuple(kept)
