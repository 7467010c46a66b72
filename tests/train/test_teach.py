"""A trained network scores what nobody has read, and a dataset learns from it."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from aikind import default_label_set
from aikind.data.soft_labels import load_soft_labels
from aikind.data.store import load_dataset

from .conftest import TRAIN_OPTIONS, command, toy_rows

RECIPE = """name = "toy"
seed = 3
[near_copies]
threshold = 1.0
[split]
validation = 0.2
test = 0
[[source]]
name = "toy"
path = "toy.jsonl"
labels = "labels"
[[source]]
name = "pool"
path = "pool.jsonl"
"""


@pytest.fixture(scope="module")
def unread() -> list[dict[str, Any]]:
    return [{"id": f"u{i}", "text": row["text"], "truth": row["labels"]} for i, row in enumerate(toy_rows(60, seed=5))]


@pytest.fixture(scope="module")
def folder(unread: list[dict[str, Any]], tiny_base: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Holds a recipe, its sources and a run that was trained on the part that was read."""
    folder = tmp_path_factory.mktemp("teach")
    (folder / "toy.jsonl").write_text("".join(json.dumps(row) + "\n" for row in toy_rows(300)))
    (folder / "pool.jsonl").write_text("".join(json.dumps({"id": row["id"], "text": row["text"]}) + "\n" for row in unread))
    (folder / "recipe.toml").write_text(RECIPE)
    for arguments in (
        ("dataset", "build", folder / "recipe.toml", "-o", folder / "dataset"),
        ("model", "train", folder / "dataset", "-o", folder / "run", "--base", tiny_base, *TRAIN_OPTIONS, "--epochs", 8),
        ("model", "teach", folder / "run", folder / "recipe.toml", "-o", folder / "soft.csv.gz"),
    ):
        done = command(*arguments)
        assert done.returncode == 0, done.stderr
    return folder


def test_every_unread_text_is_scored_and_mostly_rightly(folder: Path, unread: list[dict[str, Any]]) -> None:
    table = load_soft_labels(folder / "soft.csv.gz", default_label_set())
    assert set(table.rows) == {("pool", row["id"]) for row in unread}
    right = 0
    for row in unread:
        label = table.rows["pool", row["id"]]
        assert label.chars_read == len(row["text"])
        right += {name for name, value in label.probabilities.items() if value >= 0.5} == set(row["truth"])
    assert right >= 0.85 * len(unread)
    assert not (folder / "soft.csv.gz.part").exists()


def test_a_student_trains_on_the_scores(folder: Path, unread: list[dict[str, Any]]) -> None:
    (folder / "student.toml").write_text(RECIPE + 'soft = "soft.csv.gz"\n')
    done = command("dataset", "build", folder / "student.toml", "-o", folder / "student")
    assert done.returncode == 0, done.stderr
    rows = [row for row in load_dataset(folder / "student").splits["train"] if row["label_origin"] == "soft"]
    assert len(rows) == len(unread)
    assert any(0 < row["predictive"] < 1 for row in rows)


def test_scoring_goes_on_after_a_kill_and_ends_the_same(folder: Path, tmp_path: Path) -> None:
    whole = load_soft_labels(folder / "soft.csv.gz", default_label_set())
    about = json.loads((folder / "run" / "network" / "about.json").read_text())
    mark = {"dataset": about["dataset"]["fingerprint"], "settings": about["settings"]}
    done_before = [
        {
            "file": x.file,
            "id": x.id,
            "sha256": x.sha256,
            "chars_read": x.chars_read,
            "probabilities": {**x.probabilities, "predictive": 0.111},
        }
        for x in list(whole.rows.values())[:20]
    ]
    part = tmp_path / "soft.csv.gz.part"
    part.write_text("".join(json.dumps(line) + "\n" for line in (mark, *done_before)) + '{"file": "pool", "id": "u')
    done = command("model", "teach", folder / "run", folder / "recipe.toml", "-o", tmp_path / "soft.csv.gz")
    assert done.returncode == 0, done.stderr
    assert "40 of 40 texts scored" in done.stderr
    ended = load_soft_labels(tmp_path / "soft.csv.gz", default_label_set())
    assert set(ended.rows) == set(whole.rows)
    assert sum(label.probabilities["predictive"] == 0.111 for label in ended.rows.values()) == 20
    assert not part.exists()


@pytest.mark.parametrize("torn", ["whole", "half"])
def test_scoring_goes_on_where_a_kill_left_no_more_than_the_beginning(folder: Path, tmp_path: Path, torn: str) -> None:
    about = json.loads((folder / "run" / "network" / "about.json").read_text())
    mark = json.dumps({"dataset": about["dataset"]["fingerprint"], "settings": about["settings"]}) + "\n"
    (tmp_path / "soft.csv.gz.part").write_text(mark if torn == "whole" else mark[:40])
    done = command("model", "teach", folder / "run", folder / "recipe.toml", "-o", tmp_path / "soft.csv.gz")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "soft.csv.gz").read_bytes() == (folder / "soft.csv.gz").read_bytes()


def test_unfinished_work_of_another_network_is_refused(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "soft.csv.gz.part").write_text('{"dataset": "other"}\n')
    done = command("model", "teach", folder / "run", folder / "recipe.toml", "-o", tmp_path / "soft.csv.gz")
    assert done.returncode == 2
    assert "unfinished work of another network" in done.stderr


def test_what_cannot_be_scored_is_explained(folder: Path, tmp_path: Path) -> None:
    (folder / "read.toml").write_text(RECIPE[: RECIPE.rindex("[[source]]")])
    for arguments, why in (
        ((folder / "run", folder / "read.toml", "-o", tmp_path / "a.csv.gz"), "nothing for a teacher to score"),
        ((tmp_path, folder / "recipe.toml", "-o", tmp_path / "a.csv.gz"), "holds no trained network"),
        ((folder / "run", folder / "recipe.toml", "-o", tmp_path / "a.csv"), "ends with .csv.gz"),
    ):
        done = command("model", "teach", *arguments)
        assert done.returncode == 2
        assert why in done.stderr
    assert not list(tmp_path.glob("*.csv*"))


def test_the_same_scores_give_the_same_file(folder: Path, tmp_path: Path) -> None:
    done = command("model", "teach", folder / "run", folder / "recipe.toml", "-o", tmp_path / "again.csv.gz")
    assert done.returncode == 0, done.stderr
    assert gzip.decompress((tmp_path / "again.csv.gz").read_bytes()) == gzip.decompress((folder / "soft.csv.gz").read_bytes())
