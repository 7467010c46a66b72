from __future__ import annotations

from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch
from transformers import AutoModel

from aikind.train.network import WindowClassifier, load_network, save_network
from aikind.train.onnx_graph import export_fp32, fused_attention_blocks
from aikind.train.quantise import quantise

WINDOWS = [[2, *(4 + (i * j) % 40 for j in range(3 + i)), 3] for i in range(1, 20)]


@pytest.fixture(scope="module")
def network(tiny_base: Path, tmp_path_factory: pytest.TempPathFactory) -> WindowClassifier:
    torch.manual_seed(1)
    network = WindowClassifier(AutoModel.from_pretrained(tiny_base, add_pooling_layer=False), 2)
    with torch.no_grad():  # one loud channel, as trained transformers have them
        network.encoder.embeddings.LayerNorm.weight[3] = 30.0
    folder = tmp_path_factory.mktemp("network")
    save_network(network, folder, {})
    return load_network(folder)[0]


def outputs(path: Path) -> np.ndarray:
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    return np.concatenate([session.run(None, {"input_ids": np.array([ids], dtype=np.int64)})[0] for ids in WINDOWS])


def torch_outputs(network: WindowClassifier) -> np.ndarray:
    with torch.inference_mode():
        return np.concatenate([network(torch.tensor([ids]), torch.ones(1, len(ids), dtype=torch.int64)).numpy() for ids in WINDOWS])


def test_the_graph_is_fused_and_answers_as_the_network(network: WindowClassifier, tmp_path: Path) -> None:
    path = tmp_path / "fp32.onnx"
    export_fp32(network, path)
    assert fused_attention_blocks(path) == 2  # every layer's
    np.testing.assert_allclose(outputs(path), torch_outputs(network), atol=1e-4)
    assert [p.name for p in tmp_path.iterdir()] == ["fp32.onnx"]


def test_int8_stays_near_in_spite_of_a_loud_channel(network: WindowClassifier, tmp_path: Path) -> None:
    import onnx

    export_fp32(network, tmp_path / "fp32.onnx")
    quantise(tmp_path / "fp32.onnx", tmp_path / "int8.onnx", WINDOWS)
    reference = torch_outputs(network)
    assert np.abs(outputs(tmp_path / "int8.onnx") - reference).mean() < 0.05 * reference.std() + 0.02
    types = {i.name: i.data_type for i in onnx.load(str(tmp_path / "int8.onnx")).graph.initializer}
    assert types["network.encoder.embeddings.word_embeddings.weight_int8"] == onnx.TensorProto.INT8
    assert "network.encoder.embeddings.word_embeddings.weight" not in types
    graph = onnx.load(str(tmp_path / "int8.onnx")).graph
    shape = {i.name: list(i.dims) for i in graph.initializer}
    assert [node.op_type for node in graph.node].count("DynamicQuantizeMatMul") == 12  # six products in each of two layers
    assert all(shape[node.input[1]][0] <= 16 for node in graph.node if node.op_type == "MatMul")  # loud channels alone
