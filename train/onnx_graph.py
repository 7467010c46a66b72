"""Turn a trained network into a fused ONNX graph: one window in, logits out."""

from __future__ import annotations

import logging
import warnings
from collections import Counter
from pathlib import Path

import torch
from torch import Tensor, nn

from aikind.errors import ModelError
from aikind.train.network import WindowClassifier

__all__ = ["export_fp32", "fused_attention_blocks"]


class _OneWindow(nn.Module):
    """A window without padding needs no mask: every token counts."""

    def __init__(self, network: WindowClassifier) -> None:
        super().__init__()
        self.network = network

    def forward(self, input_ids: Tensor) -> Tensor:
        logits: Tensor = self.network(input_ids, torch.ones_like(input_ids))
        return logits


def export_fp32(network: WindowClassifier, path: Path) -> None:
    """Write the network as a fused fp32 graph with the input ``input_ids`` (windows, tokens) and the output ``logits``.

    Raises:
        ModelError: The transformer fusions did not take.
    """
    from onnxruntime.transformers import optimizer
    from onnxruntime.transformers.fusion_options import FusionOptions

    config = network.encoder.config
    raw = path.with_suffix(".raw.onnx")
    logging.getLogger("onnxruntime.transformers").setLevel(logging.WARNING)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            _OneWindow(network).eval(),
            (torch.ones((1, 16), dtype=torch.int64),),
            str(raw),
            input_names=["input_ids"],
            output_names=["logits"],
            dynamic_axes={"input_ids": {0: "windows", 1: "tokens"}, "logits": {0: "windows"}},
            opset_version=17,
            dynamo=False,
        )
    heads, hidden = int(config.num_attention_heads), int(config.hidden_size)  # type: ignore[union-attr, arg-type]
    options = FusionOptions("bert")
    options.use_multi_head_attention = True  # leaves the matrix products outside, where they can be quantised
    fused = optimizer.optimize_model(str(raw), "bert", num_heads=heads, hidden_size=hidden, optimization_options=options, opt_level=0)
    fused.save_model_to_file(str(path))
    raw.unlink()
    if fused_attention_blocks(path) == 0:
        raise ModelError(f"{path}: no attention block was fused; the exported graph would be slow")


def fused_attention_blocks(path: Path) -> int:
    """How many attention blocks of a graph are single fused operators."""
    import onnx

    operators = Counter(node.op_type for node in onnx.load(str(path), load_external_data=False).graph.node)
    return operators["Attention"] + operators["MultiHeadAttention"]
