"""Load the encoder and the tokenizer that fine-tuning starts with."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from torch import nn
from transformers import AutoConfig, AutoModel, AutoTokenizer

from aikind.errors import ModelError

__all__ = ["freeze", "keep_layers", "load_encoder", "save_tokenizer"]


def load_encoder(base: str, dropout: float = 0.0, **options: Any) -> nn.Module:
    """A transformer encoder in float32, without a pooling layer.

    Args:
        base: A local folder or a hub id.
        dropout: For hidden states. Attention probabilities are never dropped: PyTorch's fused attention on the CPU
            does not know dropout, and training steps are much slower without it.
        options: Handed to transformers, such as ``attn_implementation``.

    Raises:
        ModelError: There is no encoder that transformers can load.
    """
    try:
        config = AutoConfig.from_pretrained(base)
        for name, value in (
            ("hidden_dropout_prob", dropout),
            ("dropout", dropout),
            ("attention_probs_dropout_prob", 0.0),
            ("attention_dropout", 0.0),
        ):
            if hasattr(config, name):
                setattr(config, name, value)
        try:
            encoder: nn.Module = AutoModel.from_pretrained(base, config=config, dtype=torch.float32, add_pooling_layer=False, **options)
        except TypeError:  # encoders that never had a pooling layer do not know the word
            encoder = AutoModel.from_pretrained(base, config=config, dtype=torch.float32, **options)
    except (OSError, ValueError, SafetensorError) as error:
        raise ModelError(f"cannot load the base weights {base!r}: {error}") from error
    return encoder


def keep_layers(encoder: nn.Module, layers: int) -> None:
    """Leave ``layers`` of the encoder's layers, evenly spread from the first to the last.

    A shallow student starts from its deep teacher's layers, as in Sanh et al. 2019, "DistilBERT".

    Raises:
        ModelError: The encoder has fewer layers.
    """
    stack = _layers(encoder, layers)
    last = len(stack) - 1
    kept = [stack[round(i * last / max(1, layers - 1))] for i in range(layers)]
    del stack[layers:]
    for i, layer in enumerate(kept):
        stack[i] = layer
    encoder.config.num_hidden_layers = layers  # type: ignore[union-attr]


def freeze(encoder: nn.Module, layers: int, embeddings: bool) -> None:
    """Exclude the lowest ``layers``, and the token embeddings if so asked, from training.

    Raises:
        ModelError: The encoder has fewer layers.
    """
    if layers:
        for layer in _layers(encoder, layers)[:layers]:
            layer.requires_grad_(False)
    if embeddings:
        encoder.get_input_embeddings().requires_grad_(False)  # type: ignore[operator]


def _layers(encoder: nn.Module, least: int) -> nn.ModuleList:
    count = int(encoder.config.num_hidden_layers)  # type: ignore[union-attr, arg-type]
    stack = next((m for m in encoder.modules() if isinstance(m, nn.ModuleList) and len(m) == count), None)
    if stack is None or least > count:
        raise ModelError(f"{least} layers are asked for; the base has {count if stack is not None else 'none that are known'}")
    return stack


def save_tokenizer(base: str, folder: Path) -> None:
    """Write the base's ``tokenizer.json`` to ``folder``.

    Raises:
        ModelError: The base has no fast tokenizer.
    """
    folder.mkdir(parents=True, exist_ok=True)
    ready = Path(base) / "tokenizer.json"
    if ready.exists():
        (folder / ready.name).write_bytes(ready.read_bytes())
        return
    try:
        AutoTokenizer.from_pretrained(base).save_pretrained(folder)
    except (OSError, ValueError, ImportError) as error:
        raise ModelError(f"cannot load the tokenizer of {base!r}: {error}") from error
    if not (folder / ready.name).exists():
        raise ModelError(f"{base!r} has no fast tokenizer (tokenizer.json), which tagging needs")
