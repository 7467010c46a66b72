from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import AutoModel, BertConfig, BertModel

from aikind.errors import ModelError
from aikind.serve.aggregate import log_mean_exp
from aikind.train.base_weights import freeze, keep_layers
from aikind.train.calibrate import choose_aggregation, fit_platt
from aikind.train.head_start import document_embeddings, set_head, text_embeddings
from aikind.train.network import DocumentClassifier, WindowClassifier, load_network, save_network
from aikind.train.precision import use_bf16


@pytest.fixture
def network(tiny_base: Path) -> WindowClassifier:
    torch.manual_seed(1)
    return WindowClassifier(AutoModel.from_pretrained(tiny_base, add_pooling_layer=False), 2).eval()


def batch(windows_per_document: list[int]) -> dict[str, torch.Tensor]:
    torch.manual_seed(2)
    count = sum(windows_per_document)
    return {
        "input_ids": torch.randint(4, 40, (count, 12)),
        "attention_mask": torch.ones(count, 12, dtype=torch.int64),
        "document": torch.tensor([d for d, n in enumerate(windows_per_document) for _ in range(n)]),
        "labels": torch.rand(len(windows_per_document), 2),
        "weight": torch.ones(len(windows_per_document)),
    }


def test_training_pools_windows_as_serving_does(network: WindowClassifier) -> None:
    sizes = [1, 4, 2]
    tensors = batch(sizes)
    with torch.inference_mode():
        pooled = DocumentClassifier(network).eval()(**tensors)["logits"].numpy()
        windows = network(tensors["input_ids"], tensors["attention_mask"]).numpy()
    expected = [log_mean_exp(part) for part in np.split(windows, np.cumsum(sizes)[:-1])]
    np.testing.assert_allclose(pooled, expected, atol=1e-5)


def test_padding_changes_no_logit(network: WindowClassifier) -> None:
    tensors = batch([2])
    wide = torch.nn.functional.pad(tensors["input_ids"], (0, 5))
    mask = torch.nn.functional.pad(tensors["attention_mask"], (0, 5))
    with torch.inference_mode():
        plain = network(tensors["input_ids"], tensors["attention_mask"])
        padded = network(wide, mask)
    torch.testing.assert_close(plain, padded, atol=1e-5, rtol=1e-4)


def test_a_weight_of_zero_takes_a_document_out_of_the_loss(network: WindowClassifier) -> None:
    model = DocumentClassifier(network).eval()
    tensors = batch([1, 1])
    tensors["weight"] = torch.tensor([1.0, 0.0])
    with torch.inference_mode():
        before = model(**tensors)["loss"]
        tensors["labels"][1] = 1 - tensors["labels"][1]
        assert model(**tensors)["loss"] == before


def test_a_network_comes_back_from_disk(network: WindowClassifier, tmp_path: Path) -> None:
    save_network(network, tmp_path, {"settings": {}})
    again, about = load_network(tmp_path)
    tensors = batch([3])
    with torch.inference_mode():
        torch.testing.assert_close(
            again(tensors["input_ids"], tensors["attention_mask"]),
            network(tensors["input_ids"], tensors["attention_mask"]),
            atol=1e-5,
            rtol=1e-4,
        )
    assert about == {"settings": {}}


def test_the_head_starts_as_a_logistic_regression(network: WindowClassifier) -> None:
    documents = [[[2, 5 + i % 2, 5 + i % 2, 20 + i % 7, 3]] for i in range(60)]
    labels = np.array([[i % 2, 1] for i in range(60)], dtype=np.float32)
    untouched = network.head.weight[1].clone()
    set_head(network, document_embeddings(network, documents), labels, np.ones(60, dtype=np.float32))
    with torch.inference_mode():
        logits = network(torch.tensor([d[0] for d in documents]), torch.ones(60, 5, dtype=torch.int64))
    assert ((logits[:, 0] > 0).numpy() == (labels[:, 0] > 0)).mean() > 0.95
    assert torch.equal(network.head.weight[1], untouched)  # a label without contrast teaches nothing


def test_embeddings_in_bf16_stay_close(network: WindowClassifier) -> None:
    documents = [[[2, *(4 + (i * j) % 40 for j in range(3 + i)), 3]] * (1 + i % 2) for i in range(1, 30)]
    exact, fast = (document_embeddings(network, documents, precision=p) for p in ("fp32", "bf16"))
    assert not np.array_equal(exact, fast)
    cosine = (exact * fast).sum(axis=1) / np.linalg.norm(exact, axis=1) / np.linalg.norm(fast, axis=1)
    assert cosine.min() > 0.9995
    assert np.abs(exact - fast).max() < 0.05 * exact.std()


@pytest.mark.parametrize("native", [True, False])
def test_auto_takes_bf16_where_the_cpu_has_it(native: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"avx512_bf16": native})
    cpu = torch.device("cpu")
    assert use_bf16("auto", cpu) is native
    assert use_bf16("bf16", cpu)
    assert not use_bf16("fp32", cpu)


def test_texts_longer_than_the_base_can_take_are_embedded_in_windows(tiny_base: Path) -> None:
    long = "a long bridge under the hill. " * 40
    vectors = text_embeddings([long, "the town writes poems."], str(tiny_base))
    assert vectors.shape == (2, 32)
    assert np.isfinite(vectors).all()


def test_platt_scaling_mends_overconfidence() -> None:
    rng = np.random.default_rng(0)
    truth = rng.normal(size=4000)
    gold = rng.random(4000) < 1 / (1 + np.exp(-truth))
    calibration = fit_platt(truth * 5 + 2, gold)
    assert calibration.slope == pytest.approx(0.2, abs=0.03)
    assert calibration.intercept == pytest.approx(-0.4, abs=0.1)
    assert fit_platt(truth, np.ones(4000, dtype=bool)).slope == 1.0
    assert fit_platt(-truth, gold).slope == 1.0


def test_the_aggregation_with_the_lowest_loss_is_chosen() -> None:
    rng = np.random.default_rng(0)
    gold = rng.random((400, 1)) < 0.5
    # One window in four tells, the others say nothing: a mean dilutes it, a maximum does not.
    windows = [np.concatenate([rng.normal(size=(3, 1)) - 4, [[4.0 if g else -4.0]]]).astype(np.float32) for (g,) in gold]
    windows = [np.repeat(w, rng.integers(1, 4), axis=0) if i % 2 else w[-1:] for i, w in enumerate(windows)]
    name, _, losses = choose_aggregation(windows, gold)
    assert losses[name] == min(losses.values())
    assert losses["mean"] > losses["maximum"]


def deep_encoder() -> BertModel:
    torch.manual_seed(4)
    config = BertConfig(vocab_size=50, hidden_size=32, num_hidden_layers=6, num_attention_heads=2, intermediate_size=64)
    return BertModel(config, add_pooling_layer=False)


def test_a_shallow_network_keeps_layers_from_first_to_last_and_comes_back_from_disk(tmp_path: Path) -> None:
    encoder = deep_encoder()
    before = [layer.output.dense.weight.clone() for layer in encoder.encoder.layer]
    keep_layers(encoder, 3)
    assert len(encoder.encoder.layer) == 3
    for layer, was in zip(encoder.encoder.layer, (0, 2, 5), strict=True):
        assert torch.equal(layer.output.dense.weight, before[was])
    network = WindowClassifier(encoder, 2).eval()
    save_network(network, tmp_path, {})
    again, _ = load_network(tmp_path)
    ids = torch.randint(0, 50, (2, 9))
    with torch.inference_mode():
        torch.testing.assert_close(again(ids, torch.ones_like(ids)), network(ids, torch.ones_like(ids)), atol=1e-5, rtol=1e-4)


def test_only_the_lowest_layers_are_frozen() -> None:
    encoder = deep_encoder()
    freeze(encoder, 2, embeddings=True)
    frozen = [not next(layer.parameters()).requires_grad for layer in encoder.encoder.layer]
    assert frozen == [True, True, False, False, False, False]
    assert not encoder.get_input_embeddings().weight.requires_grad


@pytest.mark.parametrize("change", [keep_layers, lambda encoder, layers: freeze(encoder, layers, embeddings=False)])
def test_more_layers_than_there_are_is_explained(change: Callable[[torch.nn.Module, int], None]) -> None:
    with pytest.raises(ModelError, match="7 layers are asked for; the base has 6"):
        change(deep_encoder(), 7)
