"""``aikind labels`` as a user runs it."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from ..conftest import read_jsonl

Run = Callable[..., subprocess.CompletedProcess[str]]
Write = Callable[[str, Iterable[Any]], Path]
SOUP, MODEL = "Rinse the lentils and chop the onions.", "A model predicts the harvest of the fields."


def test_import_keeps_what_is_sound_and_tells_of_the_rest(aikind: Run, write_jsonl: Write, tmp_path: Path) -> None:
    records = [
        {"id": 1, "text": SOUP, "label": ["neither"], "page": 3},
        {"id": 2, "text": MODEL, "label": ["predictiv"]},
        "{torn",
        {"id": 3, "text": "Not read by anyone yet.", "label": []},
    ]
    path = write_jsonl("all.jsonl", records)
    output, rejects = tmp_path / "labels.csv", tmp_path / "rejects.jsonl"
    done = aikind("labels", "import", path, "--from", "doccano", "-o", output, "--rejects", rejects)
    assert done.returncode == 1
    assert output.read_bytes().decode() == f"id,text,predictive,generative,page\r\n1,{SOUP},0,0,3\r\n"
    assert f"error: {path}:2: unknown label 'predictiv'" in done.stderr
    assert f"error: {path}:3: not JSON" in done.stderr
    assert f"warning: {path}:4: not labelled" in done.stderr
    assert f"{output}: 1 rows (predictive 0, generative 0); 3 left out, kept in {rejects}" in done.stderr
    kept = read_jsonl(rejects.read_text())
    assert [(r["where"], r["record"]) for r in kept] == [
        (f"{path}:2", {"id": 2, "text": MODEL, "labels": ["predictiv"]}),
        (f"{path}:3", "{torn"),
        (f"{path}:4", {"id": 3, "text": "Not read by anyone yet.", "predictive": None, "generative": None}),
    ]


def test_export_and_import_again_gives_the_same_file(aikind: Run, write_jsonl: Write, tmp_path: Path) -> None:
    first = write_jsonl(
        "a.jsonl",
        [{"id": "1", "text": SOUP, "predictive": 0, "generative": 0}, {"text": MODEL, "predictive": 1, "generative": 0, "reader": "ann"}],
    )
    for name, options in (("tasks.json", []), ("d.jsonl", ["doccano"]), ("t.parquet", []), ("saved", ["datasets"])):
        there = tmp_path / name
        assert aikind("labels", "export", first, "-o", there, *(["--to", *options] if options else [])).returncode == 0
        back = tmp_path / f"{name}.back.jsonl"
        done = aikind("labels", "import", there, "-o", back, *(["--from", "doccano"] if options == ["doccano"] else []))
        assert done.returncode == 0, done.stderr
        assert read_jsonl(back.read_text()) == read_jsonl(first.read_text())


def test_nothing_is_done_where_nothing_can_be_done(aikind: Run, write_jsonl: Write, tmp_path: Path) -> None:
    path = write_jsonl("a.jsonl", [])
    for arguments, message in (
        (["import", tmp_path / "nowhere.csv", "-o", tmp_path / "x.csv"], "no such file"),
        (["import", path, "-o", tmp_path / "x.parquet"], "a label file is .jsonl or .csv"),
        (["export", path, "-o", tmp_path / "x.sqlite"], "only aikind annotate writes SQLite"),
        (["export", path, "-o", tmp_path / "x.docx"], "its suffix tells no format"),
        (["export", path, "-o", path], "must be different files"),
        (["compare", path], "no text with two answers"),
    ):
        done = aikind("labels", *arguments)
        assert done.returncode == 2
        assert message in done.stderr
        assert "Traceback" not in done.stderr
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.jsonl"]


def test_compare_gives_kappa_and_lists_the_conflicts(aikind: Run, write_jsonl: Write) -> None:
    # predictive: 20 yes-yes, 5 yes-no, 10 no-yes, 15 no-no, the worked example of many textbooks: kappa 0.4
    answers = [(1, 1)] * 20 + [(1, 0)] * 5 + [(0, 1)] * 10 + [(0, 0)] * 15
    sides = [
        [
            {"id": f"d{n}", "text": f"The document of number {n}.", "predictive": pair[side], "generative": 0, "reader": "ab"[side]}
            for n, pair in enumerate(answers)
        ]
        for side in (0, 1)
    ]
    alone = {"text": "Only in the second file.", "predictive": 0, "generative": 0, "reader": "b"}
    a, b = write_jsonl("a.jsonl", sides[0]), write_jsonl("b.jsonl", [*reversed(sides[1]), alone])
    both = write_jsonl("both.jsonl", sides[0] + sides[1])
    for arguments, only in (([a, b], 1), ([both], 0)):
        done = aikind("labels", "compare", *arguments)
        assert done.returncode == 1
        assert f"the same kind for 70.0% of 50 texts; 0 texts are in the first only, {only} in the second" in done.stdout
        assert "predictive: kappa 0.400" in done.stdout
        assert "generative: kappa undefined" in done.stdout
        assert re.findall(r"^  (d\d+): (\w+) .*, (\w+) ", done.stdout, re.MULTILINE) == [
            (f"d{n}", *(("predictive", "neither") if n < 25 else ("neither", "predictive"))) for n in range(20, 35)
        ]
    assert aikind("labels", "compare", a, a).returncode == 0


def test_a_label_set_of_ones_own(aikind: Run, write_jsonl: Write, tmp_path: Path) -> None:
    label_set = tmp_path / "labels.toml"
    label_set.write_text('none = "inland"\n[[label]]\nname = "marine"\n')
    path = write_jsonl("a.jsonl", [{"text": SOUP, "marine": 0}])
    done = aikind("labels", "export", path, "-o", tmp_path / "a.json", "--label-set", label_set)
    assert done.returncode == 0
    assert json.loads((tmp_path / "a.json").read_text())[0]["annotations"][0]["result"][0]["value"] == {"choices": ["inland"]}
