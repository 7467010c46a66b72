"""Round the weights of a matrix product to int8 so that its answers stay, for inputs like those it was seen with."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Rounded", "round_weights"]

_SHARES = (0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
# What careful rounding leaves of the error of plain rounding, squared; measured on MiniLM.
_LEFT = 0.35
_DAMPING = 0.01
_BLOCK = 128
_LARGEST = 127
# x86 processors without VNNI add the products of two neighbouring inputs in 16 bits: 255 x 128 still fits.
_LARGEST_PAIR = 128

Floats = NDArray[np.floating]


@dataclass(frozen=True, slots=True)
class Rounded:
    """A product x @ w as (x / smoothing) @ (weights * scales).

    Attributes:
        smoothing: Shape (inputs,); None where x is best left as it is.
        weights: Shape (inputs, outputs).
        scales: Shape (outputs,).
    """

    smoothing: NDArray[np.float32] | None
    weights: NDArray[np.int8]
    scales: NDArray[np.float32]


def round_weights(weights: Floats, inputs: Floats) -> Rounded:
    """Weights of shape (inputs, outputs), rounded for rows of ``inputs``, shape (rows, inputs).

    Loud input channels are made quieter and their weights larger first, by the share that costs least (SmoothQuant, Xiao et
    al. 2022). Then each input's weights are rounded, and the error is made up for by those of the inputs after it (GPTQ,
    Frantar et al. 2022). No two neighbouring inputs have weights that could overflow 16 bits together.
    """
    smoothing = _smoothing(weights, inputs[::3])
    smooth = 1.0 if smoothing is None else smoothing
    rounded, scales = _round(weights * np.reshape(smooth, (-1, 1)), as_rounded(inputs / smooth))
    return Rounded(smoothing, rounded, scales)


def as_rounded(inputs: Floats) -> Floats:
    """Inputs as they come out of eight bits: each row by its own largest value, all on one grid, as the graph does it."""
    largest = np.abs(inputs).max(axis=1, keepdims=True) + 1e-12
    unit = inputs / largest
    low, high = min(float(unit.min()), 0.0), max(float(unit.max()), 0.0)
    step = (high - low) / 255
    zero = np.round(-low / step)
    return np.asarray((np.clip(np.round(unit / step) + zero, 0, 255) - zero) * step * largest)


def _smoothing(weights: Floats, inputs: Floats) -> NDArray[np.float32] | None:
    loud, heavy = np.abs(inputs).max(axis=0) + 1e-6, np.abs(weights).max(axis=1) + 1e-9
    exact = inputs @ weights
    best, least = None, np.inf
    for share in (None, *_SHARES):
        smoothing = np.ones_like(loud) if share is None else loud**share / heavy ** (1 - share)
        smoothing = (smoothing / np.exp(np.log(smoothing).mean())).astype(np.float32)
        smooth, turned = inputs / smoothing, weights * smoothing[:, None]
        scales = _scales(turned)
        of_inputs = np.square(as_rounded(smooth) @ turned - exact).sum()
        of_weights = np.square(smooth @ (turned - np.round(turned / scales) * scales)).sum()
        if (error := of_inputs + _LEFT * of_weights) < least:
            best, least = None if share is None else smoothing, error
    return best


def _scales(weights: Floats) -> Floats:
    size = np.abs(weights)
    pairs = size[0 : len(size) // 2 * 2 : 2] + size[1::2]
    largest = np.maximum(size.max(axis=0) / _LARGEST, pairs.max(axis=0, initial=0) / _LARGEST_PAIR)
    return np.where(largest > 0, largest, 1)


def _round(weights: Floats, inputs: Floats) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    scales = _scales(weights)
    curvature = inputs.T.astype(np.float64) @ inputs
    curvature[np.diag_indices_from(curvature)] += _DAMPING * np.diag(curvature).mean() + 1e-9
    order = np.argsort(-np.diag(curvature), kind="stable")  # those that matter most first, while all others can make up for them
    left = weights[order].astype(np.float64)
    # Upper triangular, with curvature^-1 = factor.T @ factor.
    factor = np.linalg.cholesky(np.linalg.inv(curvature[np.ix_(order, order)])).T
    rounded = np.zeros(weights.shape)
    for start in range(0, len(order), _BLOCK):
        end = min(start + _BLOCK, len(order))
        errors = np.zeros((end - start, weights.shape[1]))
        for i in range(start, end):
            at = order[i]
            neighbour = rounded[at ^ 1] if at ^ 1 < len(rounded) else 0.0
            room = np.minimum(_LARGEST, _LARGEST_PAIR - np.abs(neighbour))
            rounded[at] = np.clip(np.round(left[i] / scales), -room, room)
            errors[i - start] = (left[i] - rounded[at] * scales) / factor[i, i]
            left[i + 1 : end] -= np.outer(factor[i, i + 1 : end], errors[i - start])
        left[end:] -= factor[start:end, end:].T @ errors
    return rounded.astype(np.int8), scales.astype(np.float32)
