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
from aikind.model_store import ModelStore

from .conftest import FILLER, PHRASES, command

LABELS = tuple(PHRASES)
TURNED = "clones voices"  # the new labels call it predictive, the model generative
FAST = ("--learning-rate", 0.003, "--epochs", 6, "--parity-texts", 100, "--replay-texts", 160)


def numbered(words: list[str], rng: random.Random) -> str:
    """The words with a number after each, so that no two texts are near copies."""
    return " ".join(f"{word} {rng.randrange(10_000)}" for word in words)


def toy_texts(count: int, seed: int) -> list[dict[str, Any]]:
    """Texts as the tiny model knows them, with their labels."""
    rng = random.Random(seed)
    rows = []
    for number in range(count):
        labels = [name for name in LABELS if rng.random() < 0.5]
        words = rng.choices(FILLER, k=rng.randint(2, 5)) + [rng.choice(PHRASES[name]) for name in labels for _ in range(2)]
        rng.shuffle(words)
        rows.append({"id": f"{seed}-{number}", "text": numbered(words, rng), "labels": labels})
    return rows


def turned_texts(count: int, seed: int) -> list[dict[str, Any]]:
    """Texts about what the new labels see otherwise than the model."""
    rng = random.Random(seed)
    return [
        {"id": f"n{number}", "text": numbered([*rng.choices(FILLER, k=3), TURNED, TURNED], rng), "predictive": 1, "generative": 0}
        for number in range(count)
    ]


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
            for row in toy_texts(count, seed)
        ]

    folder = tmp_path_factory.mktemp("base")
    dataset = StoredDataset("toy", "0" * 64, default_label_set(), {"train": records(1, 300), "validation": records(2, 80), "test": records(3, 20)})
    settings = TrainSettings(str(tiny_base), 8, learning_rate=0.003, window_tokens=48, window_overlap=8, train_embeddings=True)
    fit(dataset, folder / "run", settings, folder)
    export_run(folder / "run", folder / "model", dataset, 100)
    return folder / "model"


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> tuple[object, ...]:
    """Options that name texts the tiny model knows, in place of aikind's own corpus."""
    folder = tmp_path_factory.mktemp("known")
    replay = write_jsonl(folder / "replay.jsonl", toy_texts(400, 4))
    return ("--replay", replay, "--gold", write_jsonl(folder / "gold.jsonl", toy_texts(150, 5)))


@pytest.fixture(scope="module")
def retrained(base: Path, known: tuple[object, ...], tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A store after a retraining that was killed once, and what its second start printed."""
    folder = tmp_path_factory.mktemp("store")
    labels = write_jsonl(folder / "new.jsonl", turned_texts(80, 6))
    arguments = ["retrain", "--labels", labels, "--model", base, "-o", folder / "models", *known, *FAST]
    with subprocess.Popen([sys.executable, "-m", "aikind", *map(str, arguments)], stderr=subprocess.DEVNULL) as process:
        while process.poll() is None and not list(folder.glob("models/.retrain/run/checkpoints/checkpoint-*/trainer_state.json")):
            time.sleep(0.02)
        process.kill()
    assert process.returncode == -signal.SIGKILL
    assert ModelStore(folder / "models").versions == ["v1"]
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
    unseen = turned_texts(60, 7)
    assert set(kinds(base, unseen)) == {"generative"}
    assert kinds(store, unseen).count("predictive") >= 48


def test_other_texts_keep_their_labels(retrained: tuple[Path, str], base: Path) -> None:
    others = [row for row in toy_texts(300, 8) if TURNED not in row["text"]]
    before, after = kinds(base, others), kinds(retrained[0], others)
    assert sum(a != b for a, b in zip(before, after, strict=True)) <= 0.02 * len(others)
