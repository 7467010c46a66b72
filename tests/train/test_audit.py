"""Labels that were spoiled on purpose are found again."""

from __future__ import annotations

import csv
import json
import os
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from aikind.data.store import StoredDataset
from aikind.errors import DatasetError
from aikind.label_set import default_label_set
from aikind.train import audit as module
from aikind.train.audit import audit_labels, render

from .conftest import PHRASES, command, toy_rows

RECIPE = 'name = "toy"\nseed = 3\n[near_copies]\nthreshold = 1.0\n[[source]]\nname = "toy"\npath = "toy.jsonl"\nlabels = "labels"\n'
Wrong = set[tuple[str, str]]


def spoil(rows: list[dict[str, Any]], count: int, seed: int) -> Wrong:
    """Turn one label of ``count`` rows around; gives the ids in the dataset and the labels."""
    rng = random.Random(seed)
    wrong = set()
    for row in rng.sample(rows, count):
        label = rng.choice(list(PHRASES))
        row["labels"] = sorted({*row["labels"]} ^ {label})
        wrong.add((f"toy/{row['id']}", label))
    return wrong


@pytest.fixture(scope="module")
def spoiled(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Wrong]:
    folder = tmp_path_factory.mktemp("spoiled")
    rows = toy_rows(200, seed=6)
    wrong = spoil(rows, 12, seed=11)
    (folder / "toy.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (folder / "recipe.toml").write_text(RECIPE)
    done = command("dataset", "build", folder / "recipe.toml", "-o", folder / "dataset")
    assert done.returncode == 0, done.stderr
    return folder / "dataset", wrong


def stored(rows: list[dict[str, Any]], **more: Any) -> StoredDataset:
    """A dataset in memory with everything in train."""
    names = default_label_set().names
    same = {"source": "toy", "label_origin": "gold:read", "weight": 1.0}
    records = [{**same, **{k: r[k] for k in ("id", "text", "genre")}, **{n: float(n in r["labels"]) for n in names}, **more} for r in rows]
    return StoredDataset("toy", "0", default_label_set(), {"train": records, "validation": [], "test": []})


@pytest.fixture
def audit_in_memory(tiny_base: Path) -> Callable[[StoredDataset], module.Audit]:
    return lambda dataset: audit_labels(dataset, ("train", "validation"), str(tiny_base), seed=7)


def test_spoiled_labels_come_first_and_each_time_the_same(spoiled: tuple[Path, Wrong], tiny_base: Path, tmp_path: Path) -> None:
    dataset, wrong = spoiled
    paths = tmp_path / "new" / "first.csv", tmp_path / "second.csv"
    for path, threads in zip(paths, ("2", "1"), strict=True):
        environment = {**os.environ, "OMP_NUM_THREADS": threads, "OPENBLAS_NUM_THREADS": threads}
        options = ("--base", tiny_base, "--splits", "train, validation,test")
        done = command("model", "audit", dataset, "-o", path, *options, env=environment)
        assert done.returncode == 0, done.stderr
        assert done.stdout == ""
    assert paths[0].read_bytes() == paths[1].read_bytes()
    assert not list(tmp_path.rglob("*.part"))
    with paths[0].open(newline="", encoding="utf-8") as handle:
        found = list(csv.DictReader(handle))
    assert list(found[0]) == ["id", "source", "genre", "label", "given", "probability", "rank", "label_origin", "text_start"]
    assert len(wrong & {(s["id"], s["label"]) for s in found[:20]}) >= 9
    assert [s["rank"] for s in found] == [str(i + 1) for i in range(len(found))]
    confidence = [round(float(s["probability"]) if s["given"] == "1" else 1 - float(s["probability"]), 4) for s in found]
    assert confidence == sorted(confidence)
    assert confidence[-1] < 0.5  # a model that agrees is no reason for suspicion
    texts = {f"toy/{row['id']}": row["text"] for row in toy_rows(200, seed=6)}
    assert all(s["text_start"] == texts[s["id"]][:200] for s in found)
    assert {(s["source"], s["genre"], s["label_origin"][:4]) for s in found} == {("toy", "toy", "gold")}
    assert f"{len(found)} suspect labels in 200 gold rows" in done.stderr
    for name in PHRASES:
        given = [s["given"] for s in found if s["label"] == name]
        assert f"{len(given)}, of which {given.count('1')} given and {given.count('0')} withheld; the model agrees with " in done.stderr
    assert f"  {'toy'.ljust(36)} {len(found)} in 200 rows" in done.stderr


def test_most_cuts_the_file_but_not_the_summary(spoiled: tuple[Path, Wrong], tiny_base: Path, tmp_path: Path) -> None:
    path = tmp_path / "few.csv"
    done = command("model", "audit", spoiled[0], "-o", path, "--base", tiny_base, "--most", 2)
    assert done.returncode == 0, done.stderr
    assert len(path.read_text().splitlines()) == 3
    assert f"{path}: 2 of them" in done.stderr
    assert "\n2 suspect labels" not in done.stderr


def test_a_label_of_one_class_is_skipped_with_a_note(audit_in_memory: Callable[[StoredDataset], module.Audit]) -> None:
    rows = toy_rows(60)
    for row in rows:
        row["labels"] = sorted({*row["labels"]} | {"generative"})
    audit = audit_in_memory(stored(rows))
    assert list(audit.agreement) == ["predictive"]
    assert "not judged: carried by 60 of 60 gold rows; needs several with the label and several without" in render(audit)
    assert {s.label for s in audit.suspects} <= {"predictive"}
    for row in rows:
        row["labels"] = ["generative"]
    with pytest.raises(DatasetError, match="cannot be audited: predictive: carried by 0 of 60 gold rows"):
        audit_in_memory(stored(rows))


def test_only_gold_rows_of_the_named_splits_are_looked_at(audit_in_memory: Callable[[StoredDataset], module.Audit]) -> None:
    dataset = stored(toy_rows(80))
    dataset.splits["test"] = dataset.splits["train"][:20]
    dataset.splits["train"] = dataset.splits["train"][20:]
    for row in dataset.splits["train"][:10]:
        row["label_origin"] = "weak:majority"
    assert [row["id"] for row in audit_in_memory(dataset).rows] == [f"t{i}" for i in range(30, 80)]
    for row in dataset.splits["train"]:
        row["label_origin"] = "weak:majority"
    with pytest.raises(DatasetError, match="has no gold row in train, validation"):
        audit_in_memory(dataset)


def test_rows_of_a_group_share_a_fold(audit_in_memory: Callable[[StoredDataset], module.Audit], monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[str] = []
    share = module.share_of
    monkeypatch.setattr(module, "share_of", lambda seed, *parts: drawn.append(parts[-1]) or share(seed, *parts))
    dataset = stored(toy_rows(60))
    for i, row in enumerate(dataset.splits["train"]):
        row["group"] = f"pair {i // 2}" if i < 40 else ""
    audit_in_memory(dataset)
    assert drawn == [f"pair {i // 2}" if i < 40 else f"t{i}" for i in range(60)]


@pytest.mark.parametrize("output", ["file.txt/suspects.csv", "."])
def test_a_file_that_cannot_be_written_is_refused_before_the_work(spoiled: tuple[Path, Wrong], tmp_path: Path, output: str) -> None:
    (tmp_path / "file.txt").write_text("in the way")
    done = command("model", "audit", spoiled[0], "-o", tmp_path / output)
    assert done.returncode == 2
    assert "suspects.csv" in done.stderr or "is a directory" in done.stderr
    assert "embedding" not in done.stderr


def test_an_unknown_split_is_named(spoiled: tuple[Path, Wrong], tmp_path: Path) -> None:
    done = command("model", "audit", spoiled[0], "-o", tmp_path / "a.csv", "--splits", "train,dev")
    assert done.returncode == 2
    assert "there is no split 'dev'; there are train, validation, test" in done.stderr


def test_without_cleanlab_the_install_line_is_given(spoiled: tuple[Path, Wrong], tmp_path: Path) -> None:
    (tmp_path / "blocked" / "cleanlab").mkdir(parents=True)
    (tmp_path / "blocked" / "cleanlab" / "__init__.py").write_text("raise ImportError('not installed')")
    environment = {**os.environ, "PYTHONPATH": str(tmp_path / "blocked")}
    done = command("model", "audit", spoiled[0], "-o", tmp_path / "a.csv", env=environment)
    assert done.returncode == 2
    assert "auditing labels needs packages that are not installed" in done.stderr
    assert "pip install 'aikind[train]'" in done.stderr
