from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import torch
from transformers import AutoModel

from aikind.train.network import WindowClassifier, load_network, save_network

from .conftest import command

ABOUT = {"settings": {"seed": 1}, "dataset": {"fingerprint": "f" * 64}, "label_set": {"label": [{"name": "predictive"}]}}


def run(folder: Path, tiny_base: Path, seed: int, labels: int = 1) -> Path:
    torch.manual_seed(seed)
    network = WindowClassifier(AutoModel.from_pretrained(tiny_base, add_pooling_layer=False), labels)
    save_network(network, folder / "network", {**ABOUT, "settings": {"seed": seed}})
    shutil.copy(tiny_base / "tokenizer.json", folder / "network")
    return folder


def test_the_average_has_the_mean_weights_and_tells_of_its_parts(tmp_path: Path, tiny_base: Path) -> None:
    first, second = run(tmp_path / "a", tiny_base, 1), run(tmp_path / "b", tiny_base, 2)
    done = command("model", "average", first, second, "-o", tmp_path / "mean")
    assert done.returncode == 0, done.stderr
    (a, _), (b, _), (mean, about) = (load_network(folder / "network") for folder in (first, second, tmp_path / "mean"))
    torch.testing.assert_close(mean.head.weight, (a.head.weight + b.head.weight) / 2)
    assert not torch.equal(mean.head.weight, a.head.weight)
    assert [part["settings"]["seed"] for part in about["averaged"]] == [1, 2]


@pytest.mark.parametrize(("labels", "again", "complaint"), [(2, False, "another shape"), (1, True, "holds a run already")])
def test_what_cannot_be_averaged_is_refused(tmp_path: Path, tiny_base: Path, labels: int, again: bool, complaint: str) -> None:
    first, second = run(tmp_path / "a", tiny_base, 1, labels), run(tmp_path / "b", tiny_base, 2)
    target = first if again else tmp_path / "mean"
    done = command("model", "average", first, second, "-o", target)
    assert done.returncode == 2
    assert complaint in done.stderr
