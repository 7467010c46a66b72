"""`aikind model evaluate`: reports, what they must not show, and what is refused."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result

from aikind import AikindError, DatasetError, default_label_set
from aikind.cli import root
from aikind.data.gold_rows import GoldRow, is_blind
from aikind.data.store import StoredDataset, load_dataset
from aikind.model_folder import MANIFEST, NETWORK, TOKENIZER, Calibration, Manifest, file_sha256
from aikind.serve.windows import WindowPlan
from aikind.train.base_weights import load_encoder
from aikind.train.baselines import run_baselines
from aikind.train.encode import windower_for
from aikind.train.head_start import document_embeddings, set_head
from aikind.train.network import WindowClassifier
from aikind.train.onnx_graph import export_fp32

from .conftest import toy_rows

LABELS = default_label_set()
RECIPE = 'name = "toy"\nseed = 3\n[[source]]\nname = "toy"\npath = "toy.jsonl"\nlabels = "labels"\n[split]\nvalidation = {0}\ntest = {0}\n'
Write = Callable[[str, Iterable[Any]], Path]


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("toy")
    (folder / "toy.jsonl").write_text("".join(json.dumps(row) + "\n" for row in toy_rows(120)))
    (folder / "recipe.toml").write_text(RECIPE.format(0.2))
    done = CliRunner().invoke(root, ["dataset", "build", str(folder / "recipe.toml"), "-o", str(folder / "dataset")])
    assert done.exit_code == 0, done.output
    return folder / "dataset"


@pytest.fixture(scope="module")
def model(tiny_base: Path, dataset: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model folder made in a moment: the encoder as it is, and a head from regressions on its embeddings."""
    plan, rows, folder = WindowPlan(32, 8), toy_rows(120), tmp_path_factory.mktemp("model")
    network = WindowClassifier(load_encoder(str(tiny_base), attn_implementation="eager"), len(LABELS.names)).eval()
    windower = windower_for(tiny_base, plan)
    embeddings = document_embeddings(network, [[w.ids for w in windower.cut(row["text"])] for row in rows])
    targets = np.array([[name in row["labels"] for name in LABELS.names] for row in rows], dtype=np.float32)
    set_head(network, embeddings, targets, np.ones(len(rows), dtype=np.float32))
    export_fp32(network, folder / NETWORK)
    shutil.copyfile(tiny_base / TOKENIZER, folder / TOKENIZER)
    manifest = Manifest(
        name="toy",
        label_set=LABELS,
        window_tokens=plan.tokens,
        window_overlap=plan.overlap,
        aggregation="log_mean_exp",
        calibration=dict.fromkeys(LABELS.names, Calibration(1.0, 0.0)),
        thresholds=dict.fromkeys(LABELS.names, 0.5),
        unsure_within=0.15,
        files={name: file_sha256(folder / name) for name in (NETWORK, TOKENIZER)},
        about={"dataset": {"name": "toy", "fingerprint": load_dataset(dataset).fingerprint}},
    )
    (folder / MANIFEST).write_text(manifest.to_json())
    return folder


def evaluate(*arguments: object) -> Result:
    """In this process, so that the training packages are loaded once."""
    return CliRunner().invoke(root, ["model", "evaluate", *map(str, arguments)])


def refusal(*arguments: object) -> str:
    error = evaluate(*arguments).exception
    assert isinstance(error, AikindError)
    return str(error)


def wrong_rows(count: int) -> list[dict[str, Any]]:
    """Toy rows, the first of which has wrong labels and a text that would be markup."""
    first, *others = toy_rows(count, seed=5)
    labels = [] if first["labels"] else list(LABELS.names)
    return [{**first, "id": "id-of-first", "text": f"<script>alert('secret')</script> {first['text']}", "labels": labels}, *others]


def test_a_report_is_written_as_json_markdown_and_one_page(model: Path, write_jsonl: Write, tmp_path: Path) -> None:
    first = write_jsonl("first.jsonl", [{**r, "era": "deep"} for r in wrong_rows(40)])
    second = write_jsonl("second.jsonl", toy_rows(20, seed=6))
    out, log = tmp_path / "out", tmp_path / "log" / "uses.jsonl"
    for _ in range(2):
        done = evaluate(model, first, second, "-o", out, "--log", log)
        assert done.exit_code == 0, done.output
    assert {path.name for path in out.iterdir()} == {"evaluation.json", "evaluation.md", "evaluation.html"}

    report = json.loads((out / "evaluation.json").read_text())
    assert [s["name"] for s in report["sets"]] == ["first.jsonl", "second.jsonl"]
    found = report["sets"][0]
    figures = found["results"][0]
    low, high = figures["kind_accuracy_interval"]
    assert low <= figures["kind_accuracy"] <= high
    assert 0 <= figures["unsure"]["share"] <= 1
    assert figures["coverage"]["accuracy_at"]["0.80"] == figures["coverage"]["accuracy_at_80_percent"]
    assert figures["groups"]["era"]["deep"]["documents"] == found["documents"] == 40
    for label in LABELS.names:
        assert {"f1_interval", "calibration_error", "brier", "average_precision"} <= set(figures["labels"][label])
    assert "id-of-first" in {wrong["id"] for wrong in found["worst"]}

    page = (out / "evaluation.html").read_text()
    assert not re.search(r"https?://|<link|<script|@import|src=", page)
    assert "&lt;script&gt;alert(&#39;secret&#39;)&lt;/script&gt;" in page
    assert page.count("<svg") == 2 * 5  # two curves a label and one for both, for each set
    assert "prefers-color-scheme: dark" in page
    assert (out / "evaluation.md").read_text() == done.stdout
    assert f"{figures['kind_accuracy']:.1%}" in done.stdout
    assert f"{figures['kind_accuracy']:.1%}" in page

    uses = [json.loads(line) for line in log.read_text().splitlines()]
    assert [use["data"] for use in uses] == ["first.jsonl", "second.jsonl"] * 2
    assert uses[0]["manifest_sha256"] == file_sha256(model / "manifest.json")
    assert uses[0]["data_sha256"] == file_sha256(first)
    assert uses[0]["documents"] == 40
    assert uses[0]["kind_accuracy"] == pytest.approx(figures["kind_accuracy"], abs=1e-4)
    assert set(uses[0]["f1"]) == set(LABELS.names)
    assert uses[0]["time"].endswith("+00:00")


def test_the_number_of_errors_shown_can_be_set(model: Path, write_jsonl: Write, tmp_path: Path) -> None:
    data = write_jsonl("data.jsonl", wrong_rows(12))
    assert evaluate(model, data, "-o", tmp_path / "out", "--errors", 0).exit_code == 0
    assert "secret" not in (tmp_path / "out" / "evaluation.html").read_text()


@pytest.mark.parametrize(("name", "options"), [("data.jsonl", ["--totals-only"]), ("heldout.jsonl", []), ("eval/data.jsonl", [])])
def test_where_only_totals_may_be_shown_no_document_is(
    model: Path, write_jsonl: Write, tmp_path: Path, name: str, options: list[str]
) -> None:
    (tmp_path / name).parent.mkdir(exist_ok=True)
    broken = [
        {"id": "id-of-broken", "text": "a secret", "labels": ["secret-label"]},
        '{"secret',
        {"id": "id-of-blank", "text": "\u200b", "labels": []},
    ]
    data = write_jsonl(name, [*({**r, "genre": f"genre of {r['id']}"} for r in wrong_rows(12)), *broken])
    done = evaluate(model, data, "-o", tmp_path / "out", "--log", tmp_path / "log.jsonl", *options)
    assert done.exit_code == 1
    assert "skipped 1 of" in done.stderr
    written = [path.read_text() for path in (*(tmp_path / "out").iterdir(), tmp_path / "log.jsonl")]
    for shown in (done.stdout, done.stderr, *written):
        assert "secret" not in shown
        assert "id-of-" not in shown
        assert "genre of" not in shown
        assert not any(row["text"] in shown for row in toy_rows(12, seed=5))
    assert "only totals are shown" in done.stdout


def test_names_of_blind_files_are_known() -> None:
    assert all(is_blind(Path(p)) for p in ("x/Heldout-2.jsonl", "held_out/a.jsonl", "eval/a.jsonl", "a.hidden.jsonl", "blind/ds"))
    assert not any(is_blind(Path(p)) for p in ("data/gold/test.jsonl", "build/dataset", "evaluation/a.jsonl"))


def test_a_dataset_the_model_was_not_trained_on_or_another_split_is_remarked_on(model: Path, dataset: Path, tmp_path: Path) -> None:
    done = evaluate(model, dataset)
    assert done.exit_code == 0
    assert "warning" not in done.stderr
    other = tmp_path / "other"
    shutil.copytree(dataset, other)
    description = json.loads((other / "aikind.json").read_text())
    (other / "aikind.json").write_text(json.dumps({**description, "fingerprint": "f" * 64}))
    done = evaluate(model, other, "--split", "validation", "-o", tmp_path / "figures.json")
    assert "the fingerprint ffffffffffffffff is not that of the dataset the model was trained on" in done.stderr
    assert "the split 'validation', which the model was fitted to" in done.stderr
    (found,) = json.loads((tmp_path / "figures.json").read_text())["sets"]
    assert found["name"] == "other (validation)"
    assert len(found["notes"]) == 2


def test_a_model_that_says_nothing_of_its_training_can_be_measured(model: Path, dataset: Path, tmp_path: Path) -> None:
    silent = tmp_path / "silent"
    shutil.copytree(model, silent)
    manifest = json.loads((model / MANIFEST).read_text())
    (silent / MANIFEST).write_text(json.dumps({**manifest, "about": {}}))
    done = evaluate(silent, dataset, "-o", tmp_path / "out")
    assert done.exit_code == 0
    assert "is not that of the dataset the model was trained on, which is unknown" in done.stderr
    assert "unknown" in (tmp_path / "out" / "evaluation.html").read_text()


def test_what_cannot_be_measured_is_refused_before_the_work(model: Path, dataset: Path, write_jsonl: Write, tmp_path: Path) -> None:
    data = write_jsonl("data.jsonl", toy_rows(4))
    assert "nowhere.jsonl: no such file or folder" in refusal(model, data, tmp_path / "nowhere.jsonl")
    assert "holds no dataset" in refusal(model, tmp_path)
    assert "no labelled row to measure on (0 skipped)" in refusal(model, write_jsonl("empty.jsonl", []))
    other = tmp_path / "other"
    shutil.copytree(dataset, other)
    description = json.loads((other / "aikind.json").read_text())
    description["label_set"]["none"] = "nothing"
    (other / "aikind.json").write_text(json.dumps(description))
    for arguments in ((model, other), (model, data, "--baselines", other)):
        assert re.search(r"other: has the label set .*nothing.*; the model's is .*neither", refusal(*arguments))
    assert "give a folder, or a file that ends in .json" in evaluate(model, data, "-o", data).output
    (tmp_path / "folder.json").mkdir()
    assert "folder.json is a folder" in evaluate(model, data, "-o", tmp_path / "folder.json").output
    assert "cannot write the log" in refusal(model, data, "--log", data / "log.jsonl")


def stored(train: list[dict[str, Any]], validation: list[dict[str, Any]]) -> StoredDataset:
    def record(row: dict[str, Any]) -> dict[str, Any]:
        return {**row, **{n: float(n in row["labels"]) for n in LABELS.names}, "label_origin": "gold:written"}

    return StoredDataset("toy", "", LABELS, {"train": list(map(record, train)), "validation": list(map(record, validation)), "test": []})


def gold(rows: list[dict[str, Any]]) -> list[GoldRow]:
    return [GoldRow(r["id"], r["text"], {n: n in r["labels"] for n in LABELS.names}, r["genre"], r["hard"]) for r in rows]


def test_baselines_are_not_trained_on_what_they_are_measured_on() -> None:
    rows = toy_rows(60)
    measured = gold([{**r, "text": r["text"].upper() + "  "} for r in rows[:10]])
    baselines = run_baselines(stored(rows[:50], rows[5:60]), measured)
    assert len(baselines.scores) == 3
    assert [re.findall(r"\d+", note) for note in baselines.notes] == [["10", "50"], ["5", "55"]]
    assert all(scores.shape == (10, 2) for scores in baselines.scores.values())


def test_baselines_do_without_what_a_small_dataset_lacks() -> None:
    rows = toy_rows(30)
    one_class = [{**r, "labels": r["labels"][:0]} for r in rows[:20]]
    baselines = run_baselines(stored(one_class, []), gold(rows[20:]))
    assert len(baselines.scores) == 3
    assert baselines.scores["TF-IDF + logistic regression"].max() == 0
    assert "no gold row to choose the baselines' regularisation on" in baselines.notes[0]
    assert sum("gives the same answer" in note for note in baselines.notes) == 2
    nothing = run_baselines(stored([], []), gold(rows[:3]))
    assert set(nothing.scores) == {"keyword rules"}
    assert "no trained baseline" in nothing.notes[-1]
    no_words = run_baselines(stored([{**rows[0], "text": "!"}, {**rows[1], "text": "?"}], []), gold(rows[2:5]))
    assert set(no_words.scores) == {"keyword rules", "frozen embeddings + logistic regression"}
    assert "no baseline TF-IDF" in no_words.notes[-1]


def test_an_empty_split_is_named(model: Path, tmp_path: Path) -> None:
    (tmp_path / "toy.jsonl").write_text("".join(json.dumps(row) + "\n" for row in toy_rows(30)))
    (tmp_path / "recipe.toml").write_text(RECIPE.format(0))
    assert CliRunner().invoke(root, ["dataset", "build", str(tmp_path / "recipe.toml"), "-o", str(tmp_path / "ds")]).exit_code == 0
    with pytest.raises(DatasetError, match="the split 'test' has no labelled row to measure on"):
        raise evaluate(model, tmp_path / "ds").exception or AssertionError
