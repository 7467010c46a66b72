"""What `aikind tag` writes: formats, fields, filters, the summary, and what it says where it cannot write."""

from __future__ import annotations

import csv
import fcntl
import io
import json
import os
import pty
import re
import sqlite3
import struct
import subprocess
import sys
import termios
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pyarrow
import pyarrow.parquet
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aikind.serve.writers.csv_rows import CsvWriter

Aikind = Callable[..., subprocess.CompletedProcess[str]]
Write = Callable[[str, Iterable[Any]], Path]

GENERATIVE = "The studio uses a diffusion model to paint backgrounds from a text prompt, and a large language model writes the dialogue."
PREDICTIVE = "We trained a gradient boosting classifier on past invoices to predict which customers will cancel next month."
NEITHER = "The council met on Tuesday to discuss the repair of the old bridge and the mayor thanked the volunteers of the fire brigade."
ROWS: list[Any] = [
    {"id": "=HYPERLINK(1)", "text": GENERATIVE, "year": 2024, "by": "@ann"},
    {"id": "b", "text": PREDICTIVE, "year": None, "tags": ["x", {"y": 1}]},
    {"id": "c", "text": ""},
    {"id": "\ud83d half", "text": NEITHER, "by": "\u00e9va", "tags": float("nan")},
]


@pytest.fixture
def source(write_jsonl: Write) -> Path:
    return write_jsonl("in.jsonl", ROWS)


def test_every_format_holds_the_same_results(aikind: Aikind, source: Path, tmp_path: Path) -> None:
    targets = {name: tmp_path / f"tags.{name}" for name in ("jsonl", "csv", "parquet", "sqlite")}
    for target in targets.values():
        done = aikind("tag", source, "-o", target, "--passthrough", "year,by,tags")
        assert done.returncode == 1, done.stderr
    lines = [json.loads(line) for line in targets["jsonl"].read_text().splitlines()]
    assert [r["kind"] for r in lines] == ["generative", "predictive", None, "neither"]
    assert [r["year"] for r in lines] == [2024, None, None, None]
    assert [r["tags"] for r in lines] == [None, ["x", {"y": 1}], None, None]
    table = pyarrow.parquet.read_table(targets["parquet"])
    assert table.schema.field("labels").type == pyarrow.list_(pyarrow.string())
    assert table.schema.field("score_generative").type == pyarrow.float64()
    assert table.schema.field("unsure").type == pyarrow.bool_()
    assert table.schema.field("windows").type == pyarrow.int64()
    parquet = table.to_pylist()
    with sqlite3.connect(targets["sqlite"]) as database:
        database.row_factory = sqlite3.Row
        sqlite = [dict(row) for row in database.execute("SELECT * FROM taggings ORDER BY rowid")]
        kinds = dict(database.execute("SELECT kind, count(*) FROM taggings WHERE kind IS NOT NULL GROUP BY kind").fetchall())
    assert kinds == {"generative": 1, "predictive": 1, "neither": 1}
    sheet = list(csv.DictReader(io.StringIO(targets["csv"].read_text())))
    assert list(parquet[0]) == list(sqlite[0]) == list(sheet[0])
    for line, p, s, c in zip(lines, parquet, sqlite, sheet, strict=True):
        assert p["id"] == s["id"]
        assert c["id"] == (f"'{p['id']}" if p["id"].startswith("=") else p["id"])
        assert line["kind"] == p["kind"] == s["kind"] == (c["kind"] or None)
        assert line["labels"] == p["labels"] == s["labels"].split() == c["labels"].split()
        assert line["scores"].get("generative") == p["score_generative"] == s["score_generative"]
        assert c["score_generative"] == ("" if p["score_generative"] is None else str(p["score_generative"]))
        assert line["unsure"] == p["unsure"] == bool(s["unsure"]) == (c["unsure"] == "true")
        assert line["windows"] == p["windows"] == s["windows"] == int(c["windows"])
        assert line["error"] == p["error"] == s["error"] == (c["error"] or None)
    assert (parquet[0]["year"], sqlite[0]["year"], sheet[0]["year"]) == ("2024", 2024, "2024")
    assert (parquet[0]["by"], sqlite[0]["by"], sheet[0]["by"]) == ("@ann", "@ann", "'@ann")
    assert parquet[1]["tags"] == sqlite[1]["tags"] == sheet[1]["tags"] == '["x", {"y": 1}]'


@settings(deadline=None)
@given(st.text(max_size=20), st.text(max_size=20))
def test_no_cell_of_text_is_a_formula(name: str, error: str) -> None:
    file = io.StringIO()
    writer = CsvWriter(file, ["id", "error", "n"])
    writer.write({"id": name, "error": error, "n": -5})
    row = list(csv.reader(io.StringIO(file.getvalue(), newline="")))[1]
    for cell, text in zip(row[:2], (name, error), strict=True):
        assert not cell.startswith(("=", "+", "-", "@", "\t", "\r"))
        assert cell.removeprefix("'") == text.removeprefix("'")
    assert row[2] == "-5"


def test_fields_are_chosen_and_unknown_ones_listed(aikind: Aikind, source: Path, tmp_path: Path) -> None:
    done = aikind("tag", source, "--fields", "kind,tokens,id")
    first = json.loads(done.stdout.splitlines()[0])
    assert list(first) == ["kind", "tokens", "id"]
    assert 20 < first["tokens"] < 30
    for value in ("id,kinds", ""):
        wrong = aikind("tag", source, "--fields", value)
        assert wrong.returncode == 2
        assert "the fields are id, kind, labels, scores, unsure, doubts, windows, tokens, error" in wrong.stderr.replace("\n", " ")
    clash = aikind("tag", source, "--passthrough", "id", "-o", tmp_path / "t.csv")
    assert clash.returncode == 2
    assert "two fields 'id'" in clash.stderr


def test_columns_of_csv_input_go_along(aikind: Aikind, tmp_path: Path) -> None:
    path = tmp_path / "in.csv"
    path.write_text(f'id,text,sum\n1,"{NEITHER}",-3\n')
    done = aikind("tag", path, "--passthrough", "sum,nowhere", "--format", "csv", "--fields", "id")
    assert done.stdout == "id,sum,nowhere\n1,'-3,\n"


def test_only_some_kinds_are_written_and_failures_are_counted(aikind: Aikind, source: Path, tmp_path: Path) -> None:
    target = tmp_path / "tags.jsonl"
    done = aikind("tag", source, "-o", target, "--only", "generative", "--only", "neither")
    assert done.returncode == 1
    assert [json.loads(line)["kind"] for line in target.read_text().splitlines()] == ["generative", "neither"]
    assert "4 documents" in done.stderr
    assert "c: the text is empty" in done.stderr
    wrong = aikind("tag", source, "--only", "generativ")
    assert wrong.returncode == 2
    assert "the kinds are predictive, generative, both, neither" in wrong.stderr


def test_thresholds_can_be_set_for_a_run(aikind: Aikind, source: Path) -> None:
    done = aikind("tag", source, "--threshold", "generative=0", "--threshold", "predictive=1")
    assert [json.loads(line)["labels"] for line in done.stdout.splitlines()] == [["generative"], ["generative"], [], ["generative"]]
    for value, message in [
        ("generative=1.2", "from 0 to 1"),
        ("generative", "LABEL=X"),
        ("generative=nan", "from 0 to 1"),
        ("x=0.5", "its labels are"),
    ]:
        wrong = aikind("tag", source, "--threshold", value)
        assert wrong.returncode == 2
        assert message in wrong.stderr


def test_the_summary_tells_doubts_causes_and_speed(aikind: Aikind, write_jsonl: Write) -> None:
    path = write_jsonl("in.jsonl", [*ROWS[:3], {"text": "hello"}, {"text": "hello"}, {"text": " "}, "no json", {"text": 5}])
    stderr = aikind("tag", path).stderr
    assert re.search(r"8 documents in [\d.]+ s: .*4 failed", stderr)
    assert re.search(r"speed: [\d.,]+ documents and [\d.,]+ tokens a second", stderr)
    assert re.search(r"unsure: 2 \(.*2 too_short", stderr)
    assert "failed: 4 (2 the text is empty, 1 not JSON, 1 the field 'text' is of type int)" in stderr


@pytest.mark.parametrize("columns", [40, 60, 100])
def test_a_table_fits_its_terminal(columns: int, write_jsonl: Write, tmp_path: Path) -> None:
    long = tmp_path / ("a-rather-long-folder-name-" * 3)
    long.mkdir()
    (long / "notes.txt").write_text(GENERATIVE)
    path = write_jsonl("in.jsonl", [*ROWS, {"id": "漢字" * 40, "text": NEITHER}, "no json"])
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    environment = {k: v for k, v in os.environ.items() if k not in {"COLUMNS", "LINES"}}
    process = subprocess.Popen(
        [sys.executable, "-m", "aikind", "tag", str(long), str(path)], stdout=theirs, stderr=subprocess.DEVNULL, env=environment
    )
    os.close(theirs)
    raw = b""
    try:
        while part := os.read(ours, 4096):
            raw += part
    except OSError:  # Linux ends a pseudo-terminal so
        pass
    process.wait(60)
    lines = re.sub(r"\x1b\[[0-9;]*m", "", raw.decode()).replace("\r", "").splitlines()
    assert len(lines) >= 8
    for line in lines:
        assert sum(2 if "\u3000" <= c <= "\u9fff" else 1 for c in line) <= columns
    assert lines[0].split()[0] == "kind"
    assert lines[1].startswith("generative")
    assert lines[1].endswith("notes.txt")
    told = "".join(line[8:] for line in lines if line.startswith(("failed", " ")))
    assert "notJSON" in told.replace(" ", "")


def test_parquet_without_its_package_says_what_to_install(source: Path, tmp_path: Path) -> None:
    code = "import sys; sys.modules['pyarrow'] = None; from aikind.cli import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", code, "tag", source, "-o", tmp_path / "t.parquet"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "pip install 'aikind[parquet]'" in done.stderr
    assert not list(tmp_path.glob("t.parquet*"))


def test_outputs_that_cannot_be_written_are_refused(aikind: Aikind, source: Path, tmp_path: Path) -> None:
    (tmp_path / "folder.jsonl").mkdir()
    (tmp_path / "file").write_text("")
    (tmp_path / "in2.jsonl.part").write_text(source.read_text(encoding="utf-8"))
    for target, message in [
        (tmp_path / "folder.jsonl", "is a directory"),
        (tmp_path / "file" / "tags.jsonl", "Not a directory"),
        (tmp_path / ("x" * 300 + ".jsonl"), "File name too long"),
        (tmp_path / "tags.xlsx", "the suffix tells no format"),
    ]:
        done = aikind("tag", source, "-o", target)
        assert done.returncode == 2, done.stderr
        assert message in done.stderr
        assert "Traceback" not in done.stderr
    part = aikind("tag", tmp_path / "in2.jsonl.part", "-o", tmp_path / "in2.jsonl", "--input-format", "jsonl")
    assert part.returncode == 2
    assert "is also an input" in part.stderr
    assert (tmp_path / "in2.jsonl.part").read_text() == source.read_text()
    for name in ("parquet", "sqlite"):
        assert f"--format {name} needs a file" in aikind("tag", source, "--format", name).stderr
    shell = f"{sys.executable} -m aikind tag {source} >> {source}"
    done = subprocess.run(["bash", "-c", shell], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "a file that is also an input" in done.stderr


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_without_permission_is_refused(aikind: Aikind, source: Path, tmp_path: Path) -> None:
    (tmp_path / "locked").mkdir(mode=0o500)
    done = aikind("tag", source, "-o", tmp_path / "locked" / "tags.jsonl")
    assert done.returncode == 2
    assert "Permission denied" in done.stderr


def test_a_link_as_output_stays_a_link(aikind: Aikind, source: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "tags.jsonl").symlink_to(tmp_path / "elsewhere" / "real.jsonl")
    assert aikind("tag", source, "-o", tmp_path / "tags.jsonl").returncode == 1
    assert (tmp_path / "tags.jsonl").is_symlink()
    assert [path.name for path in (tmp_path / "elsewhere").iterdir()] == ["real.jsonl"]
