"""Turn dataset rows into windows of token ids, and batches of them into tensors."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import torch
from datasets import Dataset
from tokenizers import Tokenizer
from torch import Tensor

from aikind.serve.windows import Windower, WindowPlan

__all__ = ["Collator", "encode_rows", "windower_for"]


def windower_for(folder: Path | str, plan: WindowPlan) -> Windower:
    """A windower with the ``tokenizer.json`` of a model folder."""
    return Windower(Tokenizer.from_file(str(Path(folder) / "tokenizer.json")), plan)


def encode_rows(rows: Iterable[dict[str, Any]], labels: Sequence[str], windower: Windower, most_windows: int) -> Dataset:
    """A dataset with windows (lists of token ids), label values, weight and length in tokens.

    A text of more than ``most_windows`` windows is cut there, to bound the memory of a training step.
    """
    encoded = []
    for row in rows:
        windows = [list(window.ids) for window in windower.cut(row["text"])[:most_windows]]
        encoded.append(
            {
                "windows": windows,
                "labels": [float(row[name]) for name in labels],
                "weight": float(row["weight"]),
                "length": sum(len(w) for w in windows),
            }
        )
    return Dataset.from_list(encoded)


class Collator:
    """Pads the windows of a batch of documents into one rectangle."""

    def __init__(self, pad_id: int) -> None:
        self.pad_id = pad_id

    def __call__(self, features: Sequence[dict[str, Any]]) -> dict[str, Tensor]:
        windows = [ids for feature in features for ids in feature["windows"]]
        width = max(len(ids) for ids in windows)
        return {
            "input_ids": torch.tensor([ids + [self.pad_id] * (width - len(ids)) for ids in windows]),
            "attention_mask": torch.tensor([[1] * len(ids) + [0] * (width - len(ids)) for ids in windows]),
            "document": torch.tensor([i for i, feature in enumerate(features) for _ in feature["windows"]]),
            "labels": torch.tensor([feature["labels"] for feature in features]),
            "weight": torch.tensor([feature["weight"] for feature in features]),
        }
