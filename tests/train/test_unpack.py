"""A model folder becomes a network that training can go on from."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch

from aikind.errors import ModelError
from aikind.model_folder import NETWORK, default_model, file_sha256
from aikind.serve.model import Model
from aikind.train.network import load_network
from aikind.train.unpack import unpack_model

TEXTS = [
    "A forecast of tomorrow's demand lets the bakery order flour in time.",
    "The chatbot wrote the letter, and nobody noticed that two of its sources did not exist.",
    "Bring the stock to the boil, add the lentils and simmer for twenty minutes.",
]


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("unpacked")
    unpack_model(default_model(), target)
    return target


def test_the_unpacked_network_answers_as_the_model_does(unpacked: Path) -> None:
    network, about = load_network(unpacked)
    model = Model(default_model())
    for text in TEXTS:
        (window,) = model.windower.windows(text)
        ids = torch.tensor([window.ids])
        with torch.inference_mode():
            logits = network(ids, torch.ones_like(ids)).numpy()
        np.testing.assert_allclose(logits, model.score(text).window_logits, atol=0.5)  # int8 rounds activations, too
        assert ((logits > 0) == (model.score(text).window_logits > 0)).all()
    assert about["unpacked_from"] == file_sha256(default_model() / NETWORK)


def test_a_graph_of_another_make_is_refused(tmp_path: Path) -> None:
    for file in default_model().iterdir():
        if file.is_file():
            (tmp_path / file.name).write_bytes(file.read_bytes())
    model = onnx.load(str(tmp_path / NETWORK))
    del model.graph.initializer[:]
    onnx.save(model, str(tmp_path / NETWORK))
    manifest = json.loads((tmp_path / "manifest.json").read_text())
    manifest["files"][NETWORK] = file_sha256(tmp_path / NETWORK)
    (tmp_path / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(ModelError, match="not the graph of a BERT encoder"):
        unpack_model(tmp_path, tmp_path / "unpacked")
