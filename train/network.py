"""The network: a transformer encoder, mean pooling, one linear head; documents as bags of windows."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from aikind.errors import ModelError
from aikind.train.base_weights import load_encoder

__all__ = ["DocumentClassifier", "WindowClassifier", "load_about", "load_head", "load_network", "save_network", "write_json"]


class WindowClassifier(nn.Module):
    """Logits for windows of tokens."""

    def __init__(self, encoder: nn.Module, labels: int) -> None:
        super().__init__()
        self.encoder = encoder
        self.dropout = nn.Dropout(0.1)
        self.head = nn.Linear(int(encoder.config.hidden_size), labels)  # type: ignore[union-attr, arg-type]

    @property
    def pad_id(self) -> int:
        """The token id that fills a batch's shorter windows."""
        return int(self.encoder.config.pad_token_id or 0)  # type: ignore[union-attr, arg-type]

    def embed(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        """Mean of the last hidden states: (windows, tokens) -> (windows, hidden)."""
        hidden = self.encoder(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state
        mask = attention_mask.unsqueeze(-1).to(hidden.dtype)
        pooled: Tensor = (hidden * mask).sum(1) / mask.sum(1)
        return pooled

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        """(windows, tokens) -> (windows, labels)."""
        logits: Tensor = self.head(self.dropout(self.embed(input_ids, attention_mask)))
        return logits


class DocumentClassifier(nn.Module):
    """Trains a ``WindowClassifier`` on labels of whole documents.

    A document's logits are the log of the mean of the exponentials of its windows' logits, so that one telling
    window can carry a document, as in multiple-instance learning (Ramon and De Raedt 2000).
    """

    def __init__(self, windows: WindowClassifier, label_smoothing: float = 0.0) -> None:
        super().__init__()
        self.windows = windows
        self.label_smoothing = label_smoothing

    def forward(self, input_ids: Tensor, attention_mask: Tensor, document: Tensor, labels: Tensor, weight: Tensor) -> dict[str, Tensor]:
        """Weighted loss and document logits.

        Args:
            input_ids, attention_mask: (windows, tokens), the windows of all documents of the batch.
            document: (windows,) which document of the batch a window belongs to.
            labels: (documents, labels) values from 0 to 1.
            weight: (documents,)
        """
        logits = self._by_length(input_ids, attention_mask)
        shape = (labels.shape[0], logits.shape[1])
        index = document.unsqueeze(1).expand_as(logits)
        top = torch.full(shape, -torch.inf, device=logits.device).scatter_reduce(0, index, logits.detach(), "amax")
        total = torch.zeros(shape, device=logits.device).scatter_add(0, index, torch.exp(logits - top[document]))
        size = torch.bincount(document, minlength=shape[0]).unsqueeze(1)
        pooled = top + torch.log(total / size)
        target = labels * (1 - self.label_smoothing) + 0.5 * self.label_smoothing
        losses = nn.functional.binary_cross_entropy_with_logits(pooled, target, reduction="none").mean(1)
        return {"loss": (losses * weight).mean(), "logits": pooled}

    def _by_length(self, input_ids: Tensor, attention_mask: Tensor, chunks: int = 4) -> Tensor:
        """Window logits, run in chunks of similar length, each cut to its own longest: less padding to compute."""
        lengths = attention_mask.sum(1)
        order = torch.argsort(lengths)
        parts = [
            self.windows(input_ids[rows, :width], attention_mask[rows, :width]).float()
            for rows in torch.chunk(order, chunks)
            for width in [int(lengths[rows].max())]
        ]
        return torch.cat(parts)[torch.argsort(order)]


def save_network(network: WindowClassifier, folder: Path, about: dict[str, Any]) -> None:
    """Write encoder, head and ``about`` (JSON) to ``folder``, as safetensors."""
    folder.mkdir(parents=True, exist_ok=True)
    network.encoder.save_pretrained(folder)  # type: ignore[operator]
    save_file({name: t.contiguous() for name, t in network.head.state_dict().items()}, folder / "head.safetensors")
    write_json(folder / "about.json", about)  # it says that the rest is whole, so it comes last


def write_json(path: Path, value: dict[str, Any]) -> None:
    """Write ``path`` at once, so that a kill leaves the old file or the new one."""
    draft = path.with_suffix(".part")
    draft.write_text(json.dumps(value, indent=2) + "\n", encoding="utf-8")
    draft.rename(path)


def load_about(folder: Path) -> dict[str, Any]:
    """What the run noted of itself: settings, dataset, label set.

    Raises:
        ModelError: The folder holds no finished network.
    """
    try:
        about: dict[str, Any] = json.loads((folder / "about.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ModelError(f"{folder}: holds no trained network: {error}. Train one with: aikind model train") from error
    return about


def load_head(folder: Path, labels: Sequence[str]) -> dict[str, Tensor] | None:
    """The head of a trained network's folder; None where there is none, or one of other labels.

    Raises:
        ModelError: The head cannot be read.
    """
    try:
        known = [label["name"] for label in load_about(folder)["label_set"]["label"]]
    except ModelError:
        return None
    if known != list(labels):
        return None
    try:
        head: dict[str, Tensor] = load_file(folder / "head.safetensors")
    except (OSError, ValueError, SafetensorError) as error:
        raise ModelError(f"{folder}: holds no trained head: {error}") from error
    return head


def load_network(folder: Path) -> tuple[WindowClassifier, dict[str, Any]]:
    """Read what ``save_network`` wrote, in evaluation mode with eager attention.

    Raises:
        ModelError: The folder lacks a part.
    """
    about = load_about(folder)
    try:
        encoder = load_encoder(str(folder), attn_implementation="eager")
        head = load_file(folder / "head.safetensors")
    except (OSError, ValueError, SafetensorError) as error:
        raise ModelError(f"{folder}: holds no trained network: {error}") from error
    network = WindowClassifier(encoder, head["weight"].shape[0])
    network.head.load_state_dict(head)
    return network.eval(), about
