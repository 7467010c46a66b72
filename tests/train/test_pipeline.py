"""The whole path on a tiny encoder: labelled rows -> dataset -> run -> model folder -> tags and figures."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from aikind import Tagger
from aikind.model_folder import load_manifest

from .conftest import TRAIN_OPTIONS, command, toy_rows

RECIPE = 'name = "toy"\nseed = 3\n[[source]]\nname = "toy"\npath = "toy.jsonl"\nlabels = "labels"\n[split]\nvalidation = 0.2\ntest = 0.2\n'


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("toy")
    (folder / "toy.jsonl").write_text("".join(json.dumps(row) + "\n" for row in toy_rows(360)))
    (folder / "recipe.toml").write_text(RECIPE + "[near_copies]\nthreshold = 1.0\n")
    done = command("dataset", "build", folder / "recipe.toml", "-o", folder / "dataset")
    assert done.returncode == 0, done.stderr
    return folder / "dataset"


@pytest.fixture(scope="module")
def run(dataset: Path, tiny_base: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A trained run that was killed once on the way and then went on from its checkpoint."""
    for _ in range(3):  # on a busy machine, training may be done before its first checkpoint is seen
        folder = tmp_path_factory.mktemp("run") / "run"
        arguments = ["model", "train", dataset, "-o", folder, "--base", tiny_base, *TRAIN_OPTIONS]
        with subprocess.Popen([sys.executable, "-m", "aikind", *map(str, arguments)], stderr=subprocess.DEVNULL) as process:
            while process.poll() is None and not list(folder.glob("checkpoints/checkpoint-*/trainer_state.json")):
                time.sleep(0.02)
            process.kill()
        if process.returncode == -signal.SIGKILL and not (folder / "network" / "about.json").exists():
            break
    assert process.returncode == -signal.SIGKILL
    assert not (folder / "network" / "about.json").exists()
    done = command(*arguments)
    assert done.returncode == 0, done.stderr
    assert "resuming checkpoint-" in done.stderr
    return folder


@pytest.fixture(scope="module")
def model(run: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("model") / "toy"
    done = command("model", "export", run, "-o", folder, "--parity-texts", 300)
    assert done.returncode == 0, done.stderr
    return folder


def test_the_run_keeps_a_log_of_losses_scores_and_time_left(run: Path) -> None:
    lines = [json.loads(line) for line in (run / "log.jsonl").read_text().splitlines()]
    assert any("loss" in line for line in lines)
    scores = [line["eval_kind_accuracy"] for line in lines if "eval_kind_accuracy" in line]
    assert max(scores) > 0.9
    assert any((line["seconds_left"] or 0) > 0 for line in lines)
    about = json.loads((run / "network" / "about.json").read_text())
    assert about["validation"]["eval_kind_accuracy"] == max(scores)  # the best, not the last


def test_a_killed_run_ends_as_one_that_was_left_in_peace(run: Path, dataset: Path, tiny_base: Path, tmp_path: Path) -> None:
    whole = tmp_path / "whole"
    done = command("model", "train", dataset, "-o", whole, "--base", tiny_base, *TRAIN_OPTIONS)
    assert done.returncode == 0, done.stderr
    for name in ("model.safetensors", "head.safetensors"):
        assert (whole / "network" / name).read_bytes() == (run / "network" / name).read_bytes()


def test_a_run_can_be_shortened_and_says_so(run: Path, dataset: Path, tiny_base: Path, tmp_path: Path) -> None:
    cut = tmp_path / "cut"
    (cut / "checkpoints").mkdir(parents=True)
    first = min((run / "checkpoints").iterdir(), key=lambda path: int(path.name.rsplit("-", 1)[1]))
    shutil.copytree(first, cut / "checkpoints" / first.name)
    shutil.copy(run / "run.json", cut)
    planned = json.loads((cut / "run.json").read_text())["settings"]["epochs"]
    at = int(first.name.rsplit("-", 1)[1])
    epochs = round(planned * (at + 20) / json.loads((first / "trainer_state.json").read_text())["max_steps"], 2)
    done = command("model", "train", dataset, "-o", cut, "--base", tiny_base, *TRAIN_OPTIONS, "--epochs", epochs)
    assert done.returncode == 0, done.stderr
    about = json.loads((cut / "network" / "about.json").read_text())
    assert about["extended_or_shortened"] == [{"until_step": at, "epochs_planned": planned}]
    steps = [json.loads(line) for line in (cut / "log.jsonl").read_text().splitlines()]
    rates = [line["learning_rate"] for line in steps if "learning_rate" in line]
    assert rates == sorted(rates, reverse=True)
    assert rates[-1] < 0.2 * max(0.003, rates[0])


def test_a_finished_run_is_not_trained_again_and_another_setting_is_refused(run: Path, dataset: Path, tiny_base: Path) -> None:
    arguments = ["model", "train", dataset, "-o", run, "--base", tiny_base, *TRAIN_OPTIONS]
    assert "already trained" in command(*arguments).stderr
    refused = command(*arguments, "--seed", 8)
    assert refused.returncode == 2
    assert "holds a run with another settings (seed)" in refused.stderr


def test_the_exported_model_tags_what_it_learned(model: Path) -> None:
    tagger = Tagger(model)
    assert tagger.tag("the town writes poems and clones voices in plain view number 7.").kind == "generative"
    assert tagger.tag("the town scores loans by the old mill and detects fraud number 7.").kind == "predictive"
    assert tagger.tag("the town on monday with some care number 7.").kind == "neither"
    long = "a long bridge under the hill. " * 40 + "the town writes poems and scores loans and drafts replies and ranks clips. " * 3
    assert tagger.tag(long).windows > 3


def test_the_manifest_tells_where_the_model_came_from(model: Path, run: Path) -> None:
    manifest = load_manifest(model)
    about = json.loads((run / "run.json").read_text())
    assert manifest.about["dataset"]["fingerprint"] == about["dataset"]["fingerprint"]
    assert manifest.about["settings"] == about["settings"]
    assert 100 < manifest.about["parity"]["texts"] <= 300  # the held-out texts, as many as there are
    assert manifest.about["parity"]["fp32_changed"] <= manifest.about["parity"]["int8_changed"] + 0.01
    assert manifest.window_tokens == 32
    card = (model / "README.md").read_text()
    assert about["dataset"]["fingerprint"] in card
    assert "## Limits" in card


def test_evaluation_of_a_dataset_and_of_a_file_agree(model: Path, dataset: Path, tmp_path: Path) -> None:
    from aikind.data.store import load_dataset

    rows = load_dataset(dataset).splits["test"]
    path = tmp_path / "gold.jsonl"
    names = ("predictive", "generative")
    records = [{**r, "labels": [n for n in names if r[n]]} for r in rows]
    path.write_text("".join(json.dumps(r) + "\n" for r in records))
    for data in (dataset, path):
        done = command("model", "evaluate", model, data, "-o", tmp_path / "figures.json")
        assert done.returncode == 0, done.stderr
        (found,) = json.loads((tmp_path / "figures.json").read_text())["sets"]
        (figures,) = found["results"]
        assert figures["documents"] == len(rows)
        assert figures["kind_accuracy"] > 0.85
        assert set(figures["groups"]["difficulty"]) == {"easy", "hard"}
        assert sum(g["documents"] for g in figures["groups"]["kind"].values()) == len(rows)
        assert f"{figures['kind_accuracy']:.1%}" in done.stdout


def test_evaluation_explains_broken_rows_and_goes_on(model: Path, tmp_path: Path) -> None:
    path = tmp_path / "gold.jsonl"
    lines = [{"id": "a", "text": "the town.", "labels": []}, {"id": "b", "text": "x", "labels": ["robotic"]}, {"id": "c", "text": "x"}]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    done = command("model", "evaluate", model, path)
    assert done.returncode == 1
    assert f"{path}:2: an unknown label: 'robotic'" in done.stderr
    assert f"{path}:3: the field 'labels' is not a list of label names: None" in done.stderr
    assert "1 documents" in done.stdout


def test_an_export_that_would_change_too_many_kinds_is_refused(
    run: Path, dataset: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from aikind import ParityError
    from aikind.data.store import load_dataset
    from aikind.train import export
    from aikind.train.quantise import quantise

    def spoil(fp32: Path, int8: Path, windows: list[tuple[int, ...]]) -> None:
        import onnx

        quantise(fp32, int8, windows)
        graph = onnx.load(str(int8))
        for tensor in graph.graph.initializer:
            if tensor.data_type == onnx.TensorProto.FLOAT and "head.bias" in tensor.name:
                tensor.CopyFrom(onnx.numpy_helper.from_array(onnx.numpy_helper.to_array(tensor) + 3, tensor.name))
        onnx.save(graph, str(int8))

    monkeypatch.setattr(export, "quantise", spoil)
    monkeypatch.setattr(export, "_calibrated", lambda manifest, *_: manifest)
    monkeypatch.setattr(export, "model_card", lambda _: "card")
    with pytest.raises(ParityError, match=r"int8 gives another kind than PyTorch on .* at most 1.5%"):
        export.export_run(run, tmp_path / "model", load_dataset(dataset), parity_texts=100)
    assert not list(tmp_path.iterdir())


def test_an_export_needs_the_dataset_of_the_run(run: Path, tmp_path: Path) -> None:
    folder = tmp_path / "toy"
    folder.mkdir()
    (folder / "toy.jsonl").write_text("".join(json.dumps(row) + "\n" for row in toy_rows(60, seed=9)))
    (folder / "recipe.toml").write_text(RECIPE)
    assert command("dataset", "build", folder / "recipe.toml", "-o", folder / "dataset").returncode == 0
    done = command("model", "export", run, "-o", tmp_path / "model", "--dataset", folder / "dataset")
    assert done.returncode == 2
    assert "the run was trained on the dataset" in done.stderr


def test_training_says_what_is_missing(tmp_path: Path, dataset: Path) -> None:
    done = command("model", "train", tmp_path / "nowhere", "-o", tmp_path / "run")
    assert done.returncode == 2
    assert "holds no dataset" in done.stderr
    done = command("model", "train", dataset, "-o", tmp_path / "run", "--base", tmp_path / "no-weights")
    assert done.returncode == 2
    assert "cannot load the base weights" in done.stderr
    done = command("model", "export", tmp_path / "run", "-o", tmp_path / "model")
    assert done.returncode == 2
    assert "holds no trained network" in done.stderr


def test_without_the_training_packages_the_install_line_is_given(tmp_path: Path, dataset: Path) -> None:
    blocked = tmp_path / "blocked"
    for package in ("torch", "datasets"):
        (blocked / package).mkdir(parents=True)
        (blocked / package / "__init__.py").write_text("raise ImportError('not installed')")
    environment = {**os.environ, "PYTHONPATH": str(blocked)}
    done = command("model", "train", dataset, "-o", tmp_path / "run", env=environment)
    assert done.returncode == 2
    assert "pip install 'aikind[train]'" in done.stderr


def test_the_base_package_is_checked_by_hash(monkeypatch: pytest.MonkeyPatch) -> None:
    from aikind import ModelError, base_package

    folder = Path(base_package.base_folder())
    assert (folder / "config.json").exists()
    monkeypatch.setattr(base_package, "_SHA256", "0" * 64)
    with pytest.raises(ModelError, match="SHA-256 is 53aa5117"):
        base_package.base_folder()


def test_baselines_stand_beside_the_model(model: Path, dataset: Path, tmp_path: Path) -> None:
    done = command("model", "evaluate", model, dataset, "--baselines", dataset, "-o", tmp_path / "figures.json")
    assert done.returncode == 0, done.stderr
    (found,) = json.loads((tmp_path / "figures.json").read_text())["sets"]
    names = [f["name"] for f in found["results"]]
    assert names == ["toy", "keyword rules", "TF-IDF + logistic regression", "frozen embeddings + logistic regression"]
    shutil.rmtree(tmp_path)
