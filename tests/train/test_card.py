"""Measured figures in a model's card."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from aikind.model_folder import default_model, load_manifest

from ..conftest import Run

ROWS = [
    {"id": "a", "text": "We trained a classifier on past invoices to predict late payers.", "labels": ["predictive"]},
    {"id": "b", "text": "The chatbot drafts our letters from a short prompt.", "labels": ["generative"]},
    {"id": "c", "text": "Rinse the lentils and simmer them for twenty minutes.", "labels": []},
]


@pytest.fixture
def model(tmp_path: Path) -> Path:
    folder = tmp_path / "default"
    folder.mkdir()
    for file in default_model().iterdir():
        if file.is_file():
            shutil.copyfile(file, folder / file.name)
    return folder


def test_the_card_tells_what_was_measured_and_the_model_stays_whole(model: Path, aikind: Run, tmp_path: Path) -> None:
    gold = tmp_path / "few.jsonl"
    gold.write_text("".join(json.dumps(row) + "\n" for row in ROWS))
    assert aikind("model", "evaluate", model, gold, "-o", tmp_path / "evaluation").returncode == 0
    network = (model / "model.onnx").read_bytes()
    for _ in range(2):  # again takes the place of before
        result = aikind("model", "card", model, "--evaluation", tmp_path / "evaluation" / "evaluation.json")
        assert result.returncode == 0, result.stderr
    card = (model / "README.md").read_text()
    (row,) = [line for line in card.splitlines() if line.startswith("| few.jsonl ")]
    assert row.startswith("| few.jsonl | 3 | 100.0% ("), row
    assert row.endswith("| 1.000 | 1.000 |")
    assert "Do not use it to judge people" in card
    assert (model / "model.onnx").read_bytes() == network
    assert [one["texts"] for one in load_manifest(model).about["measured"]] == ["few.jsonl"]
    assert aikind("model", "verify", model).returncode == 0


def test_peers_stand_beside_it(model: Path, aikind: Run, tmp_path: Path) -> None:
    evaluation, comparison = tmp_path / "evaluation.json", tmp_path / "compare.json"
    labels = {name: {"f1": 0.5, "average_precision": 0.5, "calibration_error": 0.1} for name in ("predictive", "generative")}
    result = {"kind_accuracy": 0.5, "kind_accuracy_interval": [0.4, 0.6], "labels": labels}
    evaluation.write_text(json.dumps({"model": {"name": "default"}, "sets": [{"name": "s", "documents": 4, "results": [result]}]}))
    peers = [
        {"name": "fastText", "failed": "", "sets": [{"kind_accuracy": 0.25}]},
        {"name": "SetFit", "failed": "no wheel", "sets": []},
    ]
    comparison.write_text(json.dumps({"sets": [{"name": "s"}], "peers": peers}))
    assert aikind("model", "card", model, "--evaluation", evaluation, "--comparison", comparison).returncode == 0
    card = (model / "README.md").read_text()
    assert "| fastText | 25.0% |" in card
    assert "SetFit" not in card


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", "cannot be read"),
        ("[]", "lacks model or sets"),
        ('{"model": {"name": "other"}, "sets": []}', "is about the model other, not default"),
    ],
)
def test_a_file_that_is_no_evaluation_of_it_is_refused(model: Path, aikind: Run, tmp_path: Path, content: str, message: str) -> None:
    path = tmp_path / "evaluation.json"
    path.write_text(content)
    before = (model / "manifest.json").read_bytes()
    result = aikind("model", "card", model, "--evaluation", path)
    assert result.returncode == 2
    assert message in result.stderr
    assert (model / "manifest.json").read_bytes() == before
