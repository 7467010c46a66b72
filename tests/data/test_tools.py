"""validate, diff, analyze and card, as their users call them."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

Aikind = Callable[..., subprocess.CompletedProcess[str]]
Write = Callable[[str, Iterable[Any]], Path]
GOOD = {"id": "a", "text": "A walk along the river.", "labels": []}
RECIPE = 'name = "t"\nseed = 1\n[[source]]\nname = "s"\npath = "s.jsonl"\nlabels = "labels"\n'


def row(identity: str, text: str = "Some words about the village fair.", **more: Any) -> dict[str, Any]:
    return {"id": identity, "text": f"{text} {identity}", "labels": [], **more}


BROKEN = {
    "not JSON": (['{"id": "b", "text": '], ":2: not JSON: Expecting value"),
    "no text field": (
        [{"id": "b", "body": "x", "labels": []}],
        ":2: no field 'text'; it has id, body, labels. Name the right one with --text-field",
    ),
    "an empty text": ([{"id": "b", "text": "  ", "labels": []}], ":2: 'text' is empty; leave the row out or fill it"),
    "a number for a text": ([{"id": "b", "text": 5, "labels": []}], ":2: 'text' holds a int; expected text"),
    "a null text": ([{"id": "b", "text": None, "labels": []}], ":2: 'text' is null; leave the row out or fill it"),
    "half an emoji": (['{"id": "b", "text": "so \\ud83d then", "labels": []}'], ":2: 'text' holds half of a surrogate pair"),
    "an empty id": ([{**row("b"), "id": None}], ":2: 'id' is empty; give each row its own"),
    "an unknown label": ([row("b", labels=["robotic"])], ":2: unknown label 'robotic'; the label set has predictive, generative"),
    "a capital letter": ([row("b", labels=["Generative"])], ":2: unknown label 'Generative'; write it as 'generative'"),
    "a kind for a label": ([row("b", labels=["both"])], ":2: 'both' is a kind, not a label; write the labels predictive, generative"),
    "null labels": ([row("b", labels=None)], ":2: 'labels' is null; expected a list, empty for 'neither'"),
    "an empty cell": (
        [row("b", labels="")],
        ":2: 'labels' is empty, which counts as not labelled; write 'neither' for a row with no label",
    ),
    "an id used twice": ([row("a")], ":2: the id 'a' was used before, at"),
    "one text with two labels": (
        [{"id": "b", "text": "a WALK along  the river.", "labels": ["predictive"]}],
        ":2: the same text as at",
    ),
    "labels of a strange type": ([row("b", labels=3)], ":2: 'labels' holds a int; expected a list of label names, such as ['predictive']"),
    "a list for a row": (["[1, 2]"], ":2: not a JSON object: a list"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_each_broken_file_gets_a_helpful_message(aikind: Aikind, write_jsonl: Write, name: str) -> None:
    rows, message = BROKEN[name]
    path = write_jsonl("mine.jsonl", [GOOD, *rows])
    done = aikind("dataset", "validate", path)
    assert done.returncode == 1
    assert f"error: {path}{message}" in done.stdout
    assert "1 errors" in done.stderr
    assert "Traceback" not in done.stderr


def test_warnings_do_not_fail_a_file(aikind: Aikind, write_jsonl: Write) -> None:
    rows = [row("b", labels=["predictive"]), row("c", labels=["generative"]), {"id": "d", "text": "Hello", "labels": []}]
    rows += [{**GOOD, "id": "e"}, {"id": "f", "text": "A caf\ufffd by the river", "labels": []}]
    done = aikind("dataset", "validate", write_jsonl("mine.jsonl", [GOOD, *rows]))
    assert done.returncode == 0
    for part in ("has 1 words only", "and the same labels; keep one of them", "undecodable bytes"):
        assert part in done.stdout
    assert "0 errors, 3 warnings" in done.stderr


def test_a_label_that_nobody_carries_is_mentioned(aikind: Aikind, write_jsonl: Write) -> None:
    done = aikind("dataset", "validate", write_jsonl("mine.jsonl", [GOOD]))
    assert done.returncode == 0
    assert "no row carries the label 'predictive'" in done.stdout


def test_other_field_names_and_label_sets_are_taken(aikind: Aikind, write_jsonl: Write, tmp_path: Path) -> None:
    labels = tmp_path / "labels.toml"
    labels.write_text('[[label]]\nname = "robotic"\n')
    path = write_jsonl("mine.jsonl", [{"key": "1", "body": "The arm picks up the box.", "tags": "robotic"}])
    fields = ("--text-field", "body", "--labels-field", "tags", "--id-field", "key")
    assert aikind("dataset", "validate", path, *fields, "--label-set", labels).returncode == 0


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [("gone.jsonl", None, "No such file"), ("mine.xlsx", b"x", "must be .jsonl"), ("bytes.jsonl", b"\xff\xfe\x00", "cannot read")],
)
def test_a_file_that_cannot_be_read_ends_with_2(aikind: Aikind, tmp_path: Path, name: str, content: bytes | None, message: str) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    done = aikind("dataset", "validate", tmp_path / name)
    assert done.returncode == 2
    assert message in done.stderr
    assert "Traceback" not in done.stderr


def test_an_empty_file_is_a_problem(aikind: Aikind, write_jsonl: Write) -> None:
    done = aikind("dataset", "validate", write_jsonl("mine.jsonl", []))
    assert done.returncode == 1
    assert "holds no row" in done.stdout


def test_diff_tells_what_changed(aikind: Aikind, write_jsonl: Write, tmp_path: Path) -> None:
    recipe = tmp_path / "recipe.toml"
    recipe.write_text(RECIPE)
    texts = [
        "The ferry left the harbour at dawn.",
        "Bread needs flour and time.",
        "The choir sang two psalms.",
        "A letter came from Lisbon.",
    ]
    rows = [{"id": str(i), "text": f"{t} " * 3, "labels": []} for i, t in enumerate(texts * 5)]
    rows = [{**r, "text": r["text"] + " ".join(f"{w}{i}" for w in ("oak", "elm", "ash", "fir", "yew") * 8)} for i, r in enumerate(rows)]

    def build(name: str, data: list[dict[str, Any]]) -> Path:
        write_jsonl("s.jsonl", data)
        assert aikind("dataset", "build", recipe, "-o", tmp_path / name).returncode == 0
        return tmp_path / name

    old = build("old", rows)
    same = aikind("dataset", "diff", old, build("same", rows))
    assert (same.returncode, same.stdout.strip()) == (0, "no row differs")
    changed = [{**rows[0], "labels": ["generative"]}, {**rows[1], "text": rows[1]["text"] + " Amen."}, *rows[3:], {**rows[2], "id": "new"}]
    done = aikind("dataset", "diff", old, build("new", changed))
    assert done.returncode == 1
    for part in (
        "1 added\n  s/new",
        "1 removed\n  s/2",
        "1 text changed\n  s/1",
        "1 labels changed: neither -> generative 1\n  s/0: neither -> generative",
    ):
        assert part in done.stdout
    card = aikind("dataset", "card", old)
    assert card.returncode == 0
    assert card.stdout == (old / "README.md").read_text()
    missing = aikind("dataset", "diff", old, tmp_path / "nowhere")
    assert missing.returncode == 2
    assert "holds no dataset" in missing.stderr


def test_analyze_shows_functions_on_unread_rows_too(aikind: Aikind, write_jsonl: Write, tmp_path: Path) -> None:
    gold = [
        {
            "id": f"g{i}",
            "text": f"The LLM writes verse number {i}." if i % 2 else f"The mill grinds corn number {i}.",
            "labels": ["generative"] * (i % 2),
        }
        for i in range(20)
    ]
    unread = [{"id": f"u{i}", "text": f"An LLM sings song number {i}."} for i in range(20)]
    write_jsonl("s.jsonl", [*gold, *unread])
    (tmp_path / "recipe.toml").write_text(RECIPE)
    done = aikind("dataset", "analyze", tmp_path / "recipe.toml")
    assert done.returncode == 0, done.stderr
    line = next(x for x in done.stdout.splitlines() if x.startswith("| names_generative_model "))
    assert line.split(" | ")[1:3] == ["generative", "75.0%"]
    assert "100.0%" in line
    for name in ("majority", "by_accuracy", "dawid_skene"):
        assert f"| {name} | " in done.stdout
    json.dumps(done.stdout)
