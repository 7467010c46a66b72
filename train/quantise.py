"""Turn a fused fp32 graph into int8."""

from __future__ import annotations

import logging
from pathlib import Path

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

__all__ = ["quantise"]

_MANY_ROWS = 32


def quantise(fp32: Path, int8: Path) -> None:
    """Write an int8 form of ``fp32``.

    Matrix products get int8 weights in blocks of 16 with a scale each, and activations a scale per row and block as it
    runs: one scale per tensor, as in plain dynamic quantisation, is spoilt by the few loud channels of a transformer.
    Token embeddings get a scale per token for the same reason.
    """
    from onnxruntime.quantization.matmul_nbits_quantizer import MatMulNBitsQuantizer

    for name in ("onnxruntime.quantization", "onnxruntime.quantization.matmul_nbits_quantizer"):
        logging.getLogger(name).setLevel(logging.ERROR)
    model = onnx.load(str(fp32))
    _unfuse_embeddings(model.graph)
    _embeddings_by_row(model.graph)
    # Accuracy level 4 is the int8 kernel; others compute in floating point.
    quantiser = MatMulNBitsQuantizer(model, bits=8, block_size=16, is_symmetric=True, accuracy_level=4)
    quantiser.process()
    quantiser.model.save_model_to_file(str(int8), use_external_data_format=False)


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
