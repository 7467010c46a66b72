"""Make a trainable network of a model folder again, so that training can go on from a model that is installed."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from onnx import numpy_helper
from transformers import BertConfig, BertModel

from aikind.errors import ModelError
from aikind.model_folder import NETWORK, TOKENIZER, Manifest, load_manifest
from aikind.train.network import WindowClassifier, save_network

__all__ = ["unpack_model"]

_PRODUCT = re.compile(r"/network/encoder/(?P<place>.+)/MatMul")


def unpack_model(folder: Path, target: Path) -> Manifest:
    """Write the network of the model in ``folder`` to ``target``, as a training run leaves it: a base to go on from.

    Weights lie at random within the step that int8 rounded them by, always the same for a model, so the network answers as
    the model does, but for rounding. Exactly on the steps, what training changes would mostly be rounded away again when the
    network is exported: it is far less than a step. Off them it comes through on the average (dither, as in Roberts 1962,
    "Picture Coding Using Pseudo-Random Noise").

    Raises:
        ModelError: The folder holds no model, or its graph is none that ``aikind model export`` makes of a BERT encoder.
    """
    manifest = load_manifest(folder)
    graph = onnx.load(str(folder / NETWORK)).graph
    try:
        network = _network(graph, manifest)
    except (KeyError, StopIteration, RuntimeError, ValueError) as error:
        raise ModelError(f"{folder / NETWORK}: is not the graph of a BERT encoder that aikind exported: {error}") from error
    target.mkdir(parents=True, exist_ok=True)
    (target / TOKENIZER).write_bytes((folder / TOKENIZER).read_bytes())
    save_network(network, target, _about(manifest))
    return manifest


def _about(manifest: Manifest) -> dict[str, Any]:
    about = manifest.about
    return {
        "settings": about.get("settings"),
        "dataset": about.get("dataset", {}),
        "label_set": manifest.label_set.to_dict(),
        "began_from": about.get("began_from"),
        "unpacked_from": manifest.files[NETWORK],
    }


def _network(graph: onnx.GraphProto, manifest: Manifest) -> WindowClassifier:
    tensors = {i.name: numpy_helper.to_array(i) for i in graph.initializer}
    weights = {_inside(name): t for name, t in tensors.items() if name.startswith("network.encoder.") and "word_embeddings" not in name}
    words = "network.encoder.embeddings.word_embeddings.weight"
    weights["embeddings.word_embeddings.weight"] = tensors[f"{words}_int8"].astype(np.float32) * tensors[f"{words}_scale"]
    weights["embeddings.position_embeddings.weight"] = tensors["embedding_positions"]
    rng = np.random.default_rng(0)
    for node in graph.node:
        if node.op_type == "DynamicQuantizeMatMul" and (match := _PRODUCT.fullmatch(node.name)):
            place = match["place"].replace("/", ".")
            before = node.input[0].removesuffix("_unit")
            values = _dequantised(tensors[node.input[1]], tensors[node.input[2]], tensors[f"{before}_quiet"], rng)
            values[:, tensors[f"{before}_channels"]] = tensors[f"{node.name}_exact"].T
            weights[f"{place}.weight"] = values
    attention = [node for node in graph.node if node.op_type == "MultiHeadAttention"]
    for i, node in enumerate(attention):
        for part, bias in zip(("query", "key", "value"), np.split(tensors[node.input[3]], 3), strict=True):
            weights[f"encoder.layer.{i}.attention.self.{part}.bias"] = bias
    encoder = BertModel(_config(graph, weights, attention), add_pooling_layer=False)
    # The one kind of segment is part of the positions.
    weights["embeddings.token_type_embeddings.weight"] = np.zeros((1, encoder.config.hidden_size), np.float32)
    encoder.load_state_dict({name: torch.from_numpy(np.array(t)) for name, t in weights.items()})
    network = WindowClassifier(encoder, len(manifest.label_set.names))
    head = {part: torch.from_numpy(np.array(tensors[f"network.head.{part}"])) for part in ("weight", "bias")}
    network.head.load_state_dict(head)
    return network.eval()


def _inside(name: str) -> str:
    return name.removeprefix("network.encoder.")


def _dequantised(
    weights: NDArray[np.int8], scales: NDArray[np.float32], quiet: NDArray[np.float32], rng: np.random.Generator
) -> NDArray[np.float32]:
    """Weights of shape (inputs, outputs), with a scale per output and what inputs are multiplied by before, to (outputs, inputs)."""
    steps = weights.astype(np.float32) + rng.uniform(-0.5, 0.5, weights.shape).astype(np.float32)
    return np.ascontiguousarray((steps * scales * quiet[:, None]).T)


def _config(graph: onnx.GraphProto, weights: dict[str, NDArray[np.float32]], attention: list[onnx.NodeProto]) -> BertConfig:
    vocabulary, hidden = weights["embeddings.word_embeddings.weight"].shape
    heads = next(a.i for a in attention[0].attribute if a.name == "num_heads")
    norm = next(node for node in graph.node if node.op_type == "LayerNormalization")
    return BertConfig(
        vocab_size=vocabulary,
        hidden_size=hidden,
        num_hidden_layers=len(attention),
        num_attention_heads=heads,
        intermediate_size=weights["encoder.layer.0.intermediate.dense.weight"].shape[0],
        max_position_embeddings=len(weights["embeddings.position_embeddings.weight"]),
        type_vocab_size=1,
        layer_norm_eps=next((a.f for a in norm.attribute if a.name == "epsilon"), 1e-12),
    )
