"""Retraining through the command line, on a tiny model: what is promoted, what is refused, and what a kill leaves."""

from __future__ import annotations

import csv
import json
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from aikind import Tagger
from aikind.cli import main
from aikind.errors import ModelError
from aikind.model_folder import file_sha256, load_manifest
from aikind.model_store import ModelStore

from .conftest import FILLER, PHRASES, command

LABELS = tuple(PHRASES)
STRANGE = "greets guests"  # words that the tiny tokenizer does not know; the tiny model takes texts about it for neither
FAST = ("--learning-rate", 0.001, "--epochs", 6, "--parity-texts", 50, "--replay-texts", 200)
Result = tuple[int, str, str]


def numbered(words: list[str], rng: random.Random) -> str:
    """The words with a number after each, so that no two texts are near copies."""
    return " ".join(f"{word} {rng.randrange(10_000)}" for word in words)


def known_texts(count: int, seed: int) -> list[dict[str, Any]]:
    """Texts as the tiny model knows them, with their labels."""
    rng = random.Random(seed)
    rows = []
    for number in range(count):
        labels = [name for name in LABELS if rng.random() < 0.5]
        words = rng.choices(FILLER, k=rng.randint(2, 5)) + [rng.choice(PHRASES[name]) for name in labels for _ in range(2)]
        rng.shuffle(words)
        rows.append({"id": f"{seed}-{number}", "text": numbered(words, rng), "labels": labels})
    return rows


def strange_texts(count: int, seed: int, **labels: int) -> list[dict[str, Any]]:
    """Texts about something that the model has not met, with those labels."""
    rng = random.Random(seed)
    rows = []
    for number in range(count):
        words = [*rng.choices(FILLER, k=3), STRANGE, STRANGE]
        rng.shuffle(words)
        rows.append({"id": f"n{number}", "text": numbered(words, rng), **labels})
    return rows


def write_jsonl(path: Path, rows: list[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def base(tiny_base: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model folder of the tiny encoder that knows the toy texts."""
    from aikind.data.store import StoredDataset
    from aikind.label_set import default_label_set
    from aikind.train.export import export_run
    from aikind.train.fit import fit
    from aikind.train.settings import TrainSettings

    def records(seed: int, count: int) -> list[dict[str, Any]]:
        return [
            {**row, **{name: float(name in row["labels"]) for name in LABELS}, "weight": 1.0, "label_origin": "gold"}
            for row in known_texts(count, seed)
        ]

    folder = tmp_path_factory.mktemp("base")
    splits = {"train": records(1, 300), "validation": records(2, 80), "test": records(3, 20)}
    dataset = StoredDataset("toy", "0" * 64, default_label_set(), splits)
    settings = TrainSettings(str(tiny_base), 6, learning_rate=0.003, window_tokens=48, window_overlap=8, train_embeddings=True)
    fit(dataset, folder / "run", settings, folder)
    export_run(folder / "run", folder / "model", dataset, 50)
    return folder / "model"


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> tuple[object, ...]:
    """Options that name texts the tiny model knows, in place of aikind's own corpus."""
    folder = tmp_path_factory.mktemp("known")
    replay = write_jsonl(folder / "replay.jsonl", known_texts(320, 4))
    return ("--replay", replay, "--gold", write_jsonl(folder / "gold.jsonl", known_texts(120, 5)))


@pytest.fixture
def aikind_here(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., Result]:
    """The command line in this process, which need not load torch again: exit code, output, messages."""

    def run(*arguments: object) -> Result:
        monkeypatch.setattr(sys, "argv", ["aikind", *map(str, arguments)])
        capsys.readouterr()
        with pytest.raises(SystemExit) as stop:
            main()
        printed = capsys.readouterr()
        return int(stop.value.code or 0), printed.out, printed.err

    return run


@pytest.fixture(scope="module")
def retrained(base: Path, known: tuple[object, ...], tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A store after a retraining that was killed on the way, and what its second start printed."""
    from aikind.train.retrain import RetrainPlan, retrain

    folder = tmp_path_factory.mktemp("store")
    labels = write_jsonl(folder / "new.jsonl", strange_texts(80, 6, predictive=1, generative=0))
    arguments = ["retrain", "--labels", labels, "--model", base, "-o", folder / "models", *known, *FAST]
    with subprocess.Popen([sys.executable, "-m", "aikind", *map(str, arguments)], stderr=subprocess.DEVNULL) as process:
        while process.poll() is None and not list(folder.glob("models/.retrain/run/checkpoints/checkpoint-*/trainer_state.json")):
            time.sleep(0.02)
        process.kill()
    assert process.returncode == -signal.SIGKILL
    assert ModelStore(folder / "models").versions == ["v1"]
    other = write_jsonl(folder / "other.jsonl", strange_texts(30, 16, predictive=1, generative=0))
    with pytest.raises(ModelError, match="was stopped, with another gold and labels and replay and settings"):
        retrain(RetrainPlan([other], None, [], []), folder / "models")
    done = command(*arguments)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "resuming checkpoint-" in done.stderr
    assert "seconds left" in done.stderr
    return folder / "models", done.stdout


def kinds(model: Path, rows: list[dict[str, Any]]) -> list[str]:
    return [tagging.kind for tagging in Tagger(model).tag_many(row["text"] for row in rows)]


def test_better_labels_are_promoted_and_followed_on_texts_that_nobody_labelled(retrained: tuple[Path, str], base: Path) -> None:
    store, printed = retrained
    assert "v2 is in use now" in printed
    unseen = strange_texts(60, 7)
    assert kinds(base, unseen).count("predictive") <= 30
    assert kinds(store, unseen).count("predictive") >= 48
    assert not (store / ".retrain").exists()


def test_other_texts_keep_their_labels(retrained: tuple[Path, str], base: Path) -> None:
    others = known_texts(300, 8)
    before, after = kinds(base, others), kinds(retrained[0], others)
    assert sum(a != b for a, b in zip(before, after, strict=True)) <= 0.02 * len(others)


def test_the_report_has_both_models_figures_and_the_manifest_tells_what_made_the_model(retrained: tuple[Path, str], base: Path) -> None:
    store, _ = retrained
    report = json.loads((store / "reports" / "v2" / "report.json").read_text())
    new, gold = report["comparisons"][:2]
    assert report["decision"]["promote"]
    assert new["accuracy"][1] >= 0.8 > 0.5 > new["accuracy"][0]
    assert gold["documents"] > 100
    for name in ("report.md", "report.html"):
        assert "v2 is better" in (store / "reports" / "v2" / name).read_text()
    about = load_manifest(store / "v2").about
    assert about["parent"]["manifest_sha256"] == file_sha256(base / "manifest.json")
    assert about["labels"][0]["file"] == "new.jsonl"
    assert about["recipe"]["seed"] == about["settings"]["seed"] == 7
    assert about["measured"][0]["kind_accuracy"] == new["accuracy"][1]


def test_shuffled_labels_are_refused_with_the_reason(
    base: Path, known: tuple[object, ...], tmp_path: Path, aikind_here: Callable[..., Result]
) -> None:
    rows = known_texts(120, 9)
    labels = [row["labels"] for row in rows]
    random.Random(1).shuffle(labels)
    shuffled = write_jsonl(tmp_path / "shuffled.jsonl", [{**row, "labels": own} for row, own in zip(rows, labels, strict=True)])
    code, out, err = aikind_here("retrain", "--labels", shuffled, "--model", base, "-o", tmp_path / "models", *known, *FAST)
    assert code == 1, out + err
    assert "v2 is not better: the model in use stays" in out
    assert "- on " in out
    assert "luck alone does as well" in out
    assert ModelStore(tmp_path / "models").current == "v1"
    assert "v2 is not promoted" in (tmp_path / "models" / "reports" / "v2" / "report.html").read_text()


def test_a_further_label_is_learned_and_the_others_stay(
    base: Path, known: tuple[object, ...], tmp_path: Path, aikind_here: Callable[..., Result]
) -> None:
    label_set = tmp_path / "labels.toml"
    names = "\n".join(f'[[label]]\nname = "{name}"\ndefinition = "About it."' for name in (*LABELS, "hospitable"))
    label_set.write_text(f'none = "neither"\nall = "everything"\n{names}\n')
    rng = random.Random(2)
    without = [{"id": row["id"], "text": row["text"], "hospitable": 0} for row in known_texts(50, 10)]
    rows = [*strange_texts(50, 11, hospitable=1), *without]
    rng.shuffle(rows)
    labels = tmp_path / "hospitable.csv"
    with labels.open("w", newline="") as file:
        writer = csv.DictWriter(file, ["id", "text", "hospitable"])
        writer.writeheader()
        writer.writerows(rows)
    store = tmp_path / "models"
    code, out, err = aikind_here("retrain", "--labels", labels, "--label-set", label_set, "--model", base, "-o", store, *known, *FAST)
    assert code == 0, out + err
    tagger = Tagger(store)
    assert tagger.label_set.names == (*LABELS, "hospitable")
    said = [("hospitable" in t.labels) for t in tagger.tag_many(row["text"] for row in [*strange_texts(40, 12), *known_texts(40, 13)])]
    assert sum(said[:40]) >= 36
    assert sum(said[40:]) <= 4


def test_conflicts_with_known_labels_are_listed_and_the_new_ones_win(known: tuple[object, ...], tmp_path: Path) -> None:
    from aikind.data.join import JoinPlan, join
    from aikind.data.texts import read_answered, read_texts
    from aikind.label_set import default_label_set

    replay = Path(str(known[1]))
    first = json.loads(replay.read_text().splitlines()[0])
    turned = {"text": first["text"].upper(), **{name: int(name not in first["labels"]) for name in LABELS}}
    new = write_jsonl(tmp_path / "new.jsonl", [turned, *strange_texts(30, 14, predictive=1, generative=0)])
    label_set = default_label_set()
    rows, problems = read_answered([new], label_set)
    joined = join(rows, read_texts([replay], label_set), [], JoinPlan())
    assert not problems
    assert [(c.new, c.known, c.label) for c in joined.conflicts] == [(f"{new}:1", f"{replay}:1", name) for name in LABELS]
    assert first["text"] not in {row.text for row in [*joined.replay, *joined.replay_validation]}
    assert len(joined.replay) + len(joined.replay_validation) == 319


def test_what_cannot_be_used_is_told(base: Path, known: tuple[object, ...], tmp_path: Path, aikind_here: Callable[..., Result]) -> None:
    few = write_jsonl(
        tmp_path / "few.jsonl", [{"text": "", "predictive": 1, "generative": 0}, *strange_texts(5, 15, predictive=1, generative=0)]
    )
    code, _, err = aikind_here("retrain", "--labels", few, "--model", base, "-o", tmp_path / "models", *known)
    assert code == 2
    assert f"{few}:1" in err
    assert "5 labelled texts can be used; at least 20 are needed" in err
    code, _, err = aikind_here("retrain", "--labels", tmp_path / "none.csv", "--model", base, "-o", tmp_path / "models", *known)
    assert code == 2
    assert "no such file" in err
    (tmp_path / "taken").mkdir()
    (tmp_path / "taken" / "thesis.txt").write_text("x")
    code, _, err = aikind_here("retrain", "--labels", few, "-o", tmp_path / "taken", *known)
    assert code == 2
    assert "holds no model store (thesis.txt)" in err
