"""Known texts of the sort that new labels see otherwise are found, and no others."""

from __future__ import annotations

import numpy as np

from aikind.train.resemblance import resembling


def sorts(rng: np.random.Generator, *counts: int) -> list[np.ndarray]:
    """Texts of several sorts, each around a place of its own."""
    centres = np.random.default_rng(9).normal(size=(len(counts), 24)) * 1.5
    return [(centre + rng.normal(size=(count, 24))).astype(np.float32) for centre, count in zip(centres, counts, strict=True)]


def test_texts_of_the_same_sort_are_found_among_many() -> None:
    new, *rest = sorts(np.random.default_rng(1), 60, 300, 300, 300)
    alike, *others = sorts(np.random.default_rng(2), 80, 100, 100, 100)
    known = np.concatenate([alike, *rest])
    found, found_elsewhere = resembling(new, known, np.concatenate([alike[:40] + 0.01, *others]))
    assert found[:80].mean() > 0.9
    assert found[80:].mean() < 0.02
    assert found_elsewhere[:40].mean() > 0.9
    assert found_elsewhere[40:].mean() < 0.02


def test_new_texts_that_are_scattered_make_no_sort() -> None:
    rng = np.random.default_rng(3)
    everything = np.concatenate(sorts(rng, 200, 200, 200))[rng.permutation(600)]
    found, found_elsewhere = resembling(everything[:100], everything[100:], everything[:50])
    assert not found.any()
    assert not found_elsewhere.any()


def test_a_handful_of_texts_makes_no_sort() -> None:
    new, rest = sorts(np.random.default_rng(4), 5, 200)
    assert not resembling(new, rest, rest)[0].any()
