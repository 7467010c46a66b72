"""`aikind tag` with an object store as its source and target, over HTTP."""

from __future__ import annotations

import gzip
import json
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.serve.s3 import s3_store

Aikind = Callable[..., subprocess.CompletedProcess[str]]

pytestmark = pytest.mark.usefixtures("store")

TEXTS = [
    "The studio uses a diffusion model to paint backgrounds from a text prompt, and a large language model writes the dialogue.",
    "We trained a gradient boosting classifier on past invoices to predict which customers will cancel next month.",
    "The council met on Tuesday to discuss the repair of the old bridge, and the mayor thanked the fire brigade.",
]


@pytest.fixture(scope="module")
def store() -> Iterator[Any]:
    with s3_store() as system:
        system.pipe_file("box/docs/a.jsonl", "".join(json.dumps({"id": f"a{i}", "text": t}) + "\n" for i, t in enumerate(TEXTS)).encode())
        system.pipe_file("box/docs/b.jsonl", json.dumps({"text": TEXTS[0]}).encode() + b"\nbroken\n")
        system.pipe_file("box/docs/deep/c.csv.gz", gzip.compress(f'id,text\nc,"{TEXTS[1]}"\n'.encode()))
        yield system


def records(raw: str | bytes) -> list[dict[str, Any]]:
    return [json.loads(line) for line in raw.splitlines()]


def test_a_glob_in_a_bucket_gives_what_the_same_files_here_give(aikind: Aikind, store: Any, tmp_path: Path) -> None:
    done = aikind("tag", "s3://box/docs/*.jsonl", "-o", "s3://box/tags/all.jsonl")
    assert done.returncode == 1, done.stderr  # a line is broken
    found = records(store.cat_file("box/tags/all.jsonl"))
    assert [r["id"] for r in found] == ["a0", "a1", "a2", "s3://box/docs/b.jsonl:1", "s3://box/docs/b.jsonl:2"]
    assert found[4]["error"].startswith("s3://box/docs/b.jsonl:2: not JSON")
    store.get("box/docs/a.jsonl", str(tmp_path / "a.jsonl"))
    here = records(aikind("tag", tmp_path / "a.jsonl").stdout)
    assert found[:3] == here


def test_a_folder_in_a_bucket_is_read_deep_into_a_file_here(aikind: Aikind, tmp_path: Path) -> None:
    done = aikind("tag", "s3://box/docs/", "-o", tmp_path / "tags.jsonl")
    assert done.returncode == 1, done.stderr
    assert [r["id"] for r in records((tmp_path / "tags.jsonl").read_bytes())][-1] == "c"


def test_parquet_is_written_to_a_bucket(aikind: Aikind, store: Any) -> None:
    import pyarrow.parquet

    assert aikind("tag", "s3://box/docs/a.jsonl", "-o", "s3://box/tags/all.parquet").returncode == 0
    with store.open("box/tags/all.parquet") as file:
        assert pyarrow.parquet.read_table(file)["kind"].to_pylist() == ["generative", "predictive", "neither"]


def test_what_is_not_in_the_bucket_is_told(aikind: Aikind) -> None:
    done = aikind("tag", "s3://box/docs/none.jsonl", "s3://nowhere/*.jsonl")
    assert (done.returncode, "Traceback" in done.stderr) == (1, False)
    errors = [r["error"] for r in records(done.stdout)]
    assert errors[0] == "s3://box/docs/none.jsonl: no such file or folder"
    assert errors[1].startswith("s3://nowhere/*.jsonl: ")


def test_results_that_cannot_be_sent_stay_here(aikind: Aikind) -> None:
    done = aikind("tag", "s3://box/docs/a.jsonl", "-o", "s3://nowhere/tags.jsonl")
    assert (done.returncode, "Traceback" in done.stderr) == (3, False)
    assert "s3://nowhere/tags.jsonl could not be written" in done.stderr
    kept = Path(done.stderr.strip().rpartition("the results are in ")[2])
    assert len(records(kept.read_bytes())) == 3
    kept.unlink()
    kept.parent.rmdir()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["-o", "s3://box/tags.jsonl", "--resume"], "--resume keeps its state beside the output"),
        (["-o", "s3://box/tags.jsonl", "--update"], "--update keeps its state beside the output"),
        (["-o", "s3://box/tags/"], "Give -o the address of a file, such as s3://box/tags/tags.jsonl"),
        (["-o", "s3://box/tags.txt"], "the suffix tells no format"),
        (["-o", "s9://box/tags.jsonl"], "Protocol not known: s9"),
    ],
)
def test_an_address_that_cannot_be_the_output_is_refused(aikind: Aikind, options: list[str], message: str) -> None:
    done = aikind("tag", "s3://box/docs/a.jsonl", *options)
    assert (done.returncode, "Traceback" in done.stderr) == (2, False)
    assert message in done.stderr
