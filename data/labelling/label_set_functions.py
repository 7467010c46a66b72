"""Labelling functions made of what a label set says: terms that name a label, and sentences that stand for it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from functools import cache, lru_cache

import numpy as np
from numpy.typing import NDArray

from aikind.data.labelling.base import LabellingFunction, Vote
from aikind.data.rows import Row
from aikind.label_set import Label, LabelSet
from aikind.static_embeddings import embed

__all__ = ["label_set_functions"]

_NEAREST = 3
# A text of another subject is plainly far from all sentences of a label; being near some of them says less.
_YES, _NO = 0.1, -0.03
_FEWEST_WORDS = 6


def label_set_functions(label_set: LabelSet) -> tuple[LabellingFunction, ...]:
    """Two functions for each label with terms, and one for each with examples.

    Where a label has examples but no counterexamples, those of the other labels take their place; without any, there is
    nothing to compare with, and no function.
    """
    made: list[LabellingFunction] = []
    for label in label_set.labels:
        if label.terms:
            made += _by_terms(label)
        others = label.counterexamples or tuple(x for other in label_set.labels if other is not label for x in other.examples)
        if label.examples and others:
            made.append(_by_sentences(label.name, label.examples, others))
    return tuple(made)


def _by_terms(label: Label) -> list[LabellingFunction]:
    alternatives = "|".join(r"\s+".join(map(re.escape, term.split())) for term in sorted(label.terms, key=len, reverse=True))
    pattern = re.compile(rf"(?<!\w)(?:{alternatives})(?!\w)", re.IGNORECASE)

    def names_it(row: Row) -> Vote:
        return Vote.YES if pattern.search(f"{row.title}\n{row.text}") else Vote.ABSTAIN

    def lacks_it(row: Row) -> Vote:
        return Vote.ABSTAIN if pattern.search(f"{row.title}\n{row.text}") else Vote.NO

    basis = json.dumps(label.terms)
    return [
        LabellingFunction(f"has_{label.name}_term", label.name, names_it, basis),
        LabellingFunction(f"lacks_{label.name}_terms", label.name, lacks_it, basis),
    ]


def _by_sentences(name: str, examples: Sequence[str], counterexamples: Sequence[str]) -> LabellingFunction:
    margin = _margin(tuple(examples), tuple(counterexamples))

    def near_examples(row: Row) -> Vote:
        text = f"{row.title}\n{row.text}"
        if len(text.split()) < _FEWEST_WORDS:
            return Vote.ABSTAIN
        distance = margin(text)
        return Vote.YES if distance > _YES else Vote.NO if distance < _NO else Vote.ABSTAIN

    return LabellingFunction(f"near_{name}_sentences", name, near_examples, json.dumps([examples, counterexamples]))


def _margin(examples: tuple[str, ...], counterexamples: tuple[str, ...]) -> Callable[[str], float]:
    """Mean cosine of a text with the three nearest examples, less that with the three nearest counterexamples."""

    @cache
    def sides() -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        return embed(examples), embed(counterexamples)

    def margin(text: str) -> float:
        vector = _embedded(text)
        yes, no = (np.sort(sentences @ vector)[-_NEAREST:].mean() for sentences in sides())
        return float(yes - no)

    return margin


@lru_cache(maxsize=1)  # the functions of one row come one after another
def _embedded(text: str) -> NDArray[np.float32]:
    (vector,) = embed([text])
    return np.asarray(vector)
