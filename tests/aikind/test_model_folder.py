"""A model folder is checked before anything in it is used."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from aikind import ModelError, Tagger
from aikind.model_folder import default_model, load_manifest


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    return Path(shutil.copytree(default_model(), tmp_path / "model"))


def change_manifest(folder: Path, change: Callable[[dict], object]) -> None:
    path = folder / "manifest.json"
    raw = json.loads(path.read_text())
    change(raw)
    path.write_text(json.dumps(raw))


def test_the_shipped_model_is_whole_and_tells_its_origin() -> None:
    manifest = load_manifest(default_model())
    assert set(manifest.files) == {"model.onnx", "tokenizer.json", "README.md"}
    assert len(manifest.about["dataset"]["fingerprint"]) == 64
    assert manifest.about["parity"]["texts"] >= 2000
    assert manifest.about["parity"]["near"] >= 480
    assert manifest.about["parity"]["int8_changed"] <= 0.015
    assert not [p.name for p in default_model().iterdir() if p.suffix in {".bin", ".pt", ".pkl", ".pickle"}]


def test_an_altered_file_is_refused(copy: Path) -> None:
    with (copy / "model.onnx").open("r+b") as file:
        file.seek(1000)
        byte = file.read(1)
        file.seek(1000)
        file.write(bytes([byte[0] ^ 1]))
    with pytest.raises(ModelError, match=r"model\.onnx: altered or damaged: SHA-256"):
        Tagger(copy)


def test_a_missing_file_is_named(copy: Path) -> None:
    (copy / "tokenizer.json").unlink()
    with pytest.raises(ModelError, match=r"tokenizer\.json: cannot read: No such file"):
        Tagger(copy)


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="no such model folder"):
        Tagger(tmp_path / "nowhere")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda raw: raw.pop("thresholds"), "a key is missing.*thresholds"),
        (lambda raw: raw["calibration"].pop(raw["label_set"]["label"][0]["name"]), "a key is missing"),
        (lambda raw: raw.update(schema=99), "schema 99; this version of aikind reads schema 1"),
        (lambda raw: raw.update(label_set={}), "no \\[\\[label\\]\\] entry"),
        (lambda raw: raw.update(aggregation="vote"), "unknown aggregation 'vote'"),
        (lambda raw: raw["files"].pop("model.onnx"), "gives no SHA-256 for model.onnx"),
        (lambda raw: raw["files"].update({"../secret": "0"}), "not a plain file name"),
    ],
)
def test_a_broken_manifest_is_explained(copy: Path, change: Callable[[dict], object], message: str) -> None:
    change_manifest(copy, change)
    with pytest.raises(ModelError, match=message):
        Tagger(copy)


def test_a_manifest_that_is_not_json_is_explained(copy: Path) -> None:
    (copy / "manifest.json").write_text("{")
    with pytest.raises(ModelError, match=r"manifest\.json: cannot read the manifest"):
        Tagger(copy)
