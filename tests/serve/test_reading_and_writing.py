"""What the reading options have to do with the writing ones: lists of paths, carried fields, encodings, dates."""

from __future__ import annotations

import csv
import datetime
import json
import os
import subprocess
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.serve.reader_samples import TEXT, zipped

Aikind = Callable[..., subprocess.CompletedProcess[str]]


def records(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


@pytest.fixture
def listed(tmp_path: Path) -> Path:
    for name in "ab":
        (tmp_path / f"{name}.txt").write_text(f"{TEXT} {name}")
    made = tmp_path / "list"
    made.write_text(f"{tmp_path}/a.txt\n{tmp_path}/b.txt\n")
    return made


def test_a_list_in_a_file_can_be_read_again_and_one_from_a_pipe_cannot(aikind: Aikind, listed: Path, tmp_path: Path) -> None:
    target = tmp_path / "tags.jsonl"
    assert "2 new" in aikind("tag", "--files-from", listed, "-o", target, "--update").stderr
    assert "2 unchanged" in aikind("tag", "--files-from", listed, "-o", target, "--update").stderr
    assert aikind("tag", "--files-from", listed, "-o", target, "--resume").returncode == 0
    os.mkfifo(tmp_path / "pipe")
    for source in ("-", tmp_path / "pipe"):
        for option in ("--resume", "--update"):
            done = aikind("tag", "--files-from", source, "-o", target, option, stdin="")
            assert done.returncode == 2
            assert f"{option} needs an input that can be read again; {source} is" in done.stderr
    listed.write_text("-\n")
    assert "can be read again" in aikind("tag", "--files-from", listed, "-o", target, "--update", stdin="").stderr
    assert "once only" in aikind("tag", "-", "--files-from", listed, stdin="").stderr


def test_an_output_destroys_neither_a_list_nor_what_stands_in_it(aikind: Aikind, listed: Path, tmp_path: Path) -> None:
    rows = tmp_path / "rows.jsonl"
    rows.write_text(json.dumps({"text": TEXT}) + "\n")
    page = tmp_path / "page.html"
    page.write_text(TEXT)
    listed.write_text(f"{rows}\n{page}\n")
    as_list = tmp_path / "list.jsonl"
    as_list.write_text(f"{rows}\n")
    for arguments in (
        ["--files-from", listed, "-o", rows],
        ["--files-from", as_list, "-o", as_list],
        ["--files-from", listed, "--report", page],
    ):
        before = [path.read_bytes() for path in (rows, page, as_list)]
        done = aikind("tag", *arguments)
        assert (done.returncode, "is also an input" in done.stderr) == (2, True)
        assert [path.read_bytes() for path in (rows, page, as_list)] == before
    # The paths of a pipe are not known before the run.
    target = tmp_path / "tags.jsonl"
    target.write_text("")
    done = aikind("tag", "--files-from", "-", "-o", target, stdin=f"{target}\n{rows}\n")
    assert [r["error"] for r in records(target)] == [f"{target}: the results go there; give another file for them", None]


def test_other_reading_options_cannot_go_on_with_the_results_of_these(aikind: Aikind, listed: Path, tmp_path: Path) -> None:
    target = tmp_path / "tags.jsonl"
    aikind("tag", "--files-from", listed, "-o", target, "--update")
    for option, value in (("--max-bytes", "50"), ("--date-field", "when"), ("--title-field", "title")):
        done = aikind("tag", "--files-from", listed, "-o", target, "--update", option, value)
        assert (done.returncode, "reading was" in done.stderr) == (2, True)


def test_fields_are_carried_from_every_kind_of_input(aikind: Aikind, tmp_path: Path) -> None:
    import pyarrow
    import pyarrow.parquet

    (tmp_path / "a.md").write_text(f"---\nauthor: Ada\nwhen: 2024-05-06\nself: &x [*x]\n---\n{TEXT}")
    (tmp_path / "b.csv").write_text(f'author,text\nBob,"{TEXT}"\n')
    row = {"text": TEXT, "author": "Cleo", "when": datetime.date(2024, 5, 6), "self": b"\xff", "cost": Decimal("1.50"), "odd": float("nan")}
    pyarrow.parquet.write_table(pyarrow.Table.from_pylist([row]), tmp_path / "c.parquet")
    (tmp_path / "d.zip").write_bytes(zipped({"e.json": json.dumps([{"text": TEXT, "author": "Eve", "odd": {"deep": [1]}}])}))
    (tmp_path / "f.txt").write_text(TEXT)
    target = tmp_path / "tags.jsonl"
    for _ in range(2):
        done = aikind("tag", tmp_path, "-o", target, "--update", "--fields", "kind", "--passthrough", "author,when,self,cost,odd")
        assert done.returncode == 0, done.stderr
    found = records(target)
    assert [r["author"] for r in found] == ["Ada", "Bob", "Cleo", "Eve", None]
    assert [r["when"] for r in found] == ["2024-05-06", None, "2024-05-06", None, None]
    assert [r["odd"] for r in found] == [None, None, None, {"deep": [1]}, None]
    assert found[2]["cost"] == "1.50"


def test_the_encoding_is_a_field_of_every_format_and_follows_the_file(aikind: Aikind, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(TEXT.encode("latin-1"))
    (tmp_path / "b.txt").write_text(TEXT)
    aikind("tag", tmp_path, "-o", tmp_path / "tags.csv", "--update", "--fields", "id,encoding")
    with (tmp_path / "tags.csv").open() as file:
        assert [row["encoding"] for row in csv.DictReader(file)] == ["cp1252", ""]
    (tmp_path / "a.txt").write_text(TEXT, encoding="utf-16")
    done = aikind("tag", tmp_path, "-o", tmp_path / "tags.csv", "--update", "--fields", "id,encoding")
    assert "2 unchanged" in done.stderr
    with (tmp_path / "tags.csv").open() as file:
        assert [row["encoding"] for row in csv.DictReader(file)] == ["utf-16", ""]


def test_tags_are_not_put_above_front_matter_in_toml(aikind: Aikind, tmp_path: Path) -> None:
    path = tmp_path / "a.md"
    path.write_text(before := f"+++\ntitle = 'Bridges'\n+++\n{TEXT}")
    done = aikind("tag", path, "-o", tmp_path / "tags.jsonl", "--into-front-matter")
    assert done.returncode == 1
    assert "its front matter is TOML" in done.stderr
    assert path.read_text() == before


def test_the_report_takes_dates_from_the_documents_and_groups_by_where_they_lie(aikind: Aikind, tmp_path: Path) -> None:
    (tmp_path / "rows.jsonl").write_text(json.dumps({"text": TEXT, "when": "Mon, 06 May 2019 07:08:09 GMT"}) + "\n")
    page = tmp_path / "page.html"
    aikind("tag", tmp_path / "rows.jsonl", "--date-field", "when", "--report", page)
    assert "2019-05" in page.read_text()
