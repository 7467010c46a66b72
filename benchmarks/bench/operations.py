"""What the network computes, what the machine could compute at most, and how near the one comes to the other."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from aikind.model_folder import NETWORK
from aikind.serve.windows import Window

__all__ = ["Ceiling", "Network", "ceiling", "read_network", "seconds_alone"]

_ROUNDS = 3
_SECONDS = 0.4  # of each kernel and shape, in each round


@dataclass(frozen=True, slots=True)
class Network:
    """The matrix products of a network.

    Attributes:
        weights: How many products there are with a weight of a shape (inputs, outputs).
        attention: For each layer the width of all its heads together.
    """

    weights: Mapping[tuple[int, int], int]
    attention: Sequence[int]

    def operations(self, tokens: int) -> int:
        """Multiplications and additions for one window, each counted as one: 2 m k n of a product of (m, k) and (k, n).

        Attention has two products a layer, of every token with every token.
        """
        dense = sum(2 * tokens * k * n * count for (k, n), count in self.weights.items())
        return dense + sum(2 * 2 * tokens * tokens * width for width in self.attention)


def read_network(folder: Path) -> Network:
    graph = onnx.load(str(folder / NETWORK)).graph
    shapes: Counter[tuple[int, int]] = Counter()
    shape_of = {i.name: i.dims for i in graph.initializer}
    for node in graph.node:
        if node.op_type == "DynamicQuantizeMatMul":
            inputs, outputs = shape_of[node.input[1]]
            shapes[inputs, outputs] += 1
    widths = [shape_of[node.input[3]][0] // 3 for node in graph.node if node.op_type == "MultiHeadAttention"]
    return Network(dict(shapes), widths)


def seconds_alone(folder: Path, windows: Sequence[Window], workers: int) -> float:
    """Seconds that the network alone takes for windows that are cut already, run as ``aikind tag`` runs them."""
    session = _session(str(folder / NETWORK))
    inputs = [np.array([window.ids], dtype=np.int64) for window in windows]

    def run(ids: NDArray[np.int64]) -> None:
        session.run(None, {"input_ids": ids})

    with ThreadPoolExecutor(workers) as pool:
        list(pool.map(run, inputs[: 4 * workers]))
        began = time.perf_counter()
        list(pool.map(run, inputs))
        return time.perf_counter() - began


@dataclass(frozen=True, slots=True)
class Ceiling:
    """Attributes:
    operations: A second, of all workers together, by the best kernel for each shape.
    kernels: The best kernel's name for each shape of (inputs, outputs).
    """

    operations: float
    kernels: Mapping[tuple[int, int], str]


def ceiling(network: Network, tokens: int, workers: int) -> Ceiling:
    """How fast onnxruntime's int8 matrix products of the network's shapes are with nothing around them.

    Args:
        tokens: Rows of each product: the length of a usual window.
        workers: How many run at once, each on one thread.
    """
    seconds, best = 0.0, {}
    total = 0
    for (k, n), count in network.weights.items():
        rates = {name: _rate(model, tokens, k, workers) * 2 * tokens * k * n for name, model in _kernels(k, n)}
        best[k, n] = max(rates, key=rates.__getitem__)
        operations = 2 * tokens * k * n * count
        total += operations
        seconds += operations / rates[best[k, n]]
    return Ceiling(total / seconds, best)


def _rate(model: bytes, tokens: int, k: int, workers: int) -> float:
    """Products a second of all workers together; the best of some rounds."""
    sessions = [_session(model) for _ in range(workers)]
    kind = sessions[0].get_inputs()[0].type
    rng = np.random.default_rng(0)
    a = rng.normal(size=(tokens, k)).astype(np.float32) if kind == "tensor(float)" else rng.integers(0, 255, (tokens, k), dtype=np.uint8)

    def work(session: onnxruntime.InferenceSession) -> float:
        done, began = 0, time.perf_counter()
        while time.perf_counter() - began < _SECONDS:
            for _ in range(8):
                session.run(None, {"a": a})
            done += 8
        return done / (time.perf_counter() - began)

    with ThreadPoolExecutor(workers) as pool:
        return max(sum(pool.map(work, sessions)) for _ in range(_ROUNDS))


def _kernels(k: int, n: int) -> Iterator[tuple[str, bytes]]:
    rng = np.random.default_rng(1)
    weight = numpy_helper.from_array(rng.integers(-127, 128, (k, n), dtype=np.int8), "b")
    zero = numpy_helper.from_array(np.array(0, np.int8), "zero")
    scale = numpy_helper.from_array(np.array(0.01, np.float32), "scale")
    integer = helper.make_node("MatMulInteger", ["a", "b"], ["y"])
    yield "MatMulInteger", _graph(integer, TensorProto.UINT8, TensorProto.INT32, k, n, [weight])
    dynamic = helper.make_node("DynamicQuantizeMatMul", ["a", "b", "scale", "zero"], ["y"], domain="com.microsoft")
    yield "DynamicQuantizeMatMul", _graph(dynamic, TensorProto.FLOAT, TensorProto.FLOAT, k, n, [weight, scale, zero])
    for block in (16, 32, 64, 128):
        parts = [
            numpy_helper.from_array(rng.integers(0, 256, (n, k // block, block), dtype=np.uint8), "b"),
            numpy_helper.from_array(rng.uniform(0.01, 0.02, n * k // block).astype(np.float32), "scale"),
        ]
        options = {"K": k, "N": n, "bits": 8, "block_size": block, "accuracy_level": 4}
        blocks = helper.make_node("MatMulNBits", ["a", "b", "scale"], ["y"], domain="com.microsoft", **options)
        yield f"MatMulNBits, blocks of {block}", _graph(blocks, TensorProto.FLOAT, TensorProto.FLOAT, k, n, parts)


def _graph(node: onnx.NodeProto, kind: int, gives: int, k: int, n: int, tensors: list[onnx.TensorProto]) -> bytes:
    a, y = helper.make_tensor_value_info("a", kind, [None, k]), helper.make_tensor_value_info("y", gives, [None, n])
    opsets = [helper.make_opsetid("", 21), helper.make_opsetid("com.microsoft", 1)]
    model = helper.make_model(helper.make_graph([node], "product", [a], [y], tensors), opset_imports=opsets, ir_version=10)
    found: bytes = model.SerializeToString()
    return found


def _session(model: str | bytes) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
