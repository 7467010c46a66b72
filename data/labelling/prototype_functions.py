"""Labelling functions that compare a text with sentences that stand for a label, and with sentences just outside it."""

from __future__ import annotations

import tomllib
from functools import cache, lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from aikind.data.labelling.base import Vote, labelling_function
from aikind.data.labelling.static_embeddings import embed
from aikind.data.rows import Row

__all__ = ["margin"]

_NEAREST = 3
# A text of another subject is plainly far from all sentences of a label; being near some of them says less.
_YES, _NO = 0.1, -0.03
_FEWEST_WORDS = 6


@cache
def _prototypes(label: str) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    sentences = tomllib.loads(Path(__file__).with_name("prototypes.toml").read_text(encoding="utf-8"))[label]
    return embed(sentences["yes"]), embed(sentences["no"])


@lru_cache(maxsize=1)  # the functions of one row come one after another
def _embedded(text: str) -> NDArray[np.float32]:
    (vector,) = embed([text])
    return np.asarray(vector)


def margin(text: str, label: str) -> float:
    """Mean cosine with the three nearest sentences of the label, less that with the three nearest outside it."""
    vector = _embedded(text)
    yes, no = (np.sort(sentences @ vector)[-_NEAREST:].mean() for sentences in _prototypes(label))
    return float(yes - no)


def _vote(row: Row, label: str) -> Vote:
    text = f"{row.title}\n{row.text}"
    if len(text.split()) < _FEWEST_WORDS:
        return Vote.ABSTAIN
    distance = margin(text, label)
    return Vote.YES if distance > _YES else Vote.NO if distance < _NO else Vote.ABSTAIN


@labelling_function("predictive")
def near_predictive_sentences(row: Row) -> Vote:
    return _vote(row, "predictive")


@labelling_function("generative")
def near_generative_sentences(row: Row) -> Vote:
    return _vote(row, "generative")
