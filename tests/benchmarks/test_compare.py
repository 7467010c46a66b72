"""The comparison's runner and table, with peers that are tiny scripts without an environment of their own."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from aikind.data.gold_rows import load_gold_set
from aikind.data.store import StoredDataset
from aikind.label_set import default_label_set
from aikind.model_folder import TOKENIZER, default_model
from benchmarks.compare.export import Exported, Measured, export
from benchmarks.compare.peers import SCRIPTS, SETTINGS, Peer, peers_of, read_settings
from benchmarks.compare.runner import Limits, Result, run_peer
from benchmarks.compare.table import figures, render

ROOT = Path(__file__).parents[2]
NAMES = ("predictive", "generative")
# It learns which words came with which label, and notes each time that it learns.
FAKE = """
import json
from pathlib import Path
from peer_io import run_peer

def train(job):
    with (job.model.parent / "trainings.txt").open("a") as file:
        file.write("trained\\n")
    rows = job.train()
    words = {n: sorted({w for t, ls in zip(rows.texts, rows.labels) if n in ls for w in t.split()}) for n in job.labels}
    (job.model / "words.json").write_text(json.dumps(words))

def load(job):
    words = json.loads((job.model / "words.json").read_text())
    return lambda texts: [[n for n in job.labels if set(t.split()) & set(words[n])] for t in texts]

run_peer(load, train)
"""


def stored(texts: dict[str, list[tuple[str, tuple[str, ...]]]]) -> StoredDataset:
    def row(split: str, number: int, text: str, labels: tuple[str, ...]) -> dict[str, Any]:
        values = {n: float(n in labels) for n in NAMES}
        return {"id": f"{split}{number}", "text": text, "label_origin": "gold", "source": "s", "genre": "toy", "hard": False, **values}

    splits = {s: [row(s, i, *pair) for i, pair in enumerate(texts.get(s, []))] for s in ("train", "validation", "test")}
    return StoredDataset("toy", "f" * 64, default_label_set(), splits)


DATASET = {
    "train": [("forecast", ("predictive",)), ("poem", ("generative",)), ("rhyme", ("generative",)), ("bread", ())],
    "validation": [("forecast", ("predictive",))],
}


class Bench:
    """A folder to compare in, with one measured set."""

    def __init__(self, folder: Path, write_jsonl: Callable[..., Path]) -> None:
        self.folder = folder
        rows = [
            ("a", "a forecast", ["predictive"]),
            ("b", "a poem", ["generative"]),
            ("c", "some bread", []),
            ("d", "a bare wish", ["generative"]),
        ]
        self.write_jsonl = write_jsonl
        self.set = self.measure("set.jsonl", [{"id": i, "text": t, "labels": ls} for i, t, ls in rows])
        self.job = {"labels": NAMES, "fingerprint": "f" * 64}
        self.script("good.py", FAKE)

    def measure(self, name: str, rows: list[dict[str, Any]], elsewhere: bool = False) -> Measured:
        return Measured(load_gold_set(self.write_jsonl(name, rows), default_label_set()), elsewhere)

    def script(self, name: str, code: str) -> str:
        path = self.folder / name
        path.write_text(code, encoding="utf-8")
        return str(path)

    def export(self, *measured: Measured) -> Exported:
        return export(stored(DATASET), measured or [self.set], self.folder / "out" / "data", 3, default_model() / TOKENIZER)

    def run(self, peer: Peer, data: Exported | None = None, settings: dict[str, Any] | None = None, seconds: float = 60) -> Result:
        reference = replace(self.peer("good.py", "shipped"), model=None)
        return run_peer(peer, reference, self.job, data or self.export(), settings or {}, self.folder / "out", Limits(seconds))

    def peer(self, script: str, key: str = "fake") -> Peer:
        return Peer(key, f"a {key} peer", str(self.folder / script), "")

    def trainings(self, key: str = "fake") -> int:
        return len((self.folder / "out" / key / "trainings.txt").read_text().splitlines())


@pytest.fixture
def bench(tmp_path: Path, write_jsonl: Callable[..., Path]) -> Bench:
    return Bench(tmp_path, write_jsonl)


def test_a_peer_is_trained_asked_and_timed(bench: Bench) -> None:
    result = bench.run(bench.peer("good.py", "shipped"))
    assert result.failed == ""
    assert result.answers == [[["predictive"], ["generative"], [], []]]
    assert result.training_seconds is not None
    assert result.model_bytes == (bench.folder / "out" / "shipped" / "model" / "words.json").stat().st_size
    assert result.documents_per_second
    assert result.tokens_per_second
    assert result.tokens_per_second / result.documents_per_second == pytest.approx(bench.export().speed_tokens / 3)
    assert result.reference_documents_per_second == result.documents_per_second


def test_what_is_finished_is_kept_until_data_settings_or_script_change(bench: Bench) -> None:
    peer = bench.peer("good.py")
    first, again = bench.run(peer), bench.run(peer)
    assert (first.kept, again.kept) == (False, True)
    assert again.answers == first.answers
    assert bench.trainings() == 1
    assert bench.run(peer, settings={"epochs": 2}).kept is False
    assert bench.trainings() == 2
    bench.script("good.py", FAKE + "\n# better\n")
    bench.run(peer, settings={"epochs": 2})
    assert bench.trainings() == 3
    bench.job["fingerprint"] = "e" * 64
    bench.run(peer, settings={"epochs": 2})
    assert bench.trainings() == 4


def test_another_set_is_answered_without_training_again(bench: Bench) -> None:
    peer = bench.peer("good.py")
    bench.run(peer)
    more = bench.measure("more.jsonl", [{"id": "x", "text": "one more poem", "labels": ["generative"]}], elsewhere=True)
    result = bench.run(peer, bench.export(bench.set, more))
    assert result.kept is False
    assert result.answers[1] == [["generative"]]
    assert bench.trainings() == 1


def test_a_killed_training_starts_again_and_a_killed_answer_does_not_train_again(bench: Bench) -> None:
    bench.script(
        "good.py",
        FAKE.replace("run_peer(load", "if not Path(__file__).with_name('live').exists():\n    load = lambda job: 1 / 0\nrun_peer(load"),
    )
    peer = bench.peer("good.py")
    assert "ZeroDivisionError" in bench.run(peer).failed
    assert bench.trainings() == 1
    (bench.folder / "live").touch()
    assert bench.run(peer).failed == ""
    assert bench.trainings() == 1
    (bench.folder / "out" / "fake" / "trained.json").unlink()
    (bench.folder / "out" / "fake" / "result.json").unlink()
    assert bench.run(peer).failed == ""
    assert bench.trainings() == 2


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        (
            "raise SystemExit('no wheel for this machine')",
            r"^.*bad\.py ended with 1: no wheel for this machine \(.*log\.txt has all of it\)$",
        ),
        ("import time; time.sleep(60)", r"stopped after 0\.0333 minutes, its limit"),
        ("", "ended without its timings"),
        (FAKE.replace("for t in texts]", "for t in texts[:1]]"), "shorter|ValueError"),
    ],
)
def test_a_peer_that_fails_says_why_and_is_tried_again(bench: Bench, code: str, reason: str) -> None:
    bench.script("bad.py", code)
    result = bench.run(bench.peer("bad.py"), seconds=2 if "sleep" in code else 60)
    assert re.search(reason, result.failed), result.failed
    bench.script("bad.py", FAKE)
    assert bench.run(bench.peer("bad.py")).failed == ""


def test_a_peer_whose_environment_cannot_be_made_is_a_row_with_its_reason(bench: Bench) -> None:
    result = bench.run(replace(bench.peer("good.py"), environment="nowhere"))
    assert "nowhere.txt" in result.failed


def test_absent_models_are_skipped_with_a_note(bench: Bench) -> None:
    peers = {peer.key: peer for peer in peers_of(default_model(), bench.folder, None, None)}
    assert bench.run(peers["teacher"]).failed == "skipped: not given (TEACHER=run folder)"
    assert bench.run(peers["student"]).failed == f"skipped: {bench.folder}: holds no trained network"
    assert bench.run(peers["three_layers"]).failed == "skipped: not given (MODEL3=model folder)"
    assert all((SCRIPTS / peer.script).exists() for peer in peers.values())
    assert all((SCRIPTS.parent / "requirements" / f"{peer.environment}.txt").exists() for peer in peers.values())


def test_the_table_gives_figures_of_each_set_and_says_what_failed(bench: Bench) -> None:
    bench.script("bad.py", "raise SystemExit('broken')")
    results = [bench.run(bench.peer("good.py", "shipped")), bench.run(bench.peer("bad.py", "other"))]
    about = {"dataset": {"name": "toy"}, "train_rows": 4, "notes": ["a note"]}
    report = figures(results, [bench.set], NAMES, about)
    good, bad = report["peers"]
    (found,) = good["sets"]
    assert found["kind_accuracy"] == 0.75
    assert found["kind_accuracy_interval"][0] < 0.75 < found["kind_accuracy_interval"][1]
    assert {n: round(f["f1"], 4) for n, f in found["labels"].items()} == {"predictive": 1.0, "generative": 0.6667}
    assert good["speed_ratio"] == 1
    assert (bad["sets"], bad["documents_per_second"]) == ([], None)
    json.dumps(report, allow_nan=False)
    text = render(report)
    assert re.search(r"^\| a shipped peer \| 75\.0 \(.* to .*\) \| 100\.0 \(.*\) \| 66\.7 \(.*\) \|$", text, re.MULTILINE)
    assert re.search(r"^\| a shipped peer \| 0\.0 \| – \| [\d.]+ \| \d+ \| 1\.00 \| 0 \|$", text, re.MULTILINE)
    assert re.search(r"^- a other peer: .*broken", text, re.MULTILINE)
    assert "| a other peer" not in text
    assert "a bare wish" not in text


def test_no_measured_text_is_trained_on(bench: Bench) -> None:
    same = bench.measure("same.jsonl", [{"id": "x", "text": "  Forecast ", "labels": ["predictive"]}], elsewhere=True)
    data = bench.export(bench.set, same)
    assert data.train_rows == 3
    assert data.notes == ["1 training rows are among the measured documents and were left out"]
    assert "Forecast" not in data.speed.read_text()


def test_settings_are_checked_and_completed(tmp_path: Path) -> None:
    own = tmp_path / "own.toml"
    own.write_text("limit_minutes = 2\n[setfit]\ntexts_per_combination = 4\n")
    settings, default = read_settings(own), read_settings(SETTINGS)
    assert settings.limit_minutes == 2
    assert settings.tables["setfit"] == {**default.tables["setfit"], "texts_per_combination": 4}
    assert settings.tables["fasttext"] == default.tables["fasttext"]
    for wrong, named in (
        ("[setfit]\ntexts = 4", "setfit.texts"),
        ("[svm]", "svm"),
        ('[fasttext]\nepochs = "many"', "'many'"),
        ("[", "own.toml"),
    ):
        own.write_text(wrong)
        with pytest.raises(ValueError, match=named):
            read_settings(own)


def test_wrong_usage_ends_before_any_work(tmp_path: Path) -> None:
    for arguments, said in ((["nowhere"], "holds no dataset"), (["nowhere", "--only", "oracle"], "there is no such peer")):
        command = [sys.executable, "-m", "benchmarks.compare", *arguments, "-o", str(tmp_path / "out")]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
        assert done.returncode == 2
        assert said in " ".join(done.stderr.split())
        assert "Traceback" not in done.stderr
    assert not (tmp_path / "out").exists()
