"""Embeddings of texts without running a network: weighted means of the base model's token vectors.

Frequent tokens weigh less, as in smooth inverse frequency (Arora et al. 2017, "A Simple but Tough-to-Beat Baseline for
Sentence Embeddings"), with frequencies from Zipf's law over the vocabulary's order (as model2vec does). A pass of the
whole encoder separates better, but takes minutes for what this does in seconds, and rounds differently from one
processor to the next, so that the same inputs would not give the same dataset everywhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from aikind.base_package import base_folder
from aikind.errors import MissingExtraError

__all__ = ["embed"]

_SMOOTHING = 1e-4
_SPECIAL_TOKENS = 999  # the vocabulary begins with special and unused entries
_CHARACTERS = 1800


@cache
def _table() -> tuple[Tokenizer, NDArray[np.float32]]:
    try:
        from safetensors import safe_open
    except ImportError as error:
        raise MissingExtraError("embedding texts", "train") from error
    folder = Path(base_folder())
    with safe_open(folder / "model.safetensors", "np") as weights:
        vectors = np.asarray(weights.get_tensor("embeddings.word_embeddings.weight"), dtype=np.float32)
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    rank = np.arange(len(vectors)) - _SPECIAL_TOKENS + 1
    frequency = 1 / (np.clip(rank, 1, None) * np.log(len(vectors)))
    weight = np.where(rank > 0, _SMOOTHING / (_SMOOTHING + frequency), 0.0)
    centred = vectors - vectors[_SPECIAL_TOKENS:].mean(axis=0)
    return tokenizer, np.asarray(centred * weight[:, None], dtype=np.float32)


def embed(texts: Sequence[str]) -> NDArray[np.float32]:
    """Unit vectors of shape (texts, dimensions) from the first 1,800 characters of each; zero where there is no word.

    Raises:
        MissingExtraError: The package with the base weights is not installed.
    """
    tokenizer, vectors = _table()
    result = np.zeros((len(texts), vectors.shape[1]), dtype=np.float32)
    for i, encoding in enumerate(tokenizer.encode_batch([text[:_CHARACTERS] for text in texts], add_special_tokens=False)):
        if encoding.ids:
            result[i] = vectors[encoding.ids].mean(axis=0)
    length = np.linalg.norm(result, axis=1, keepdims=True)
    return np.asarray(result / np.where(length > 0, length, 1), dtype=np.float32)
