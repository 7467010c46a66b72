"""Whether a text is in English, the one language that the models are trained on."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

__all__ = ["is_english"]

_WORD = re.compile(r"[^\W\d_]+")
_CHARACTERS = 2000
_FEWEST_WORDS = 12
_ENOUGH = 0.15
_SURE = 0.9
# The commonest English words. Where they make up the usual share of a text, there is nothing to ask: the language
# library takes a second to load, and most collections never need it.
_COMMON = frozenset(
    [
        "the",
        "of",
        "and",
        "to",
        "a",
        "in",
        "is",
        "that",
        "for",
        "it",
        "was",
        "on",
        "with",
        "as",
        "be",
        "at",
        "by",
        "this",
        "from",
        "are",
        "or",
        "an",
        "have",
        "has",
        "had",
        "not",
        "but",
        "they",
        "you",
        "we",
        "he",
        "she",
        "which",
        "their",
        "its",
        "his",
        "her",
        "our",
        "your",
        "can",
        "will",
        "would",
        "what",
        "when",
        "who",
        "how",
        "if",
        "there",
        "been",
        "were",
        "more",
        "than",
        "all",
        "also",
        "do",
        "does",
        "my",
        "i",
    ]
)


@cache
def _identifier() -> Any:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)


def is_english(text: str) -> bool:
    """False where a text is surely in another language; texts of fewer than 12 words get the benefit of the doubt."""
    opening = text[:_CHARACTERS]
    words = _WORD.findall(opening.lower())
    if len(words) < _FEWEST_WORDS and opening.isascii():
        return True
    if sum(word in _COMMON for word in words) >= _ENOUGH * len(words) > 0:
        return True
    language, probability = _identifier().classify(opening)
    return bool(language == "en" or probability < _SURE)
