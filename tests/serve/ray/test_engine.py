"""`aikind tag --engine ray` and `tag_dataset`, on a cluster of three nodes on this machine."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from aikind import Tagger
from aikind.serve.cli import tag
from tests.serve.ray.conftest import NO_RAY, Nodes

psutil = pytest.importorskip("psutil")
pytest.importorskip("ray", reason=NO_RAY)

Aikind = Callable[..., subprocess.CompletedProcess[str]]

FILES, ROWS = 10, 8


@pytest.fixture(scope="module")
def articles(tmp_path_factory: pytest.TempPathFactory, corpus: list[dict[str, Any]]) -> Path:
    """Ten files of records, three of them with something broken in it."""
    folder = tmp_path_factory.mktemp("cluster") / "articles"
    (folder / "deep").mkdir(parents=True)
    rows = [{"id": row["id"], "text": row["text"], "genre": row["genre"]} for row in corpus if 600 < len(row["text"]) < 3000]
    for number in range(FILES - 2):
        lines = [json.dumps(row) for row in rows[number * ROWS : (number + 1) * ROWS]]
        if number in {1, 4}:
            lines[2:4] = ["not json", json.dumps({"text": ""})]
        (folder / f"part{number}.jsonl").write_text("\n".join(lines) + "\n")
    with (folder / "deep" / "part0.csv").open("w") as file:
        writer = csv.DictWriter(file, ["id", "text", "genre"])
        writer.writeheader()
        writer.writerows(rows[-ROWS:])
        file.write("\n1,2,3,4\n")
    import pyarrow
    import pyarrow.parquet

    pyarrow.parquet.write_table(pyarrow.Table.from_pylist([*rows[-2 * ROWS : -ROWS], {"id": "n"}]), folder / "deep" / "part0.parquet")
    return folder


@pytest.fixture(scope="module")
def expected(articles: Path) -> list[str]:
    """What the local engine writes."""
    target = articles.parent / "local.jsonl"
    command = [sys.executable, "-m", "aikind", "tag", "articles", "-o", target, "--passthrough", "genre"]
    subprocess.run(command, cwd=articles.parent, capture_output=True, check=False)
    return target.read_text().splitlines()


def results_in(folder: Path) -> list[str]:
    return [line for path in sorted(folder.glob("*.jsonl")) for line in path.read_text().splitlines()]


def refused(*arguments: str) -> str:
    """What the command says where it does nothing; in this process, which has loaded Ray already."""
    done = CliRunner().invoke(tag, arguments[1:])
    assert done.exit_code == 2, done.output
    return done.output


def runs_a_worker(node: Any) -> bool:
    raylet = psutil.Process(node.all_processes["raylet"][0].process.pid)
    return any("MapWorker" in " ".join(child.cmdline()) for child in raylet.children(recursive=True))


@pytest.mark.usefixtures("nodes")
def test_a_dataset_gets_its_tags_bit_for_bit(tagger: Tagger, tmp_path: Path) -> None:
    import pyarrow
    import pyarrow.parquet
    import ray

    from aikind.serve.ray import tag_dataset

    texts = ["We ask ChatGPT to write the letters.", "The bridge was repaired.", None, "", "The model predicts which pumps will fail."]
    rows = pyarrow.table({"n": range(5), "title": ["", "On bridges", "x", "", None], "body": texts})
    pyarrow.parquet.write_table(rows, tmp_path / "in.parquet")
    dataset = tag_dataset(ray.data.read_parquet(str(tmp_path / "in.parquet")), "body", title_column="title", prefix="ai_", workers=1)
    done = dataset.materialize()
    done.write_parquet(str(tmp_path / "out"))
    done.write_csv(str(tmp_path / "out"))
    here = tagger.tag_table(rows, "body", title_column="title", prefix="ai_").to_pylist()
    assert [row["ai_error"] for row in here] == [None, None, "the text is null", "the text is empty", None]
    (parquet,), (text,) = (list((tmp_path / "out").glob(f"*.{suffix}")) for suffix in ("parquet", "csv"))
    assert pyarrow.parquet.read_table(parquet).to_pylist() == here
    with text.open() as file:
        found = [row["ai_score_generative"] for row in csv.DictReader(file)]
    assert [float(score) if score else None for score in found] == [row["ai_score_generative"] for row in here]


def test_an_object_store_is_source_and_target(aikind: Aikind, nodes: Nodes, articles: Path) -> None:
    import pyarrow.parquet

    for name in ("part2.jsonl", "part3.jsonl"):
        nodes.store.put_file(str(articles / name), f"box/docs/{name}")
    done = aikind("tag", "s3://box/docs/*.jsonl", "-o", "s3://box/tags", "--engine", "ray", "--format", "parquet", timeout=600)
    assert done.returncode == 0, done.stderr
    assert aikind("tag", "s3://box/docs/*.jsonl", "-o", "s3://box/local.parquet").returncode == 0
    nodes.store.invalidate_cache()
    files = [path for path in sorted(nodes.store.find("box/tags")) if path.endswith(".parquet")]
    assert len(files) == 2
    rows = [row for path in files for row in pyarrow.parquet.read_table(nodes.store.open(path)).to_pylist()]
    assert rows == pyarrow.parquet.read_table(nodes.store.open("box/local.parquet")).to_pylist()


# Last, since it leaves the cluster with one node.
def test_a_node_that_dies_half_way_loses_and_doubles_nothing(
    aikind: Aikind, nodes: Nodes, articles: Path, expected: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    target = articles.parent / "tags"
    arguments = ["tag", "articles", "-o", "tags", "--engine", "ray", "--passthrough", "genre"]
    with subprocess.Popen(
        [sys.executable, "-m", "aikind", *arguments], cwd=articles.parent, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        while process.poll() is None and not (list(target.glob("*.jsonl")) and runs_a_worker(nodes.workers[0])):
            time.sleep(0.05)
        finished = {path: path.stat().st_mtime_ns for path in target.glob("*.jsonl")}
        nodes.cluster.remove_node(nodes.workers[0], allow_graceful=False)
        _, told = process.communicate()
    assert 0 < len(finished) < FILES, told
    assert (process.returncode, "Traceback" in told) == (1, False), told
    assert sorted(results_in(target)) == sorted(expected)  # scores and errors, to the last digit
    assert len(list(target.glob("*.jsonl"))) == FILES
    assert f"{len(expected)} documents" in told
    assert "6 failed" in told
    assert not list(target.glob(".*"))

    lost = sorted(target.glob("*.jsonl"))[:2]
    before = {path: (path.stat().st_mtime_ns, path.read_bytes()) for path in target.glob("*.jsonl")}
    for path in lost:
        path.unlink()
    monkeypatch.chdir(articles.parent)
    assert "is not empty. Give --resume" in refused(*arguments)
    again = aikind(*arguments, "--resume", cwd=articles.parent, timeout=600)
    assert again.returncode in {0, 1}, again.stderr
    assert f"{FILES - 2} files of results were there already" in again.stderr
    for path, (stamp, content) in before.items():
        assert path.read_bytes() == content
        assert (path.stat().st_mtime_ns == stamp) == (path not in lost)
    assert "made with other settings: thresholds was" in refused(*arguments, "--resume", "--threshold", "generative=0.9")
    (articles / "part0.jsonl").write_text('{"text": "changed"}\n')
    assert "the input has changed: articles/part0.jsonl is not what it was" in refused(*arguments, "--resume")
