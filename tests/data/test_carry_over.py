"""Labels go from one label set to another as far as the new one says what became of them; the rest is named."""

from __future__ import annotations

import csv
import json
import subprocess
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

from aikind import RecipeError
from aikind.data.build import build
from aikind.data.recipe import load_recipe

Run = Callable[..., subprocess.CompletedProcess[str]]
Write = Callable[[str, Iterable[Any]], Path]

OLD = '[[label]]\nname = "predictive"\n[[label]]\nname = "generative"\n'
RENAMED = '[[label]]\nname = "estimating"\nrenamed_from = "predictive"\n[[label]]\nname = "generative"\n'
ADDED = OLD + '[[label]]\nname = "agentic"\nterms = ["agent", "tool use"]\n'
SPLIT = OLD.replace(
    'name = "generative"', 'name = "words"\nsplit_from = "generative"\n[[label]]\nname = "image"\nsplit_from = "generative"'
)
RECIPE = '[[source]]\nname = "s"\npath = "s.jsonl"\nlabels = "labels"\n[split]\nvalidation = 0\ntest = 0\n[near_copies]\nthreshold = 1.0\n'
WORDS = ["harbour", "meadow", "kettle", "bridge", "lantern", "orchard"]


def documents() -> list[dict[str, Any]]:
    labels = [["predictive"], ["generative"], ["predictive", "generative"], []]
    texts = [f"The {word} was painted by an agent in spring." if i % 2 else f"The {word} stands alone." for i, word in enumerate(WORDS)]
    return [{"id": f"d{i}", "text": text, "labels": labels[i % 4]} for i, text in enumerate(texts)]


@pytest.fixture
def sets(tmp_path: Path) -> dict[str, Path]:
    paths = {name: tmp_path / f"{name}.toml" for name in ("old", "renamed", "added", "split")}
    for path, text in zip(paths.values(), (OLD, RENAMED, ADDED, SPLIT), strict=True):
        path.write_text(text)
    return paths


def records(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_a_rename_leaves_nothing_open(aikind: Run, sets: dict[str, Path], write_jsonl: Write, tmp_path: Path) -> None:
    labels = write_jsonl("labels.jsonl", documents())
    done = aikind("dataset", "migrate", sets["old"], sets["renamed"], labels, "-o", tmp_path / "new")
    assert done.returncode == 0, done.stderr
    expected = [{**d, "labels": ["estimating" if x == "predictive" else x for x in d["labels"]]} for d in documents()]
    assert records(tmp_path / "new" / "labels.jsonl") == expected
    assert records(tmp_path / "new" / "open.jsonl") == []
    assert "| estimating | was predictive | 0 |" in (tmp_path / "new" / "migration.md").read_text()


def test_a_split_leaves_open_what_carried_the_whole(aikind: Run, sets: dict[str, Path], write_jsonl: Write, tmp_path: Path) -> None:
    labels = write_jsonl("labels.jsonl", documents())
    assert aikind("dataset", "migrate", sets["old"], sets["split"], labels, "-o", tmp_path / "new").returncode == 0
    for before, after in zip(documents(), records(tmp_path / "new" / "labels.jsonl"), strict=True):
        if "generative" in before["labels"]:
            assert after["labels"] is None
            assert after["carried"] == {"predictive": "predictive" in before["labels"]}
        else:
            assert after["labels"] == before["labels"]
    left_open = {one["id"]: one["open"] for one in records(tmp_path / "new" / "open.jsonl")}
    assert left_open == {d["id"]: ["words", "image"] for d in documents() if "generative" in d["labels"]}
    report = (tmp_path / "new" / "migration.md").read_text()
    assert all(f"`{name}`: words, image" in report for name in left_open)
    assert "`d0`" not in report


def test_a_gold_table_keeps_its_form_and_can_be_built_from(sets: dict[str, Path], aikind: Run, write_jsonl: Write, tmp_path: Path) -> None:
    from aikind.data.rows import text_hash

    write_jsonl("s.jsonl", [{key: d[key] for key in ("id", "text")} for d in documents()])
    table = tmp_path / "gold.csv"
    rows = [
        {"file": "s", "id": d["id"], "sha256": text_hash(d["text"]), "chars_read": "", **_cells(d), "hard": "0", "reason": "a, b"}
        for d in documents()
    ]
    _write_csv(table, rows)
    assert aikind("dataset", "migrate", sets["old"], sets["split"], table, "-o", tmp_path / "new").returncode == 0
    with (tmp_path / "new" / "gold.csv").open(newline="") as handle:
        after = list(csv.DictReader(handle))
    assert list(after[0]) == ["file", "id", "sha256", "chars_read", "predictive", "words", "image", "hard", "reason"]
    assert [(r["words"], r["image"]) for r in after[:4]] == [("0", "0"), ("", ""), ("", ""), ("0", "0")]
    recipe = tmp_path / "recipe.toml"
    recipe.write_text('label_set = "split.toml"\n' + RECIPE.replace('labels = "labels"', 'gold = "new/gold.csv"'))
    built = build(load_recipe(recipe))
    assert {r["id"] for r in built.splits["train"] if r["label_origin"] == "gold:read"} == {"s/d0", "s/d3", "s/d4"}


def _cells(document: dict[str, Any]) -> dict[str, str]:
    return {name: str(int(name in document["labels"])) for name in ("predictive", "generative")}


def _write_csv(path: Path, rows: list[dict[str, str]]) -> None:
    with path.open("w", newline="") as handle:
        writer = csv.DictWriter(handle, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def test_a_build_for_another_set_keeps_old_labels_and_lets_terms_fill_what_is_open(
    sets: dict[str, Path], write_jsonl: Write, tmp_path: Path
) -> None:
    write_jsonl("s.jsonl", documents())
    recipe = tmp_path / "recipe.toml"
    recipe.write_text('label_set = "old.toml"\n' + RECIPE)
    rows = {r["id"]: r for r in build(load_recipe(recipe, sets["added"])).splits["train"]}
    for document in documents():
        row = rows[f"s/{document['id']}"]
        assert row["label_origin"] == "carried:majority"
        assert row["predictive"] == ("predictive" in document["labels"])
        assert row["agentic"] == ("agent" in document["text"])
        assert row["weight"] == 0.3
    renamed = build(load_recipe(recipe, sets["renamed"]))
    assert all(r["label_origin"] == "gold:written" for r in renamed.splits["train"])
    assert any(f.name == "fixed_rules_decide" and f.label == "estimating" for f in renamed.votes.functions)


def test_a_label_that_no_text_carries_is_told(sets: dict[str, Path], write_jsonl: Write, tmp_path: Path) -> None:
    write_jsonl("s.jsonl", documents())
    (tmp_path / "recipe.toml").write_text(RECIPE)
    told: list[str] = []
    build(load_recipe(tmp_path / "recipe.toml", sets["added"]), told.append)
    assert [line for line in told if "no text carries" in line] == [
        "no text carries the label 'agentic'; if the labels are older than it, name their label set: label_set in the recipe"
    ]


@pytest.mark.parametrize(
    ("new", "message"),
    [
        (
            '[[label]]\nname = "a"\nrenamed_from = "predictiv"\n',
            "the label a has renamed_from = 'predictiv', which is no label of the old set",
        ),
        (
            '[[label]]\nname = "a"\nrenamed_from = "predictive"\n[[label]]\nname = "predictive"\n',
            "two labels of the new set come from 'predictive'",
        ),
        (
            '[[label]]\nname = "a"\nrenamed_from = "predictive"\n[[label]]\nname = "b"\nsplit_from = "predictive"\n',
            "was split, and 'a' is renamed",
        ),
    ],
)
def test_an_origin_that_cannot_be_is_explained(new: str, message: str, tmp_path: Path, write_jsonl: Write) -> None:
    (tmp_path / "old.toml").write_text(OLD)
    (tmp_path / "new.toml").write_text(new)
    (tmp_path / "recipe.toml").write_text('label_set = "old.toml"\n' + RECIPE)
    write_jsonl("s.jsonl", documents())
    with pytest.raises(RecipeError, match=message):
        build(load_recipe(tmp_path / "recipe.toml", tmp_path / "new.toml"))


def test_rows_that_cannot_be_carried_over_are_named_and_the_rest_goes_on(
    aikind: Run, sets: dict[str, Path], write_jsonl: Write, tmp_path: Path
) -> None:
    labels = write_jsonl("labels.jsonl", ["{", {"id": "x", "labels": ["robotic"]}, {"id": "y"}, *documents()])
    done = aikind("dataset", "migrate", sets["old"], sets["added"], labels, "-o", tmp_path / "new")
    assert done.returncode == 1
    assert f"{labels}:1: not JSON" in done.stderr
    assert f"{labels}:2: an unknown label: 'robotic'" in done.stderr
    assert f"{labels}:3: no labels" in done.stderr
    assert "6 documents, 6 of them left open" in done.stdout
    refused = aikind("dataset", "migrate", sets["old"], sets["added"], labels, "-o", tmp_path)
    assert refused.returncode == 2
    assert records(labels.parent / "new" / "labels.jsonl")
    assert "holds the files that are to be carried over" in refused.stderr
