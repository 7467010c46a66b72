"""Reasons to doubt a result."""

from __future__ import annotations

from collections.abc import Mapping

from aikind.model_folder import Manifest
from aikind.serve.language import is_english

__all__ = ["CLOSE_CALL", "NOT_ENGLISH", "TOO_SHORT", "UNLIKE_TRAINING", "doubts", "tokens_per_word"]

CLOSE_CALL, TOO_SHORT, NOT_ENGLISH, UNLIKE_TRAINING = "close_call", "too_short", "not_english", "unlike_training"
_FEWEST_TOKENS = 12  # models are trained on sentences and longer texts, and guess at a word or two


def doubts(text: str, tokens: int, scores: Mapping[str, float], manifest: Manifest) -> tuple[str, ...]:
    """Why the result may well be wrong; empty where nothing speaks against it.

    Args:
        tokens: Length of the text in tokens.
        scores: Calibrated probability per label.
    """
    found = []
    if any(abs(score - manifest.thresholds[name]) < manifest.unsure_within for name, score in scores.items()):
        found.append(CLOSE_CALL)
    if tokens < _FEWEST_TOKENS:
        found.append(TOO_SHORT)
    elif tokens_per_word(text, tokens) > manifest.most_tokens_per_word:
        found.append(UNLIKE_TRAINING)
    if not is_english(text):
        found.append(NOT_ENGLISH)
    return tuple(found)


def tokens_per_word(text: str, tokens: int) -> float:
    """How far a text must be taken apart to be read: prose takes a little more than one token a word.

    Code, tables, logs, markup and gibberish take many, whatever they are about, and a model that knows prose guesses at them.

    Args:
        tokens: Length of the text in tokens.
    """
    return tokens / max(1, len(text.split()))
