"""Run one peer: its environment, its training, its answers; what an earlier run finished is kept."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from .environments import ensure_environment, folder_bytes
from .export import Exported
from .peers import SCRIPTS, Peer

__all__ = ["Limits", "Result", "run_peer"]


@dataclass(frozen=True, slots=True)
class Limits:
    """Seconds for one script, and for the installation of one environment."""

    script: float
    installation: float = 3600.0


@dataclass(frozen=True, slots=True)
class Result:
    """What is known of a peer.

    Attributes:
        failed: Why there is no more, or empty.
        training_seconds: None where it was not trained here.
        model_bytes, environment_bytes: None where there is none, or where it is not known.
        documents_per_second: With all CPUs, in one process.
        reference_documents_per_second: Of the shipped model on the same documents, straight after this peer.
        answers: For each measured set the labels of each document.
        kept: It was finished by an earlier run.
    """

    key: str
    name: str
    failed: str = ""
    note: str = ""
    training_seconds: float | None = None
    model_bytes: int | None = None
    environment_bytes: int | None = None
    documents_per_second: float | None = None
    tokens_per_second: float | None = None
    reference_documents_per_second: float | None = None
    cpus: int | None = None
    answers: list[list[list[str]]] = field(default_factory=list, repr=False)
    kept: bool = False


def run_peer(
    peer: Peer, reference: Peer, job: Mapping[str, Any], data: Exported, settings: Mapping[str, Any], output: Path, limits: Limits
) -> Result:
    """Run ``peer`` in ``output/<key>``, or give what an earlier run with the same data, settings and scripts found.

    A failure is a result too, but is not kept: the next run tries again.

    Args:
        reference: The shipped model, timed after the peer on the same documents.
        job: Its ``labels``, and the ``fingerprint`` of the dataset.
    """
    if peer.absent:
        return Result(peer.key, peer.name, failed=f"skipped: {peer.absent}", note=peer.note)
    folder = output / peer.key
    folder.mkdir(parents=True, exist_ok=True)
    try:
        training_key = _training_key(peer, job, data, settings)
        key = _key(training_key, [*data.sets, data.speed])
        kept = _read(folder / "result.json")
        if kept.get("key") == key:
            return Result(**{**kept["result"], "kept": True, "note": peer.note})
        if _read(folder / "training-key.json").get("key") != training_key:
            (folder / "trained.json").unlink(missing_ok=True)
            _write(folder / "training-key.json", {"key": training_key})
        result = _run(peer, reference, job, data, settings, folder, output, limits)
    except (RuntimeError, OSError, ValueError, KeyError) as error:
        return Result(peer.key, peer.name, failed=" ".join(str(error).split()) or type(error).__name__, note=peer.note)
    _write(folder / "result.json", {"key": key, "result": asdict(result)})
    return result


def _run(
    peer: Peer,
    reference: Peer,
    job: Mapping[str, Any],
    data: Exported,
    settings: Mapping[str, Any],
    folder: Path,
    output: Path,
    limits: Limits,
) -> Result:
    task = {
        "data": str(data.folder),
        "sets": list(map(str, data.sets)),
        "speed": str(data.speed),
        "labels": job["labels"],
        "settings": dict(settings),
    }
    task["model"] = str(peer.model.resolve()) if peer.model else None
    if peer.trainer:
        python, _ = _environment(peer.trainer_environment, output, limits)
        _script(python, peer.trainer, folder, {**task, "only_train": True}, limits)
    python, environment_bytes = _environment(peer.environment, output, limits)
    (folder / "timings.json").unlink(missing_ok=True)
    _script(python, peer.script, folder, task, limits)
    timings, trained = _read(folder / "timings.json"), _read(folder / "trained.json")
    if "speed_seconds" not in timings:
        raise RuntimeError(f"{peer.script} ended without its timings")
    answers = [_answers(folder / f"predictions-{number}.jsonl", path) for number, path in enumerate(data.sets)]
    model = (peer.model / "network" if (peer.model / "network").is_dir() else peer.model) if peer.model else folder / "model"
    return Result(
        peer.key,
        peer.name,
        note=peer.note,
        training_seconds=trained.get("seconds") or _trained_before(peer),
        model_bytes=folder_bytes(model) if model.exists() else None,
        environment_bytes=environment_bytes,
        documents_per_second=data.speed_documents / timings["speed_seconds"],
        tokens_per_second=data.speed_tokens / timings["speed_seconds"],
        reference_documents_per_second=_reference(peer, reference, task, timings, data, output, limits),
        cpus=timings["cpus"],
        answers=answers,
    )


def _trained_before(peer: Peer) -> float | None:
    """Seconds that the run behind the peer noted, wherever it ran; of one that was resumed, those of its last start."""
    log = peer.model / "log.jsonl" if peer.model else None
    if log is None or not log.exists():
        return None
    seconds = [line["train_runtime"] for line in map(json.loads, log.read_text(encoding="utf-8").splitlines()) if "train_runtime" in line]
    return float(seconds[-1]) if seconds else None


def _reference(
    peer: Peer, reference: Peer, task: Mapping[str, Any], timings: Mapping[str, Any], data: Exported, output: Path, limits: Limits
) -> float | None:
    """The shipped model's documents a second now; None where it cannot be run, which its own row explains."""
    if peer.key == reference.key:
        return float(data.speed_documents / timings["speed_seconds"])
    folder = output / "reference"
    folder.mkdir(exist_ok=True)
    (folder / "timings.json").unlink(missing_ok=True)
    try:
        python, _ = _environment(reference.environment, output, limits)
        _script(
            python,
            reference.script,
            folder,
            {**task, "sets": [], "model": str(reference.model.resolve()) if reference.model else None},
            limits,
        )
        return float(data.speed_documents / _read(folder / "timings.json")["speed_seconds"])
    except (RuntimeError, OSError, KeyError):
        return None


def _environment(name: str, output: Path, limits: Limits) -> tuple[Path, int | None]:
    if not name:
        return Path(sys.executable), None
    environment = ensure_environment(name, output / "envs", limits.installation)
    return environment.python, environment.bytes


def _script(python: Path, script: str, folder: Path, task: Mapping[str, Any], limits: Limits) -> None:
    _write(folder / "job.json", task)
    environment = {**os.environ, "PYTHONPATH": str(SCRIPTS), "PYTHONHASHSEED": "0", "TOKENIZERS_PARALLELISM": "true"}
    with (folder / "log.txt").open("w", encoding="utf-8") as log:
        log.write(time.strftime("%Y-%m-%d %H:%M:%S\n"))
        log.flush()
        command = [str(python), str(SCRIPTS / script), str(folder)]
        try:
            done = subprocess.run(command, stdout=log, stderr=log, env=environment, timeout=limits.script, check=False)
        except subprocess.TimeoutExpired as error:
            raise RuntimeError(f"{script} was stopped after {limits.script / 60:.3g} minutes, its limit") from error
    if done.returncode:
        lines = [line for line in (folder / "log.txt").read_text(encoding="utf-8", errors="replace").splitlines() if line.strip()]
        raise RuntimeError(f"{script} ended with {done.returncode}: {lines[-1][:300]} ({folder / 'log.txt'} has all of it)")


def _answers(predictions: Path, rows: Path) -> list[list[str]]:
    """The labels for each row, in the rows' order."""
    ids = [json.loads(line)["id"] for line in rows.read_text(encoding="utf-8").splitlines()]
    said = [json.loads(line) for line in predictions.read_text(encoding="utf-8").splitlines()]
    if [answer["id"] for answer in said] != ids:
        raise RuntimeError(f"{predictions} does not answer the rows of {rows} one by one")
    return [answer["labels"] for answer in said]


def _training_key(peer: Peer, job: Mapping[str, Any], data: Exported, settings: Mapping[str, Any]) -> str:
    scripts = [SCRIPTS / name for name in ("peer_io.py", "linear_io.py", peer.script, peer.trainer) if name]
    environments = [SCRIPTS.parent / "requirements" / f"{name}.txt" for name in (peer.environment, peer.trainer_environment) if name]
    parts = [job["fingerprint"], list(job["labels"]), dict(settings), str(peer.model)]
    models = [path for name in ("manifest.json", "network/about.json") if peer.model and (path := peer.model / name).exists()]
    return _key(json.dumps(parts, sort_keys=True), [*scripts, *environments, *models, data.folder / "train.jsonl"])


def _key(text: str, files: list[Path]) -> str:
    digest = hashlib.sha256(text.encode())
    for path in files:
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def _read(path: Path) -> dict[str, Any]:
    try:
        value: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return value


def _write(path: Path, value: Mapping[str, Any]) -> None:
    draft = path.with_suffix(".part")
    draft.write_text(json.dumps(value) + "\n", encoding="utf-8")
    draft.rename(path)
