"""What `aikind tag --engine ray` refuses, and how it reads in chunks; without a cluster."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from aikind.serve.readers.base import ReadOptions
from tests.serve.ray.conftest import NO_RAY

Aikind = Callable[..., subprocess.CompletedProcess[str]]

TEXT = "The council met on Tuesday to discuss the repair of the old bridge."


@pytest.fixture
def rows(tmp_path: Path) -> Path:
    path = tmp_path / "rows.jsonl"
    path.write_text(json.dumps({"text": TEXT}) + "\n")
    return path


def test_what_makes_no_sense_with_ray_is_refused(rows: Path, tmp_path: Path) -> None:
    pytest.importorskip("ray", reason=NO_RAY)
    (tmp_path / "a.txt").write_text(TEXT)
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine.txt").write_text(TEXT)
    cases = [
        ([rows], "give it a folder or its address with -o"),
        ([rows, "-o", "tags.jsonl"], "give -o a folder, not the file tags.jsonl"),
        ([rows, "-o", "out", "--format", "sqlite"], "writes jsonl, csv, parquet, not sqlite"),
        ([rows, "-o", "out", "--table"], "--table does not go with --engine ray"),
        ([rows, "-o", "out", "--update"], "--update does not go with --engine ray: --resume passes over"),
        ([rows, "-o", "out", "--report", "page.html"], "--report does not go with --engine ray"),
        ([rows, "-o", "out", "--into-front-matter"], "--into-front-matter does not go with --engine ray"),
        (["-", "-o", "out"], "cannot read standard input"),
        ([tmp_path / "a.txt", "-o", "out"], "reads files of records"),
        ([tmp_path / "none.jsonl", "-o", "out"], "none.jsonl: no such file or folder"),
        ([tmp_path, "-o", "out", "--input-format", "jsonl"], "would become input of the next run"),
        ([rows, "-o", "full"], "is not empty"),
        ([rows, "-o", "full", "--resume"], "holds files, and no _aikind.json"),
    ]
    # One process for all of them, since Ray takes long to load.
    code = (
        "import json, sys\nfrom click.testing import CliRunner\nfrom aikind.serve.cli import tag\n"
        "for case in json.load(sys.stdin):\n"
        "    done = CliRunner().invoke(tag, [*case, '--engine', 'ray'])\n"
        "    print(json.dumps([done.exit_code, done.output]))"
    )
    asked = json.dumps([[str(part) for part in case] for case, _ in cases])
    done = subprocess.run([sys.executable, "-c", code], input=asked, capture_output=True, text=True, check=True, cwd=tmp_path)
    for (case, message), line in zip(cases, done.stdout.splitlines(), strict=True):
        status, output = json.loads(line)
        assert status == 2, (case, output)
        assert message in " ".join(output.split()), (case, output)
    assert not (tmp_path / "out").exists()


def test_without_ray_it_says_what_to_install(aikind: Aikind, rows: Path, tmp_path: Path) -> None:
    (tmp_path / "ray.py").write_text("raise ImportError")
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    done = aikind("tag", rows, "-o", tmp_path / "out", "--engine", "ray", env=environment)
    assert done.returncode == 2
    assert done.stderr == ("aikind: tagging with Ray needs packages that are not installed. Install them with: pip install 'aikind[ray]'\n")


def test_a_long_file_becomes_chunks_whose_names_and_documents_depend_on_it_alone(tmp_path: Path) -> None:
    pytest.importorskip("ray", reason=NO_RAY)
    from aikind.serve.ray.chunks import chunks_of, documents_of

    path = tmp_path / "long.jsonl.gz"
    lines = [json.dumps({"id": number, "text": f"Text {number}", "by": "Ada", "more": "x"}) for number in range(5001)]
    lines[7] = "broken"
    import gzip

    path.write_bytes(gzip.compress("\n".join(lines).encode()))
    chunks = list(chunks_of(str(path), ReadOptions(keep_record=True), None, ["by"]))
    assert chunks == list(chunks_of(str(path), ReadOptions(keep_record=True), None, ["by"]))
    documents = [list(documents_of(chunk.documents)) for chunk in chunks]
    assert [len(some) for some in documents] == [5000, 1]
    assert documents[1][0].id == "5000"
    assert documents[0][7].error == f"{path}:8: not JSON: Expecting value at column 1"
    assert documents[0][8].meta["record"] == {"by": "Ada"}
    first, second = (chunk.name for chunk in chunks)
    assert first.startswith("long-")
    assert (first[-6:], second[-6:]) == ("-00000", "-00001")
    heavy = tmp_path / "heavy.jsonl"
    heavy.write_text("".join(json.dumps({"text": "x" * 9_000_000}) + "\n" for _ in range(3)))
    assert len(list(chunks_of(str(heavy), ReadOptions(), None, []))) == 3
