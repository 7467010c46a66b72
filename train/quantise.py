"""Turn a fused fp32 graph into int8."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from aikind.train.rounding import Rounded, round_weights

__all__ = ["quantise"]

_MANY_ROWS = 32
_TOKENS = 40  # of each window
_TINY = "tiny"  # what a token of nothing but zeros is divided by


def quantise(fp32: Path, int8: Path, windows: Sequence[Sequence[int]]) -> None:
    """Write an int8 form of ``fp32``.

    Weights get a scale per output, and are rounded for the inputs that they meet; the loudest channels stay in floating point
    (see ``aikind.train.rounding``). Activations get a scale per token as it runs, in place of one per tensor, as in plain dynamic quantisation: that one is spoilt by the few
    loud tokens of a transformer. Token embeddings get a scale per token for the same reason.

    Args:
        windows: Token ids of usual windows, some hundred, to see inputs with.
    """
    model = onnx.load(str(fp32))
    _unfuse_embeddings(model.graph)
    _embeddings_by_row(model.graph)
    _unfuse_sums(model.graph)
    _products(model, windows)
    onnx.save(model, str(int8))


def _products(model: onnx.ModelProto, windows: Sequence[Sequence[int]]) -> None:
    graph = model.graph
    tensors = {i.name: i for i in graph.initializer}
    by_input: dict[str, list[onnx.NodeProto]] = {}
    for node in graph.node:
        if node.op_type == "MatMul" and node.input[1] in tensors:
            by_input.setdefault(node.input[0], []).append(node)
    seen = _inputs(model, list(by_input), windows)
    graph.initializer.append(numpy_helper.from_array(np.array(1e-12, dtype=np.float32), _TINY))
    for name, nodes in by_input.items():
        weights = [numpy_helper.to_array(tensors[node.input[1]]) for node in nodes]
        rounded = round_weights(np.concatenate(weights, axis=1), seen[name])
        ends = np.cumsum([w.shape[1] for w in weights])[:-1]
        before = _per_token(graph, name, rounded)
        for node, *parts in zip(
            nodes, *(np.split(a, ends, axis=-1) for a in (rounded.weights, rounded.scales, rounded.exact)), strict=True
        ):
            _replace(graph, node, [*before, *_product(graph, node, name, parts)])
            before = []
    for initializer in [tensors[node.input[1]] for nodes in by_input.values() for node in nodes]:
        graph.initializer.remove(initializer)


def _per_token(graph: onnx.GraphProto, name: str, rounded: Rounded) -> list[onnx.NodeProto]:
    """Nodes that part an input into loud channels, its tokens' largest other values, and what is left between -1 and 1."""
    graph.initializer.append(numpy_helper.from_array(rounded.quiet, f"{name}_quiet"))
    graph.initializer.append(numpy_helper.from_array(rounded.loud, f"{name}_channels"))
    return [
        helper.make_node("Gather", [name, f"{name}_channels"], [f"{name}_loud"], axis=-1),
        helper.make_node("Mul", [name, f"{name}_quiet"], [f"{name}_smooth"]),
        helper.make_node("Abs", [f"{name}_smooth"], [f"{name}_size"]),
        helper.make_node("ReduceMax", [f"{name}_size"], [f"{name}_most"], axes=[-1], keepdims=1),
        helper.make_node("Add", [f"{name}_most", _TINY], [f"{name}_largest"]),
        helper.make_node("Div", [f"{name}_smooth", f"{name}_largest"], [f"{name}_unit"]),
    ]


def _product(graph: onnx.GraphProto, node: onnx.NodeProto, name: str, parts: Sequence[NDArray[Any]]) -> list[onnx.NodeProto]:
    """Nodes in the place of one matrix product: int8 for most channels, floating point for the loud ones."""
    weights = [f"{node.name}_{end}" for end in ("int8", "scale", "exact")]
    for tensor, values in zip(weights, parts, strict=True):
        graph.initializer.append(numpy_helper.from_array(np.ascontiguousarray(values), tensor))
    unit, most, loud = (f"{node.name}_{end}" for end in ("unit", "most", "loud"))
    return [
        helper.make_node("DynamicQuantizeMatMul", [f"{name}_unit", *weights[:2]], [unit], name=node.name, domain="com.microsoft"),
        helper.make_node("Mul", [unit, f"{name}_largest"], [most]),
        helper.make_node("MatMul", [f"{name}_loud", weights[2]], [loud]),
        helper.make_node("Add", [most, loud], list(node.output)),
    ]


def _inputs(model: onnx.ModelProto, names: Sequence[str], windows: Sequence[Sequence[int]]) -> dict[str, NDArray[np.float32]]:
    """What stands at some places of the graph: of each window the first token, the last, and some others; shape (rows, channels)."""
    watched = onnx.ModelProto()
    watched.CopyFrom(model)
    watched.graph.output.extend(helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in names)
    session = onnxruntime.InferenceSession(watched.SerializeToString(), providers=["CPUExecutionProvider"])
    rng = np.random.default_rng(0)
    seen: dict[str, list[NDArray[np.float32]]] = {name: [] for name in names}
    for ids in windows:
        tokens = np.unique([0, len(ids) - 1, *rng.choice(len(ids), min(len(ids), _TOKENS), replace=False)])
        for name, values in zip(names, session.run(list(names), {"input_ids": np.array([ids], dtype=np.int64)}), strict=True):
            seen[name].append(values.reshape(-1, values.shape[-1])[tokens])
    return {name: np.concatenate(rows) for name, rows in seen.items()}


def _unfuse_sums(graph: onnx.GraphProto) -> None:
    """Put plain operators in the place of fused sums and norms, which take several times as long on one thread."""
    for node in [node for node in graph.node if node.op_type == "SkipLayerNormalization"]:
        one, other, scale, bias, *added = node.input
        epsilon = next((a.f for a in node.attribute if a.name == "epsilon"), 1e-12)
        name, nodes = node.output[0], []
        if added:
            nodes.append(helper.make_node("Add", [one, added[0]], [f"{name}_added"]))
            one = f"{name}_added"
        nodes.append(helper.make_node("Add", [one, other], [f"{name}_sum"]))
        nodes.append(helper.make_node("LayerNormalization", [f"{name}_sum", scale, bias], [name], axis=-1, epsilon=epsilon))
        _replace(graph, node, nodes)


def _unfuse_embeddings(graph: onnx.GraphProto) -> None:
    """Put plain operators in the place of the fused embedding layer, whose int8 form knows one scale per table only."""
    fused = next((node for node in graph.node if node.op_type == "EmbedLayerNormalization"), None)
    if fused is None:
        return
    tables = {i.name: numpy_helper.to_array(i) for i in graph.initializer if i.name in fused.input}
    tokens, words, positions, kinds, scale, bias = (fused.input[i] for i in (0, 2, 3, 4, 5, 6))
    # There is one kind of segment, so its vector goes into the positions'.
    table = tables[positions] + (tables[kinds][0] if kinds else 0)
    graph.initializer.append(numpy_helper.from_array(table.astype(np.float32), "embedding_positions"))
    for name, value in (("embedding_from", 0), ("embedding_axis", 0)):
        graph.initializer.append(numpy_helper.from_array(np.array([value], dtype=np.int64), name))
    epsilon = next((a.f for a in fused.attribute if a.name == "epsilon"), 1e-12)
    nodes = [
        helper.make_node("Gather", [words, tokens], ["embedding_words"]),
        helper.make_node("Shape", [tokens], ["embedding_length"], start=1, end=2),
        helper.make_node("Slice", ["embedding_positions", "embedding_from", "embedding_length", "embedding_axis"], ["embedding_places"]),
        helper.make_node("Add", ["embedding_words", "embedding_places"], ["embedding_sum"]),
        helper.make_node("LayerNormalization", ["embedding_sum", scale, bias], [fused.output[0]], axis=-1, epsilon=epsilon),
    ]
    _replace(graph, fused, nodes)
    # The layer's second output told where padding begins; a window has none.
    masks = set(fused.output[1:])
    for node in graph.node:
        node.input[:] = ["" if name in masks else name for name in node.input]
    for initializer in [i for i in graph.initializer if i.name in {positions, kinds}]:
        graph.initializer.remove(initializer)


def _embeddings_by_row(graph: onnx.GraphProto) -> None:
    tables = {i.name: i for i in graph.initializer if len(i.dims) == 2 and i.dims[0] >= _MANY_ROWS and i.data_type == TensorProto.FLOAT}
    for node in [n for n in graph.node if n.op_type == "Gather" and n.input[0] in tables]:
        name, rows = node.input[0], node.input[1]
        table: NDArray[np.float32] = numpy_helper.to_array(tables[name])
        largest = np.abs(table).max(axis=1, keepdims=True)
        scale = np.where(largest > 0, largest / 127, 1).astype(np.float32)
        graph.initializer.append(numpy_helper.from_array(np.round(table / scale).astype(np.int8), f"{name}_int8"))
        graph.initializer.append(numpy_helper.from_array(scale, f"{name}_scale"))
        nodes = [
            helper.make_node("Gather", [f"{name}_int8", rows], [f"{name}_chosen"]),
            helper.make_node("Cast", [f"{name}_chosen"], [f"{name}_float"], to=TensorProto.FLOAT),
            helper.make_node("Gather", [f"{name}_scale", rows], [f"{name}_factor"]),
            helper.make_node("Mul", [f"{name}_float", f"{name}_factor"], list(node.output)),
        ]
        _replace(graph, node, nodes)
        graph.initializer.remove(tables.pop(name))


def _replace(graph: onnx.GraphProto, old: onnx.NodeProto, new: list[onnx.NodeProto]) -> None:
    at = list(graph.node).index(old)
    graph.node.remove(old)
    for offset, node in enumerate(new):
        graph.node.insert(at + offset, node)
