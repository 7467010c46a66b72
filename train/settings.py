"""What can be set for a training run."""

from __future__ import annotations

from dataclasses import dataclass

from aikind.base_package import DEFAULT_BASE

__all__ = ["TrainSettings"]


@dataclass(frozen=True, slots=True)
class TrainSettings:
    """Settings of one run; written into the run folder.

    Attributes:
        base: Base weights: the packaged default, a local folder, or a hub id.
        window_tokens, window_overlap: Sizes in tokens, special tokens included.
        most_windows: A training text is cut after that many windows.
        learning_rate: For the encoder; the head learns ten times as fast.
        patience: Stop after that many evaluations without a better kind accuracy on validation.
        precision: ``auto`` (bf16 on CUDA and on CPUs that have it), ``bf16`` or ``fp32``.
        dropout: Of hidden states in the encoder; the head always has 0.1.
        layers: Keep so many of the base's layers, evenly spread, for a smaller and faster model; 0 keeps all.
        frozen_layers: The lowest layers of the encoder that stay as they are, for large encoders on small machines.
        train_embeddings: Also train the token embeddings, which make up half of a small encoder.
        keep_last: Take the network of the last step, and not the one that is best on validation.
    """

    base: str = DEFAULT_BASE
    epochs: float = 3.0
    batch_size: int = 16
    learning_rate: float = 5e-5
    weight_decay: float = 0.01
    label_smoothing: float = 0.02
    window_tokens: int = 256
    window_overlap: int = 64
    most_windows: int = 8
    evaluations_per_epoch: int = 2
    patience: int = 3
    precision: str = "auto"
    dropout: float = 0.0
    layers: int = 0
    frozen_layers: int = 0
    train_embeddings: bool = False
    keep_last: bool = False
    seed: int = 7
