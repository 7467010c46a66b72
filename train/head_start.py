"""Start the head from a logistic regression on the frozen encoder's embeddings.

A linear probe before fine-tuning keeps the first steps from spoiling the pretrained features
(Kumar et al. 2022, "Fine-Tuning can Distort Pretrained Features").
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from aikind.base_package import base_folder
from aikind.serve.windows import WindowPlan
from aikind.train.base_weights import load_encoder, save_tokenizer
from aikind.train.encode import Collator, windower_for
from aikind.train.network import WindowClassifier
from aikind.train.precision import use_bf16

__all__ = ["TextEmbedder", "document_embeddings", "set_head", "text_embeddings"]

_MOST_WINDOWS = 8


def text_embeddings(texts: Sequence[str], base: str) -> NDArray[np.float32]:
    """Embeddings of whole texts by frozen base weights, shape (texts, hidden); see ``TextEmbedder``, also for the errors."""
    return TextEmbedder(base)(texts)


class TextEmbedder:
    """Embeds whole texts by frozen base weights; a text of very many windows is cut.

    Args:
        base: The packaged default, a local folder, or a hub id.

    Raises:
        ModelError: The base cannot be loaded, or has no fast tokenizer.
        MissingExtraError: The package with the default weights is not installed.
    """

    def __init__(self, base: str) -> None:
        self._weights = base_folder(base)
        encoder = load_encoder(self._weights)
        default = WindowPlan()
        tokens = min(default.tokens, int(getattr(encoder.config, "max_position_embeddings", default.tokens)))
        self.plan = WindowPlan(tokens, min(default.overlap, tokens // 4))
        with TemporaryDirectory() as folder:
            save_tokenizer(self._weights, Path(folder))
            self._windower = windower_for(folder, self.plan)
        device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        self._network = WindowClassifier(encoder, 1).to(device)

    @property
    def dimensions(self) -> int:
        return self._network.head.in_features

    def __call__(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Embeddings of shape (texts, hidden)."""
        windows = [[window.ids for window in self._windower.cut(text)[:_MOST_WINDOWS]] for text in texts]
        return document_embeddings(self._network, windows)

    def save(self, folder: Path) -> None:
        """Write the base weights and their tokenizer to ``folder``, from which they can be loaded as a base again."""
        self._network.encoder.save_pretrained(folder)  # type: ignore[operator]
        save_tokenizer(self._weights, folder)


def document_embeddings(
    network: WindowClassifier, documents: Sequence[Sequence[Sequence[int]]], batch: int = 32, precision: str = "auto"
) -> NDArray[np.float32]:
    """Mean of the window embeddings of each document, shape (documents, hidden), from the network as it stands.

    Args:
        documents: For each document its windows of token ids.
        precision: ``auto`` (bf16 where the device has it), ``bf16`` or ``fp32``. In bf16 an embedding turns by less than a
            degree, and takes three fifths of the time on a CPU.
    """
    device = next(network.parameters()).device
    flat = [(len(ids), d, list(ids)) for d, windows in enumerate(documents) for ids in windows]
    flat.sort(key=lambda item: item[0])
    collate = Collator(network.pad_id)
    sums = np.zeros((len(documents), network.head.in_features), dtype=np.float64)
    counts = np.zeros(len(documents))
    network.eval()
    with torch.inference_mode(), torch.autocast(device.type, torch.bfloat16, enabled=use_bf16(precision, device)):
        for at in range(0, len(flat), batch):
            part = flat[at : at + batch]
            tensors = collate([{"windows": [ids], "labels": [0.0], "weight": 1.0} for _, _, ids in part])
            vectors = network.embed(tensors["input_ids"].to(device), tensors["attention_mask"].to(device)).float().cpu().numpy()
            for (_, d, _), vector in zip(part, vectors, strict=True):
                sums[d] += vector
                counts[d] += 1
    return np.asarray(sums / counts[:, None], dtype=np.float32)


def set_head(network: WindowClassifier, embeddings: NDArray[np.float32], labels: NDArray[np.float32], weight: NDArray[np.float32]) -> None:
    """Write the weights of one logistic regression per label into the network's head.

    A label that is the same in every row leaves its head as it is.

    Args:
        labels: Shape (documents, labels), 0 to 1.
    """
    # One spread for all dimensions: some of an encoder's are all but constant, and would be blown up by their own.
    centre, spread = embeddings.mean(axis=0), float(embeddings.std())
    with torch.no_grad():
        for j in range(labels.shape[1]):
            target = labels[:, j] >= 0.5
            if target.all() or not target.any():
                continue
            regression = LogisticRegression(C=1.0, max_iter=2000)
            regression.fit((embeddings - centre) / spread, target, sample_weight=weight)
            coefficients = regression.coef_[0] / spread
            network.head.weight[j] = torch.tensor(coefficients, dtype=torch.float32)
            network.head.bias[j] = float(regression.intercept_[0] - coefficients @ centre)
