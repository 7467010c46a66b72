from __future__ import annotations

import os
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

os.environ.setdefault("HF_HUB_OFFLINE", "1")

PHRASES = {
    "predictive": ["forecasts sales", "scores loans", "classifies letters", "ranks clips", "detects fraud"],
    "generative": ["writes poems", "paints pictures", "composes songs", "drafts replies", "clones voices"],
}
FILLER = ["the town", "on monday", "a long bridge", "under the hill", "with some care", "for the fair", "by the old mill", "in plain view"]


def toy_rows(count: int, seed: int = 0) -> list[dict[str, Any]]:
    """Texts whose labels any learner can find: each label has phrases of its own."""
    rng = random.Random(seed)
    rows = []
    for i in range(count):
        labels = [name for name in PHRASES if rng.random() < 0.5]
        parts = rng.choices(FILLER, k=rng.randint(4, 12)) + [rng.choice(PHRASES[name]) for name in labels for _ in range(2)]
        rng.shuffle(parts)
        rows.append({"id": f"t{i}", "text": " ".join(parts) + f" number {i}.", "labels": labels, "genre": "toy", "hard": i % 4 == 0})
    return rows


@pytest.fixture(scope="session")
def tiny_base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A BERT of two layers and 32 dimensions with random weights, and a tokenizer that knows the toy words."""
    import torch
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
    from transformers import BertConfig, BertModel

    folder = tmp_path_factory.mktemp("tiny-base")
    words = sorted({w for row in toy_rows(300) for w in row["text"].replace(".", " ").split() if not w.isdigit()})
    vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", ".", *words, *(str(d) for d in range(10)), *(f"##{d}" for d in range(10))]
    tokenizer = Tokenizer(models.WordPiece({w: i for i, w in enumerate(vocabulary)}, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = processors.TemplateProcessing(single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)])
    tokenizer.save(str(folder / "tokenizer.json"))
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=len(vocabulary),
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=64,
        max_position_embeddings=64,
    )
    BertModel(config, add_pooling_layer=False).save_pretrained(folder)
    return folder


def command(*arguments: object, **options: Any) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [sys.executable, "-m", "aikind", *map(str, arguments)], capture_output=True, text=True, timeout=300, check=False, **options
    )
    assert "Traceback" not in done.stderr, done.stderr
    return done


TRAIN_OPTIONS = ("--epochs", 12, "--learning-rate", 0.003, "--window-tokens", 32, "--window-overlap", 8, "--train-embeddings")
