"""A round trip through any format loses nothing."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aikind import DatasetError
from aikind.data.label_files import read_labels
from aikind.data.label_rows import LabelRow
from aikind.data.label_writers import WRITERS, write_labels
from aikind.data.rows import text_hash
from aikind.label_set import Label, LabelSet

SEA = LabelSet((Label("marine", "Marine", ""), Label("alpine", "Alpine", ""), Label("urban", "Urban", "")), "nowhere", "everywhere")
SUFFIX = {"csv": ".csv", "jsonl": ".jsonl", "parquet": ".parquet", "label-studio": ".json", "doccano": ".jsonl", "datasets": ""}
AWKWARD = st.sampled_from(["\r", "\n", "\r\n", '"', ",", "\ufeff", "\0", "'", "=1+1", "\u2028", "😀", "é", " "])
WORDS = st.lists(st.one_of(AWKWARD, st.text(st.characters(exclude_categories=["Cs"]), max_size=8)), max_size=6).map("".join)
TEXTS = WORDS.map(lambda words: f"{words} a harbour {words}")
ROWS = st.lists(
    st.builds(
        lambda labels, text, identity, note, reader, hash_too, more: LabelRow(
            dict(zip(SEA.names, labels, strict=True)), text, identity, text_hash(text) if hash_too else "", note, reader, more
        ),
        st.tuples(st.booleans(), st.booleans(), st.booleans()),
        TEXTS,
        WORDS,
        WORDS,
        WORDS,
        st.booleans(),
        st.dictionaries(st.sampled_from(["genre", "chosen", "file name", "é"]), WORDS.filter(bool), max_size=3),
    ),
    min_size=1,
    max_size=5,
    unique_by=lambda row: row.key,
)


@pytest.mark.parametrize("file_format", list(WRITERS))
def test_a_round_trip_loses_nothing(file_format: str) -> None:
    @settings(
        max_examples=15 if file_format == "datasets" else 60, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True
    )
    @given(ROWS)
    def round_trip(rows: list[LabelRow]) -> None:
        with TemporaryDirectory() as folder:
            path = Path(folder) / f"labels{SUFFIX[file_format]}"
            write_labels(path, rows, SEA, file_format)
            found = read_labels(path, SEA, file_format)
            assert found.rows == rows
            assert found.rejects == []

    round_trip()


@pytest.mark.parametrize("file_format", ["csv", "jsonl", "parquet", "datasets"])
def test_rows_whose_texts_live_elsewhere_make_the_trip_too(tmp_path: Path, file_format: str) -> None:
    rows = [LabelRow({"marine": True, "alpine": False, "urban": n == 1}, id=f"d{n}", sha256=text_hash(str(n))) for n in range(3)]
    path = tmp_path / f"labels{SUFFIX[file_format]}"
    write_labels(path, rows, SEA, file_format)
    assert read_labels(path, SEA).rows == rows


def test_tools_that_show_texts_refuse_rows_without(tmp_path: Path) -> None:
    row = LabelRow(dict.fromkeys(SEA.names, False), sha256=text_hash("x"), where="here:3")
    with pytest.raises(DatasetError, match="here:3: has no text, and doccano needs the texts"):
        write_labels(tmp_path / "a.jsonl", [row], SEA, "doccano")


def label_studio_task(number: int, *results: list[Any] | None, **more: Any) -> dict[str, Any]:
    """A task as Label Studio exports it, with one annotation per result; None is one that was skipped."""
    annotations = [
        {"id": n, "completed_by": {"id": n, "email": f"reader{n}@example.org"}, "was_cancelled": r is None, "result": r or []}
        for n, r in enumerate(results)
    ]
    return {"id": number, "data": {"text": f"The tram number {number} stops."}, "annotations": annotations, **more}


def choices(*names: str) -> dict[str, Any]:
    return {"id": "x", "from_name": "anything", "to_name": "text", "type": "choices", "value": {"choices": list(names)}}


def test_what_label_studio_exports_is_understood(tmp_path: Path) -> None:
    note = {"from_name": "why", "to_name": "text", "type": "textarea", "value": {"text": ["so it says", "twice"]}}
    tasks = [
        label_studio_task(1, [choices("urban", "marine"), note]),
        label_studio_task(2, [choices("nowhere")]),
        label_studio_task(3, []),  # submitted without a choice
        label_studio_task(4),
        label_studio_task(5, None),
        label_studio_task(6, [choices("desert")]),
        label_studio_task(7, [choices("urban")], [choices("urban")]),
        {"id": 8, "text": "as JSON-MIN", "kind": "urban"},
    ]
    path = tmp_path / "project.json"
    path.write_text(json.dumps(tasks))
    found = read_labels(path, SEA)
    assert [(row.where.removeprefix(f"{path}: "), row.carried) for row in found.rows] == [
        ("task 1", ("marine", "urban")),
        ("task 2", ()),
        ("task 3", ()),
        ("task 7, annotation 1", ("urban",)),
        ("task 7, annotation 2", ("urban",)),
    ]
    assert (found.rows[0].note, found.rows[0].reader) == ("so it says\ntwice", "reader0@example.org")
    left_out = {r.where.removeprefix(f"{path}: "): r.reasons[0] for r in found.rejects}
    assert left_out["task 4"] == left_out["task 5"] == "not labelled"
    assert left_out["task 6"].startswith("unknown label 'desert'")
    assert "JSON-MIN" in left_out["task 8"]


def test_what_doccano_exports_is_understood(tmp_path: Path) -> None:
    lines = [
        {"id": 1, "text": "The tram stops here.", "label": ["urban"], "Comments": ["so it says"], "page": 4},
        {"id": 2, "text": "Nobody has read this one.", "label": [], "Comments": []},
        {"id": 3, "text": "Nothing of the sort here.", "label": ["nowhere"]},
    ]
    path = tmp_path / "admin.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    found = read_labels(path, SEA, "doccano")
    assert [(row.id, row.carried, row.note, row.more) for row in found.rows] == [
        ("1", ("urban",), "so it says", {"page": "4"}),
        ("3", (), "", {}),
    ]
    assert [(p.where, p.message, p.error) for p in found.problems] == [(f"{path}:2", "not labelled", False)]


def test_a_folder_that_is_no_dataset_is_not_replaced(tmp_path: Path) -> None:
    row = LabelRow(dict.fromkeys(SEA.names, False), "The tram stops here.")
    (tmp_path / "precious").mkdir()
    (tmp_path / "precious" / "thesis.txt").write_text("years of work")
    with pytest.raises(DatasetError, match="holds no saved dataset"):
        write_labels(tmp_path / "precious", [row], SEA, "datasets")
    assert (tmp_path / "precious" / "thesis.txt").exists()
    shutil.rmtree(tmp_path / "precious")
    for _ in range(2):  # an earlier one is
        write_labels(tmp_path / "precious", [row], SEA, "datasets")
    assert read_labels(tmp_path / "precious", SEA).rows == [row]
