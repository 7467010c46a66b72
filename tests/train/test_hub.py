"""Models in the layout of the Hugging Face hub, taken from its local cache."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from aikind.model_folder import default_model

Run = Callable[..., subprocess.CompletedProcess[str]]
TEXT = "The chatbot wrote the letter, and nobody noticed."


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from aikind.train.hub_layout import write_layout

    folder = tmp_path_factory.mktemp("hub") / "repository"
    write_layout(default_model(), folder, "someone/aikind-test")
    return folder


def test_a_model_is_taken_from_the_cache_by_its_id(repository: Path, aikind: Run, tmp_path: Path) -> None:
    cached = tmp_path / "models--someone--aikind-test"
    shutil.copytree(repository, cached / "snapshots" / "0123abcd")
    (cached / "refs").mkdir()
    (cached / "refs" / "main").write_text("0123abcd")
    environment = {**os.environ, "HF_HUB_CACHE": str(tmp_path), "HF_HUB_OFFLINE": "1"}
    done = aikind("tag", "-", "--model", "someone/aikind-test", "--format", "csv", "--fields", "kind", stdin=TEXT, env=environment)
    assert done.stdout == "kind\ngenerative\n", done.stderr
    missing = aikind("tag", "-", "--model", "someone/else", stdin=TEXT, env=environment)
    assert missing.returncode == 2
    assert "someone/else: no such model folder, and not to be had from the hub" in missing.stderr


def test_a_mistyped_path_is_not_looked_for_on_the_hub(aikind: Run, tmp_path: Path) -> None:
    (tmp_path / "models").mkdir()
    done = aikind("tag", "-", "--model", "models/mine", stdin=TEXT, cwd=tmp_path)
    assert done.returncode == 2
    assert "models/mine: no such model folder; a model folder holds" in done.stderr


def test_transformers_loads_the_network_and_the_tokenizer(repository: Path) -> None:
    import torch
    from safetensors.torch import load_file
    from transformers import AutoModel, AutoTokenizer

    from aikind.serve.model import Model

    tokens = AutoTokenizer.from_pretrained(repository)(TEXT, return_tensors="pt")
    encoder = AutoModel.from_pretrained(repository, add_pooling_layer=False)
    head = load_file(repository / "head.safetensors")
    with torch.inference_mode():
        pooled = encoder(input_ids=tokens["input_ids"], attention_mask=tokens["attention_mask"]).last_hidden_state.mean(1)
        logits = (pooled @ head["weight"].T + head["bias"]).numpy()
    np.testing.assert_allclose(logits, Model(default_model()).score(TEXT).window_logits, atol=0.5)  # int8 rounds


def test_the_cards_metadata_is_what_the_hub_reads(repository: Path) -> None:
    from huggingface_hub import ModelCard

    card = ModelCard.load(repository / "README.md")
    assert card.data.pipeline_tag == "text-classification"
    assert card.data.license == "apache-2.0"
    assert card.data.base_model == "sentence-transformers/all-MiniLM-L6-v2"
    assert {"onnx", "predictive", "generative"} <= set(card.data.tags or ())
    assert "aikind tag articles/ --model someone/aikind-test" in card.text
