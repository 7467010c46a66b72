"""Findings in plain words, and as JSON-ready values."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from aikind.serve.monitor.compare import ALPHA, Tested

__all__ = ["headline", "sentence", "size_of", "to_record"]

_WORDS = 6  # named on either side


def headline(tested: Sequence[Tested]) -> str:
    found = sum(one.beyond_chance for one in tested)
    if not found:
        return f"No difference beyond chance in {len(tested)} questions."
    return f"{found} of {len(tested)} questions show a difference beyond chance."


def size_of(effect: float) -> str:
    """The size of an effect in Cohen's words."""
    return "negligible" if effect < 0.1 else "small" if effect < 0.35 else "medium" if effect < 0.65 else "large"


def sentence(one: Tested, references: int) -> str:
    """One line on one question: what changed, how much, and whether that is beyond chance."""
    chance = f"corrected p {'< 0.001' if one.adjusted_p < 0.001 else f'= {one.adjusted_p:.3f}'}"
    verdict = f"{size_of(one.effect)} ({one.effect:.2f}), " + (
        f"beyond chance ({chance})" if one.beyond_chance else f"may be chance ({chance})"
    )
    return f"{_what(one, references)}: {verdict}."


def _what(one: Tested, references: int) -> str:
    feature = one.feature
    if feature.name == "kinds":
        order = np.argsort(-np.abs(one.current - one.reference))[:3]
        return "Kinds: " + ", ".join(_share(feature.columns[j], one.reference[j], one.current[j]) for j in order)
    if feature.name == "unsure":
        return _share("Unsure", one.reference[0], one.current[0])
    if feature.plain is not None:
        before, after = (float(np.median(side)) for side in (feature.plain[:references], feature.plain[references:]))
        shown = ".2f" if feature.name.startswith("score") else ",.0f"
        return f"{feature.name[0].upper()}{feature.name[1:]}: median {before:{shown}} → {after:{shown}}"
    if feature.name == "vocabulary":
        if not one.beyond_chance:
            return "Vocabulary: the share of documents with each common word"
        return "Vocabulary: " + "; ".join(part for part in (_words(one, 1, "more often"), _words(one, -1, "less often")) if part)
    return "Embeddings: the distance of the two means"


def _share(name: str, before: float, after: float) -> str:
    return f"{name} {before:.0%} → {after:.0%}"


def _words(one: Tested, sign: int, how: str) -> str:
    change = sign * (one.current - one.reference)
    order = [j for j in np.argsort(-(sign * one.weights))[:_WORDS] if change[j] > 0]
    named = ", ".join(f"{one.feature.columns[j]} ({one.reference[j]:.0%} → {one.current[j]:.0%})" for j in order)
    return f"{how} {named}" if named else ""


def to_record(one: Tested, references: int) -> dict[str, Any]:
    """The question and its answer as JSON-ready values; shares are those of documents on either side."""
    feature = one.feature
    record: dict[str, Any] = {
        "question": feature.name,
        "finding": one.beyond_chance,
        "effect": round(one.effect, 4),
        "size": size_of(one.effect),
        "p": round(one.p, 5),
        "corrected_p": round(one.adjusted_p, 5),
        "level": ALPHA,
        "words": sentence(one, references),
    }
    if feature.plain is not None:
        before, after = (float(np.median(side)) for side in (feature.plain[:references], feature.plain[references:]))
        record |= {"reference_median": round(before, 4), "current_median": round(after, 4)}
    if feature.standardised:
        order = np.argsort(-np.abs(one.weights))[:20] if feature.name == "vocabulary" else range(len(feature.columns))
        record["shares"] = {
            feature.columns[j]: {"reference": round(float(one.reference[j]), 4), "current": round(float(one.current[j]), 4)} for j in order
        }
    return record
