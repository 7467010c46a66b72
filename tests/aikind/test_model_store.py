"""A model store: versions, the one in use, and the way back."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from aikind import ModelError, Tagger
from aikind.model_folder import default_model, load_manifest
from aikind.model_store import ModelStore, resolve_model

Run = Callable[..., subprocess.CompletedProcess[str]]
TEXT = "The chatbot wrote the letter."


def bent(folder: Path, target: Path, threshold: float) -> Path:
    """A copy of a model that carries a label from another probability on."""
    shutil.copytree(folder, target)
    raw = json.loads((target / "manifest.json").read_text())
    raw["thresholds"] = dict.fromkeys(raw["thresholds"], threshold)
    raw["name"] = target.name
    (target / "manifest.json").write_text(json.dumps(raw))
    return target


@pytest.fixture
def store(tmp_path: Path) -> ModelStore:
    """A store whose first model says nothing of any text, and whose second, in use, is the shipped one."""
    store = ModelStore(tmp_path / "models")
    for model in (bent(default_model(), tmp_path / "silent", 1.0), default_model()):
        store.promote(store.copy_in(model))
    return store


def test_tagging_takes_the_model_in_use(store: ModelStore, aikind: Run) -> None:
    def kind() -> str:
        done = aikind("tag", "-", "--model", store.folder, "--format", "jsonl", stdin=TEXT)
        assert done.returncode == 0, done.stderr
        return str(json.loads(done.stdout)["kind"])

    assert kind() == "generative"
    assert aikind("model", "rollback", store.folder).stdout == f"{store.folder}: v1 is in use\n"
    assert kind() == "neither"
    assert aikind("model", "promote", store.folder, "v2").returncode == 0
    assert kind() == "generative"
    listed = aikind("model", "list", store.folder).stdout.splitlines()
    assert [line.split()[:2] for line in listed] == [["v1", "from"], ["*", "v2"]]


def test_rollback_goes_back_step_by_step(store: ModelStore, tmp_path: Path) -> None:
    store.promote(store.copy_in(bent(default_model(), tmp_path / "third", 0.9)))
    assert store.current == "v3"
    assert [store.rollback(), store.rollback()] == ["v2", "v1"]
    with pytest.raises(ModelError, match="no model was in use before v1"):
        store.rollback()
    assert store.versions == ["v1", "v2", "v3"]


def test_a_model_folder_is_copied_in_and_promoted(tmp_path: Path, aikind: Run) -> None:
    done = aikind("model", "promote", tmp_path / "new", default_model())
    assert done.stdout == f"{tmp_path / 'new'}: v1 is in use\n"
    assert Tagger(tmp_path / "new").tag(TEXT).kind == "generative"


def test_a_damaged_version_is_not_put_into_use(store: ModelStore, aikind: Run) -> None:
    (store.folder / "v1" / "tokenizer.json").write_text("{}")
    for arguments in (("promote", store.folder, "v1"), ("rollback", store.folder), ("verify", store.folder / "v1")):
        done = aikind("model", *arguments)
        assert done.returncode == 2
        assert "altered or damaged" in done.stderr
    assert store.current == "v2"
    assert aikind("model", "verify", store.folder).returncode == 0


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda f: (f / "current.json").write_text("{"), "cannot be read"),
        (lambda f: (f / "current.json").write_text('{"current": "../v1", "earlier": []}'), "is no version"),
        (lambda f: shutil.rmtree(f / "v2"), "holds no version 'v2'; it has v1"),
    ],
)
def test_a_damaged_store_is_told(store: ModelStore, change: Callable[[Path], object], message: str) -> None:
    change(store.folder)
    with pytest.raises(ModelError, match=message):
        resolve_model(store.folder)


def test_info_tells_what_made_a_model(store: ModelStore, aikind: Run) -> None:
    told = json.loads(aikind("model", "info", store.folder).stdout)
    assert told["folder"] == str(store.folder / "v2")
    assert told["seed"] == load_manifest(default_model()).about["settings"]["seed"]
    assert len(told["made_from"]["dataset"]["fingerprint"]) == 64
    assert told["made_from"]["commit"]


def test_two_models_are_compared_on_labelled_rows(store: ModelStore, aikind: Run, tmp_path: Path) -> None:
    rows = tmp_path / "rows.csv"
    rows.write_text(f"text,predictive,generative\n{TEXT},0,1\nBring the stock to the boil and add the lentils.,0,0\n,1,0\n")
    done = aikind("model", "compare", store.folder / "v1", store.folder / "v2", rows)
    assert done.returncode == 0, done.stderr
    assert "| rows.csv | kind accuracy | 2 " in done.stdout.replace("  ", " ")
    assert "0 texts are right in A only, 1 in B only; 1 get other labels." in done.stdout
    assert f"{rows}:4" in done.stderr
