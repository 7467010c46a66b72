"""Round the weights of a matrix product to int8 so that its answers stay, for inputs like those it was seen with."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Rounded", "round_weights"]

_SHARES = (0.0, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8)
_LOUD = 16  # channels at most; they cost one small product in floating point
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
    """A product x @ w as (x * quiet) @ (weights * scales) + x[:, loud] @ exact.

    Attributes:
        quiet: Shape (inputs,); 0 for loud channels.
        weights: Shape (inputs, outputs).
        scales: Shape (outputs,).
        loud: The channels that stay in floating point; shape (channels,).
        exact: Their weights; shape (channels, outputs).
    """

    quiet: NDArray[np.float32]
    weights: NDArray[np.int8]
    scales: NDArray[np.float32]
    loud: NDArray[np.int64]
    exact: NDArray[np.float32]


def round_weights(weights: Floats, inputs: Floats) -> Rounded:
    """Weights of shape (inputs, outputs), rounded for rows of ``inputs``, shape (rows, inputs).

    The few channels that stretch the range of others most stay in floating point (Dettmers et al. 2022, "LLM.int8()"). Of the rest,
    louder ones are made quieter and their weights larger, by the share that costs least (SmoothQuant, Xiao et al. 2022).
    Then each channel's weights are rounded, and the error is made up for by those of the channels after it (GPTQ, Frantar et
    al. 2022). No two neighbouring channels have weights that could overflow 16 bits together.
    """
    smoothing, loud = _smoothing(weights, inputs[::4])
    quiet = 1 / smoothing
    quiet[loud] = 0
    turned = weights * smoothing[:, None]
    turned[loud] = 0
    rounded, scales = _round(turned, as_rounded(inputs * quiet))
    return Rounded(quiet.astype(np.float32), rounded, scales, loud, weights[loud].astype(np.float32))


def as_rounded(inputs: Floats) -> Floats:
    """Inputs as they come out of eight bits: each row by its own largest value, all on one grid, as the graph does it."""
    largest = np.abs(inputs).max(axis=1, keepdims=True) + 1e-12
    unit = inputs / largest
    low, high = min(float(unit.min()), 0.0), max(float(unit.max()), 0.0)
    step = (high - low) / 255
    zero = np.round(-low / step)
    return np.asarray((np.clip(np.round(unit / step) + zero, 0, 255) - zero) * step * largest)


def _smoothing(weights: Floats, inputs: Floats) -> tuple[Floats, NDArray[np.int64]]:
    """What channels are divided by, and which of them are loud even then."""
    size, heavy = np.abs(inputs).max(axis=0) + 1e-6, np.abs(weights).max(axis=1) + 1e-9
    best, least = (np.ones_like(size), np.zeros(0, np.int64)), np.inf
    for share in _SHARES:
        smoothing = np.ones_like(size) if share == 0 else size**share / heavy ** (1 - share)
        smoothing = smoothing / np.exp(np.log(smoothing).mean())
        loud = _loud(np.square(inputs / smoothing))
        smooth, turned = inputs / smoothing, weights * smoothing[:, None]
        smooth[:, loud], turned[loud] = 0, 0
        scales = _scales(turned)
        of_inputs = np.square((as_rounded(smooth) - smooth) @ turned).sum()
        of_weights = np.square(smooth @ (turned - np.round(turned / scales) * scales)).sum()
        if (error := float(of_inputs + _LEFT * of_weights)) < least:
            best, least = (smoothing, loud), error
    return best


def _loud(squares: Floats) -> NDArray[np.int64]:
    """The channels whose absence lowers the rows' largest values most, found one by one; at most a sixteenth of all."""
    left, loud = squares.copy(), []
    for _ in range(min(_LOUD, squares.shape[1] // 16)):
        two = np.partition(left, -2, axis=1)[:, -2:]
        gains = np.bincount(left.argmax(axis=1), weights=two[:, 1] - two[:, 0], minlength=left.shape[1])
        loud.append(int(gains.argmax()))
        left[:, loud[-1]] = 0
    return np.sort(np.array(loud, dtype=np.int64))


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
