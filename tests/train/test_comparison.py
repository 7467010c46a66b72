"""Two models side by side, and what it takes to be promoted."""

from __future__ import annotations

import numpy as np
import pytest

from aikind.train.comparison import compare, sign_test
from aikind.train.promotion import Decision, decide, fixed_answer

NAMES = ("predictive", "generative")


def flipped(gold: np.ndarray, rows: int) -> np.ndarray:
    """Gold with that many of the first rows wrong."""
    said = gold.copy()
    said[:rows] = 1 - said[:rows]
    return said


@pytest.fixture
def gold() -> np.ndarray:
    return np.random.default_rng(0).integers(2, size=(60, 2)).astype(np.float64)


def decided(gold: np.ndarray, before: int, now: int, lost: int = 0) -> Decision:
    a, b = flipped(gold, before), flipped(gold, now)
    held = compare("new", NAMES, gold, a, b)
    old = compare("gold", NAMES, gold, gold, flipped(gold, lost))
    return decide(held, old, gold, b, fixed_answer(gold, gold), 0.01)


def test_the_sign_test_is_exact() -> None:
    assert sign_test(5, 0) == 1 / 32
    assert sign_test(0, 5) == 1.0
    assert sign_test(0, 0) == 1.0
    assert sign_test(3, 1) == pytest.approx(5 / 16)


def test_a_gain_beyond_luck_is_promoted_and_one_within_is_not(gold: np.ndarray) -> None:
    assert decided(gold, before=20, now=5).promote
    within = decided(gold, before=7, now=4)
    assert not within.promote
    assert "luck alone does as well with a probability of 0.12" in within.unmet[0]


def test_a_loss_on_gold_is_not_promoted(gold: np.ndarray) -> None:
    lost = decided(gold, before=20, now=5, lost=2)
    assert not lost.promote
    assert "are lost in" in lost.unmet[0]


def test_a_model_that_learned_only_how_common_labels_are_is_not_promoted(gold: np.ndarray) -> None:
    fixed = fixed_answer(gold, gold)
    held = compare("new", NAMES, gold, 1 - gold, fixed)  # better than a model that has everything wrong
    decision = decide(held, compare("gold", NAMES, gold, gold, gold), gold, np.array(fixed), fixed, 0.01)
    assert not decision.promote
    assert "the same answer for every held-out text" in decision.unmet[0]


def test_labels_without_an_answer_count_for_nothing(gold: np.ndarray) -> None:
    partly = gold.copy()
    partly[:, 1] = np.nan
    wrong_there = gold.copy()
    wrong_there[:, 1] = 1 - wrong_there[:, 1]
    comparison = compare("part", NAMES, partly, gold, wrong_there)
    assert comparison.accuracy == (1.0, 1.0)
    assert list(comparison.labels) == ["predictive"]
    assert comparison.changed == 60
