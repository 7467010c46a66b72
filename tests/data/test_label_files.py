"""Label files: what they may hold, and what is said of what they should not hold."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

from aikind import RecipeError, default_label_set
from aikind.data.gold import load_gold
from aikind.data.label_files import read_labels
from aikind.data.rows import text_hash
from aikind.label_set import Label, LabelSet

ROOT = Path(__file__).parents[2]
Write = Callable[[str, Iterable[Any]], Path]
LABELS = default_label_set()
SEA = LabelSet((Label("marine", "Marine", ""), Label("alpine", "Alpine", ""), Label("urban", "Urban", "")), "nowhere", "everywhere")
HARBOUR = "A harbour at the foot of the mountain."


def test_the_labels_that_come_along_are_label_files_too() -> None:
    path = ROOT / "data" / "labels" / "pool.csv"
    pool = read_labels(path, LABELS)
    assert (len(pool.rows), pool.errors) == (len(load_gold(path, LABELS).rows), 0)
    assert pool.rows[0].sha256.startswith("f9775e1d")
    assert pool.rows[0].note == "Gini impurity for decision trees"
    assert pool.rows[0].more["file"] == "reddit_datascience"
    corpus = read_labels(ROOT / "data" / "corpus" / "news.jsonl", LABELS)
    assert (corpus.rows[0].id, corpus.rows[0].carried, corpus.errors) == ("news-001", ("generative",), 0)


def test_a_label_set_of_any_size_has_its_columns(write_jsonl: Write) -> None:
    path = write_jsonl(
        "a.jsonl", [{"id": 7, "text": HARBOUR, "marine": 1, "alpine": True, "urban": "0", "reason": "both", "reader": "ann"}]
    )
    (row,) = read_labels(path, SEA).rows
    assert row.labels == {"marine": True, "alpine": True, "urban": False}
    assert (row.id, row.note, row.reader, row.carried) == ("7", "both", "ann", ("marine", "alpine"))


BROKEN: list[tuple[Any, str]] = [
    ({"text": HARBOUR, "marine": 1, "alpine": 0}, "urban is missing; expected 0 or 1"),
    ({"text": HARBOUR, "marine": 1, "alpine": 0, "urban": "maybe"}, "urban is 'maybe'; expected 0 or 1"),
    ({"text": HARBOUR, "marine": 1, "alpine": 0, "urban": 0.7}, "urban is 0.7; expected 0 or 1"),
    ({"text": HARBOUR, "labels": ["Marine"]}, "unknown label 'Marine'; write it as 'marine'"),
    ({"text": HARBOUR, "labels": ["desert"]}, "unknown label 'desert'; the label set has marine, alpine, urban"),
    ({"text": HARBOUR, "labels": ["marine"], "marine": 1}, "expected either a column for each label"),
    ({"text": HARBOUR}, "expected either a column for each label (marine, alpine, urban) or a list of names in 'labels'; it has text"),
    ({"text": "  ", "labels": []}, "'text' is empty"),
    ({"labels": []}, "'text' is null"),
    ({"text": "half \ud800 a pair", "labels": []}, "surrogate"),
    ({"text": HARBOUR, "labels": [], "note": "\ud800"}, "surrogate"),
    ({"sha256": "abc", "id": "1", "labels": []}, "expected 64 hexadecimal digits"),
    ({"text": HARBOUR, "sha256": text_hash("other"), "labels": []}, "the text is not the one that was read"),
    ("{not json", "not JSON"),
    ("[1, 2]", "not a JSON object"),
]


@pytest.mark.parametrize(("record", "message"), BROKEN)
def test_a_broken_record_is_told_with_its_line_and_kept(write_jsonl: Write, record: Any, message: str) -> None:
    good = {"text": "The tram stops at the town hall.", "labels": ["urban"]}
    path = write_jsonl("a.jsonl", [good, record])
    found = read_labels(path, SEA)
    assert [row.carried for row in found.rows] == [("urban",)]
    (problem,) = found.problems
    assert (problem.where, problem.error) == (f"{path}:2", True)
    assert message in problem.message
    (reject,) = found.rejects
    assert reject.where == f"{path}:2"
    assert reject.record == record


def test_a_row_without_any_answer_is_told_but_is_no_error(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(f'id,text,marine,alpine,urban\n1,"{HARBOUR}\nSecond line.",,,\n2,The tram stops here.,0,0,1\n')
    found = read_labels(path, SEA)
    assert [row.id for row in found.rows] == ["2"]
    assert [(p.where, p.message, p.error) for p in found.problems] == [(f"{path}:2", "not labelled", False)]
    assert [r.record["id"] for r in found.rejects] == ["1"]
    assert found.rows[0].where == f"{path}:4"  # a cell of two lines stands before it


def test_a_row_with_too_many_cells_is_no_row(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("text,marine,alpine,urban\nOne, two and three,0,0,1\n")
    assert read_labels(path, SEA).problems[0].message.startswith("has more cells than there are columns")


def test_the_same_text_with_other_labels_cannot_be_used(write_jsonl: Write) -> None:
    records = [
        {"text": HARBOUR, "labels": ["marine"], "reader": "ann"},
        {"text": "Snow on the pass today.", "labels": ["alpine"]},
        {"text": HARBOUR.upper(), "labels": ["alpine"], "reader": "bo"},
        {"text": "snow on  the pass today.", "labels": ["alpine"]},
    ]
    path = write_jsonl("a.jsonl", records)
    found = read_labels(path, SEA)
    assert [row.where for row in found.rows] == [f"{path}:2", f"{path}:4"]
    assert [r.record["labels"] for r in found.rejects] == [["marine"], ["alpine"]]
    assert [(p.where, p.error) for p in found.problems] == [(f"{path}:1", True), (f"{path}:3", True), (f"{path}:4", False)]
    assert found.problems[1].message == f"the same text as at {path}:1, but other labels (marine)"
    both = read_labels(path, SEA, readers_may_differ=True)
    assert (len(both.rows), both.errors, both.rejects) == (4, 0, [])
    for record in records:
        record["reader"] = "ann"
    assert read_labels(write_jsonl("b.jsonl", records), SEA, readers_may_differ=True).errors == 2


def test_a_label_must_not_be_called_like_a_field(write_jsonl: Write) -> None:
    clash = LabelSet((Label("note", "", ""),), "none", "all")
    with pytest.raises(RecipeError, match="a label is called 'note'"):
        read_labels(write_jsonl("a.jsonl", []), clash)
