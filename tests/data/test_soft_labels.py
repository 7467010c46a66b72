"""A teacher's probabilities become training rows, and nothing else."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from aikind import DatasetError, default_label_set
from aikind.data.build import build
from aikind.data.recipe import load_recipe
from aikind.data.soft_labels import SoftLabel, load_soft_labels, write_soft_labels

RECIPE = 'seed = 1\n[[source]]\nname = "pool"\npath = "pool.jsonl"\nsoft = "soft.csv.gz"\nlabels = "labels"\n'
NAMES = default_label_set().names


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


@pytest.fixture
def pool(tmp_path: Path) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = [
        {"id": f"p{i}", "text": " ".join(f"{w}{i}" for w in ("ferry", "timetable", "harbour", "gull", "tide", "rope")) + " at dusk"}
        for i in range(40)
    ]
    for row in rows[:10]:
        row["labels"] = ["predictive"]
    (tmp_path / "pool.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return rows


def given(row: dict[str, Any], **more: Any) -> SoftLabel:
    values = {"file": "pool", "id": row["id"], "sha256": sha256(row["text"]), "chars_read": 12}
    return SoftLabel(**{**values, "probabilities": {"predictive": 0.25, "generative": 0.875}, **more})


def test_texts_without_gold_train_with_the_probabilities_as_far_as_the_teacher_read(
    tmp_path: Path, pool: list[dict[str, Any]], write_recipe: Callable[[str], Path]
) -> None:
    write_soft_labels(tmp_path / "soft.csv.gz", NAMES, [given(row) for row in pool[:30]])
    built = build(load_recipe(write_recipe(RECIPE + "[labelling]\nsoft_weight = 0.5\n[split]\nvalidation = 0.3\ntest = 0.3\n")))
    found = {row["id"]: row for rows in built.splits.values() for row in rows}
    assert set(found) == {f"pool/p{i}" for i in range(30)}
    assert found["pool/p3"]["label_origin"] == "gold:written"
    assert found["pool/p3"]["predictive"] == 1
    soft = [row for row in built.splits["train"] if row["label_origin"] == "soft"]
    assert len(soft) == 20
    assert {(row["predictive"], row["generative"], row["weight"], len(row["text"])) for row in soft} == {(0.25, 0.875, 0.5, 12)}


def test_probabilities_of_another_text_are_not_used_and_told(
    tmp_path: Path, pool: list[dict[str, Any]], write_recipe: Callable[[str], Path]
) -> None:
    write_soft_labels(tmp_path / "soft.csv.gz", NAMES, [given(pool[20], sha256=sha256("other")), given(pool[21])])
    built = build(load_recipe(write_recipe(RECIPE)))
    assert [row["id"] for row in built.splits["train"] if row["label_origin"] == "soft"] == ["pool/p21"]
    assert [skip.where.rpartition(":")[2] for skip in built.skipped.faults] == ["21"]


def test_a_table_comes_back_as_it_was_written_in_the_same_bytes(tmp_path: Path, pool: list[dict[str, Any]]) -> None:
    labels = [given(row) for row in pool]
    for name in ("a.csv.gz", "b.csv.gz"):
        write_soft_labels(tmp_path / name, NAMES, labels)
    assert (tmp_path / "a.csv.gz").read_bytes() == (tmp_path / "b.csv.gz").read_bytes()
    table = load_soft_labels(tmp_path / "a.csv.gz", default_label_set())
    assert list(table.rows.values()) == labels
    assert table.find("pool", "p3") == labels[3]
    assert table.find("pool", "p99") is None


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("file,id,sha256,chars_read,predictive\n", "lacks the column 'generative'"),
        ("file,id,sha256,chars_read,predictive,generative\npool,p1,ab,9,0.5,1.5\n", "soft.csv:2: .*probabilities from 0 to 1"),
        ("file,id,sha256,chars_read,predictive,generative\npool,p1,ab,9,0.5,nan\n", "soft.csv:2: .*probabilities from 0 to 1"),
        ("file,id,sha256,chars_read,predictive,generative\npool,p1,ab,,0.5,0.5\n", "soft.csv:2: .*whole chars_read"),
        ("file,id,sha256,chars_read,predictive,generative\npool,p1,ab,9,0.5\n", "soft.csv:2: .*a probability per label"),
    ],
)
def test_a_broken_table_is_explained(tmp_path: Path, content: str, message: str) -> None:
    (tmp_path / "soft.csv").write_text(content)
    with pytest.raises(DatasetError, match=message):
        load_soft_labels(tmp_path / "soft.csv", default_label_set())


def test_a_cut_off_file_is_explained(tmp_path: Path, pool: list[dict[str, Any]]) -> None:
    write_soft_labels(tmp_path / "soft.csv.gz", NAMES, [given(row) for row in pool])
    (tmp_path / "soft.csv.gz").write_bytes((tmp_path / "soft.csv.gz").read_bytes()[:-200])
    with pytest.raises(DatasetError, match="cannot read the soft labels"):
        load_soft_labels(tmp_path / "soft.csv.gz", default_label_set())
