"""`aikind tag` as a user meets it: a process, files, pipes, exit codes."""

from __future__ import annotations

import csv
import gzip
import io
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

Aikind = Callable[..., subprocess.CompletedProcess[str]]
Write = Callable[[str, Iterable[Any]], Path]

GENERATIVE = "The studio uses a diffusion model to paint backgrounds from a text prompt, and a large language model writes the dialogue."
PREDICTIVE = "We trained a gradient boosting classifier on past invoices to predict which customers will cancel next month."
NEITHER = "The council met on Tuesday to discuss the repair of the old bridge and the mayor thanked the volunteers of the fire brigade."


def records(done: subprocess.CompletedProcess[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    base = tmp_path / "articles"
    (base / "deep" / "er").mkdir(parents=True)
    (base / ".hidden").mkdir()
    (base / "a.txt").write_text(GENERATIVE)
    (base / "b.md").write_text(f"---\ntitle: ChatGPT and language models\n---\n{NEITHER}")
    (base / "deep" / "c.txt").write_text(PREDICTIVE)
    (base / "deep" / "er" / "d.jsonl").write_text(json.dumps({"id": "row", "text": NEITHER}) + "\n")
    (base / ".hidden" / "e.txt").write_text("not to be read")
    (base / "picture.png").write_bytes(b"\x89PNG\0")
    return base


def test_a_folder_is_read_recursively_in_order(aikind: Aikind, folder: Path) -> None:
    done = aikind("tag", folder)
    assert done.returncode == 0, done.stderr
    assert [(r["id"], r["kind"]) for r in records(done)] == [
        (f"{folder}/a.txt", "generative"),
        (f"{folder}/b.md", "neither"),
        (f"{folder}/deep/c.txt", "predictive"),
        ("row", "neither"),
    ]
    assert set(records(done)[0]) == {"id", "kind", "labels", "scores", "unsure", "doubts", "windows", "error"}
    assert "4 documents" in done.stderr


def test_results_are_valid_csv(aikind: Aikind, folder: Path, tmp_path: Path) -> None:
    target = tmp_path / "tags.csv"
    assert aikind("tag", folder, "-o", target).returncode == 0
    rows = list(csv.DictReader(io.StringIO(target.read_text())))
    assert [row["kind"] for row in rows] == ["generative", "neither", "predictive", "neither"]
    assert float(rows[0]["score_generative"]) > 0.5 > float(rows[0]["score_predictive"])
    assert not list(tmp_path.glob("*.part"))


def test_a_table_beside_a_file(aikind: Aikind, folder: Path, tmp_path: Path) -> None:
    target = tmp_path / "tags.jsonl"
    done = aikind("tag", folder, "-o", target, "--table")
    lines = done.stdout.splitlines()
    assert lines[0].split() == ["kind", "predictive", "generative", "document"]
    assert lines[1].startswith("generative")
    assert lines[1].endswith("a.txt")
    assert len(target.read_text().splitlines()) == len(lines) - 1 == 4


def test_standard_input_is_a_text_or_json_lines(aikind: Aikind) -> None:
    assert [r["kind"] for r in records(aikind("tag", "-", stdin=GENERATIVE))] == ["generative"]
    lines = "".join(json.dumps({"id": i, "text": t}) + "\n" for i, t in enumerate((GENERATIVE, NEITHER)))
    assert [(r["id"], r["kind"]) for r in records(aikind("tag", "-", stdin=lines))] == [("0", "generative"), ("1", "neither")]
    braces = "{ this is a note that begins with a brace }\nand goes on about soup."
    (only,) = records(aikind("tag", "-", "--input-format", "text", stdin=braces))
    assert only["error"] is None


def test_fields_can_be_named(aikind: Aikind, write_jsonl: Write) -> None:
    path = write_jsonl(
        "news.jsonl", [{"key": "n1", "headline": "Image generators are here", "body": "They paint from a prompt what you like."}]
    )
    with_title = records(aikind("tag", path, "--text-field", "body", "--title-field", "headline", "--id-field", "key"))
    without = records(aikind("tag", path, "--text-field", "body", "--id-field", "key"))
    assert with_title[0]["id"] == without[0]["id"] == "n1"
    assert with_title[0]["scores"] != without[0]["scores"]


def test_csv_and_gzip_are_read(aikind: Aikind, tmp_path: Path) -> None:
    table = tmp_path / "in.csv"
    table.write_text(f'id,text\n1,"{GENERATIVE}"\n2,"{NEITHER}\nOn two lines."\n')
    packed = tmp_path / "in.jsonl.gz"
    packed.write_bytes(gzip.compress(json.dumps({"id": "z", "text": PREDICTIVE}).encode()))
    done = aikind("tag", table, packed)
    assert [(r["id"], r["kind"]) for r in records(done)] == [("1", "generative"), ("2", "neither"), ("z", "predictive")]


def test_every_broken_input_is_explained_and_none_stops_the_rest(aikind: Aikind, write_jsonl: Write, tmp_path: Path) -> None:
    def file(name: str, content: bytes) -> Path:
        (tmp_path / name).write_bytes(content)
        return tmp_path / name

    rows = write_jsonl("rows.jsonl", [{"text": NEITHER}, "not json", {"body": "x"}, {"text": 5}, [1], {"text": "  "}, {"text": NEITHER}])
    paths = {
        "empty.txt": file("empty.txt", b""),
        "picture.txt": file("picture.txt", b"\x89PNG\r\n\0\0\0"),
        "utf16.txt": file("utf16.txt", "hello".encode("utf-16-le")),
        "torn.jsonl.gz": file("torn.jsonl.gz", gzip.compress(json.dumps({"text": NEITHER}).encode() * 50)[:-20]),
        "columns.csv": file("columns.csv", b"id,body\n1,hello\n"),
        "broken.csv": file("broken.csv", f"id,text\n1,caf\xe9,\n2,{NEITHER}\n".encode("latin-1")),
        "fake.gz": file("fake.txt.gz", b"this is no gzip"),
        "nowhere.txt": tmp_path / "nowhere.txt",
    }
    (tmp_path / "void").mkdir()
    done = aikind("tag", rows, *paths.values(), tmp_path / "void", file("good.txt", GENERATIVE.encode()))
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    results = records(done)
    assert results[-1]["kind"] == "generative"
    errors = "\n".join(r["error"] for r in results if r["error"])
    for part in [
        f"{rows}:2: not JSON: Expecting value at column 1",
        f"{rows}:3: no field 'text'; it has body. Name the field with --text-field",
        f"{rows}:4: the field 'text' is of type int; expected text",
        f"{rows}:5: a JSON list; expected an object with the field 'text'",
        f"{rows}:6: the text is empty",
        f"{paths['empty.txt']}: the text is empty",
        f"{paths['picture.txt']}: not a text file",
        f"{paths['utf16.txt']}: not a text file: it holds NUL; if it is UTF-16 without its mark, convert it to UTF-8",
        f"{paths['torn.jsonl.gz']}: the gzip data are damaged",
        f"{paths['fake.gz']}: the gzip data are damaged",
        f"{paths['columns.csv']}: no column 'text'; it has id, body. Name the column with --text-field",
        f"{paths['broken.csv']}:2: the row has more cells than the header",
        f"{paths['nowhere.txt']}: no such file or folder",
        f"{tmp_path / 'void'}: no file to read",
    ]:
        assert part in errors
    assert [r["kind"] for r in results if r["kind"]] == ["neither", "neither", "neither", "generative"]
    assert all(r["error"] in done.stderr for r in results if r["error"])


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_without_permission_is_explained(aikind: Aikind, tmp_path: Path) -> None:
    path = tmp_path / "secret.txt"
    path.write_text(NEITHER)
    path.chmod(0)
    assert "no permission to read it" in records(aikind("tag", path))[0]["error"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "Give at least one file or folder"),
        (["-", "-"], "can be read once only"),
        (["x.txt", "--table"], "--table goes with -o"),
        (["x.txt", "--format", "xml"], "'xml' is not one of"),
        (["x.txt", "--model", "/nowhere"], "no such model folder"),
        (["x.txt", "-o", "tags.txt"], "the suffix tells no format"),
        (["x.txt", ""], "no name may be empty"),
        (["x.txt", "-o", "/nowhere/tags.jsonl"], "Cannot write /nowhere/tags.jsonl: No such file or directory"),
    ],
)
def test_wrong_usage_ends_with_2_and_a_reason(aikind: Aikind, arguments: list[str], message: str) -> None:
    done = aikind("tag", *arguments)
    assert done.returncode == 2
    assert message in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_the_help_tells_formats_and_exit_codes(aikind: Aikind) -> None:
    done = aikind("tag", "--help")
    assert done.returncode == 0
    for part in (".jsonl", "--text-field", "Exit codes:", "aikind tag articles/"):
        assert part in done.stdout
    assert {"tag", "dataset", "model"} <= set(aikind("--help").stdout.split())


def test_a_reader_that_goes_away_leaves_no_traceback(write_jsonl: Write) -> None:
    path = write_jsonl("many.jsonl", [{"text": f"{NEITHER} {i}"} for i in range(3000)])
    command = f"{sys.executable} -m aikind tag {path} | head -n 2; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 3
    assert len(done.stdout.splitlines()) == 2
    assert "Traceback" not in done.stderr


def test_a_pipe_sees_each_result_as_it_comes() -> None:
    command = [sys.executable, "-m", "aikind", "tag", "-", "--input-format", "jsonl"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        for i in range(3):  # each result is out before the next text is in
            process.stdin.write(json.dumps({"id": str(i), "text": NEITHER}).encode() + b"\n")
            process.stdin.flush()
            assert json.loads(process.stdout.readline())["id"] == str(i)
        process.stdin.close()
        assert process.stdout.read() == b""


def test_csv_faults_stay_in_their_row(aikind: Aikind, tmp_path: Path) -> None:
    path = tmp_path / "in.csv"
    path.write_text(f'id,text\n1,"{NEITHER}"\n2,hello, with a loose comma\n3,"a" b\n4,"{NEITHER}"\n5,"never closed\n6,lost\n')
    results = records(aikind("tag", path))
    assert [r["kind"] for r in results] == ["neither", None, None, "neither", None]
    assert f"{path}:3: the row has more cells than the header" in results[1]["error"]
    assert f"{path}:4: not CSV" in results[2]["error"]
    assert f"{path}:6: not CSV" in results[4]["error"]
    assert "is a quotation mark left open?" in results[4]["error"]


def test_texts_and_ids_of_any_kind_come_through(aikind: Aikind, write_jsonl: Write) -> None:
    lines = ['{"id": "\\ud83d half", "text": "An emoji cut in two: \\ud83d"}', {"id": 7, "text": NEITHER}, {"id": "", "text": NEITHER}]
    path = write_jsonl("odd.jsonl", [*lines, {"id": {"a": 1}, "text": NEITHER}, {"id": "zwsp", "text": "\u200b\ufeff"}, {"text": None}])
    done = aikind("tag", path)
    results = records(done)
    assert [r["kind"] is not None for r in results] == [True, True, True, False, False, False]
    assert [r["id"] for r in results[1:3]] == ["7", f"{path}:3"]
    assert "the id is of type dict" in results[3]["error"]
    assert "invisible characters only" in results[4]["error"]
    assert "the field 'text' is null" in results[5]["error"]
    assert done.returncode == 1
    assert "Traceback" not in done.stderr


def test_an_output_never_destroys_or_becomes_an_input(aikind: Aikind, folder: Path, write_jsonl: Write) -> None:
    source = write_jsonl("in.jsonl", [{"text": NEITHER}])
    before = source.read_text()
    refused = aikind("tag", source, "-o", source)
    assert refused.returncode == 2
    assert "is also an input" in refused.stderr
    assert source.read_text() == before
    for _ in range(2):
        assert aikind("tag", folder, "-o", folder / "tags.jsonl").returncode == 0
    assert len((folder / "tags.jsonl").read_text().splitlines()) == 4


def test_links_are_followed_but_not_in_circles_and_pipes_are_passed_over(aikind: Aikind, tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "a.txt").write_text(NEITHER)
    (tmp_path / "set").mkdir()
    (tmp_path / "set" / "link").symlink_to(tmp_path / "real")
    (tmp_path / "real" / "up").symlink_to(tmp_path / "real")
    os.mkfifo(tmp_path / "set" / "pipe.txt")
    results = records(aikind("tag", tmp_path / "set", timeout=30))
    assert [r["kind"] for r in results if not r["error"]] == ["neither"]
    assert len(results) == 1


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk_ends_with_3_and_one_line(write_jsonl: Write) -> None:
    path = write_jsonl("in.jsonl", [{"text": NEITHER}])
    done = subprocess.run(
        ["bash", "-c", f"{sys.executable} -m aikind tag {path} > /dev/full"], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 3
    assert "cut short: No space left on device" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_rule_at_the_top_of_markdown_is_no_front_matter(aikind: Aikind, tmp_path: Path) -> None:
    path = tmp_path / "a.md"
    path.write_text(f"---\n{GENERATIVE}\n\n---\n{NEITHER}\n")
    assert records(aikind("tag", path))[0]["kind"] == "generative"


def test_ctrl_c_ends_quietly_and_leaves_no_half_file(write_jsonl: Write, tmp_path: Path) -> None:
    path = write_jsonl("many.jsonl", [{"text": f"{NEITHER} {i}" * 20} for i in range(5000)])
    target = tmp_path / "tags.jsonl"
    command = [sys.executable, "-m", "aikind", "tag", str(path), "-o", str(target)]
    # A test run in the background has Ctrl-C switched off, and its children inherit that.
    heeds = {"preexec_fn": lambda: signal.signal(signal.SIGINT, signal.SIG_DFL)}
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, **heeds) as process:
        deadline = time.monotonic() + 30
        part = target.with_name("tags.jsonl.part")
        while not (part.exists() and part.stat().st_size) and time.monotonic() < deadline:
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        _, stderr = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "Traceback" not in stderr
    assert "interrupted" in stderr
    assert not target.exists()
