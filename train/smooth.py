"""Even out activations before quantisation, so that one scale per tensor wastes less of the eight bits.

A few channels of a transformer's activations are far larger than the rest. Dividing each input channel of a matrix
product by a factor, and multiplying the matching row of its weights by the same factor, leaves the product as it is
and moves part of the difficulty into the weights, which have a scale per output channel
(Xiao et al. 2023, "SmoothQuant"). The division is a node of its own here, since layer normalisation also feeds the
residual path and cannot take it in.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
from numpy.typing import NDArray

__all__ = ["smooth"]


def smooth(path: Path, windows: Sequence[Sequence[int]], strength: float = 0.75) -> int:
    """Rewrite the fp32 graph at ``path`` in place; returns how many matrix products were evened out.

    Args:
        windows: Token ids to measure activations on; a few dozen are enough.
        strength: 0 leaves activations as they are, 1 makes all their channels alike.
    """
    model = onnx.load(str(path))
    weights = {tensor.name: tensor for tensor in model.graph.initializer}
    products = [n for n in model.graph.node if n.op_type in {"MatMul", "Attention"} and n.input[1] in weights]
    inputs = sorted({node.input[0] for node in products})
    largest = _largest(model, inputs, windows)
    for name in inputs:
        users = [node for node in products if node.input[0] == name]
        rows = np.max([np.abs(onnx.numpy_helper.to_array(weights[node.input[1]])).max(axis=1) for node in users], axis=0)
        factor = np.maximum(largest[name], 1e-5) ** strength / np.maximum(rows, 1e-5) ** (1 - strength)
        factor = (factor / np.exp(np.log(factor).mean())).astype(np.float32)
        scaled = f"{name}_smoothed"
        model.graph.initializer.append(onnx.numpy_helper.from_array(1 / factor, f"{name}_smoothing"))
        first = min(list(model.graph.node).index(node) for node in users)
        model.graph.node.insert(first, onnx.helper.make_node("Mul", [name, f"{name}_smoothing"], [scaled], f"{name}_smooth"))
        for node in users:
            weight = weights[node.input[1]]
            weight.CopyFrom(onnx.numpy_helper.from_array(onnx.numpy_helper.to_array(weight) * factor[:, None], weight.name))
            node.input[0] = scaled
    onnx.save(model, str(path))
    return len(products)


def _largest(model: Any, names: Sequence[str], windows: Sequence[Sequence[int]]) -> dict[str, NDArray[np.float32]]:
    """Largest absolute value of each channel of each named tensor."""
    watched = onnx.ModelProto()
    watched.CopyFrom(model)
    watched.graph.output.extend(onnx.ValueInfoProto(name=name) for name in names)
    session = onnxruntime.InferenceSession(watched.SerializeToString(), providers=["CPUExecutionProvider"])
    largest: dict[str, NDArray[np.float32]] = {}
    for ids in windows:
        values = session.run(list(names), {"input_ids": np.array([ids], dtype=np.int64)})
        for name, value in zip(names, values, strict=True):
            own = np.abs(value.reshape(-1, value.shape[-1])).max(axis=0)
            largest[name] = np.maximum(largest[name], own) if name in largest else own
    return largest
