"""Weights rounded to int8 for the inputs that they meet."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from aikind.train.rounding import Rounded, as_rounded, round_weights


def product(channels: int, loud: float, seed: int = 0) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Weights, and inputs that go together as those of a transformer do, a few channels of which are loud."""
    rng = np.random.default_rng(seed)
    inputs = rng.normal(size=(600, channels // 4)) @ rng.normal(size=(channels // 4, channels)) + 0.1 * rng.normal(size=(600, channels))
    inputs[:, rng.choice(channels, 3, replace=False)] *= loud
    return rng.normal(size=(channels, 48)) * 0.05, inputs


def error(weights: NDArray[np.float64], inputs: NDArray[np.float64], rounded: Rounded) -> float:
    found = as_rounded(inputs * rounded.quiet) @ (rounded.weights * rounded.scales) + inputs[:, rounded.loud] @ rounded.exact
    return float(np.linalg.norm(found - inputs @ weights) / np.linalg.norm(inputs @ weights))


@pytest.mark.parametrize("loud", [1.0, 30.0])
def test_the_product_is_nearer_than_by_plain_rounding(loud: float) -> None:
    weights, inputs = product(64, loud)
    scales = np.abs(weights).max(axis=0) / 127
    none, ones = np.zeros(0, np.int64), np.ones(64, np.float32)
    plain = Rounded(ones, np.round(weights / scales).astype(np.int8), scales.astype(np.float32), none, weights[none].astype(np.float32))
    unseen = product(64, loud)[1][300:]
    careful = round_weights(weights, inputs[:300])
    assert error(weights, unseen, careful) < error(weights, unseen, plain)
    assert error(weights, unseen, careful) < 0.02


def test_loud_channels_stay_as_they_are_and_the_rest_is_of_one_size() -> None:
    weights, inputs = product(64, 100.0)
    rounded = round_weights(weights, inputs)
    size = np.abs(inputs).max(axis=0)
    assert set(np.argsort(size)[-3:]) <= set(rounded.loud)
    np.testing.assert_array_equal(rounded.exact, weights[rounded.loud].astype(np.float32))
    left = np.abs(inputs * rounded.quiet).max(axis=0)
    assert (left[rounded.loud] == 0).all()
    assert left.max() / np.median(left[left > 0]) < 3


@pytest.mark.parametrize("channels", [6, 63, 300])
def test_no_two_neighbours_overflow_sixteen_bits(channels: int) -> None:
    rng = np.random.default_rng(1)
    weights = rng.choice([-1.0, 1.0], size=(channels, 20)) * rng.uniform(0.9, 1.0, size=(channels, 20))  # all about equally large
    rounded = round_weights(weights, rng.normal(size=(200, channels))).weights.astype(int)
    even = channels // 2 * 2
    assert (np.abs(rounded[0:even:2]) + np.abs(rounded[1:even:2])).max() <= 128
    assert np.abs(rounded).max() > 50


def test_dead_outputs_and_inputs_do_no_harm() -> None:
    weights, inputs = product(16, 1.0)
    weights[:, 3], inputs[:, 5], inputs[7] = 0, 0, 0
    rounded = round_weights(weights, inputs)
    assert np.isfinite(rounded.scales).all()
    assert not rounded.weights[:, 3].any()
