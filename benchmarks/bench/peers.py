"""What `make bench` sets beside `aikind tag`: each a command of its own that reads JSON Lines and writes JSON Lines."""

from __future__ import annotations

import json
import random
import shutil
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..compare.environments import ensure_environment
from ..compare.peers import SCRIPTS as PEER_SCRIPTS
from ..compare.peers import SETTINGS, read_settings
from .commands import run
from .documents import CORPUS

__all__ = ["Peer", "Ready", "make_ready", "peers_of"]

SCRIPTS = Path(__file__).parent / "scripts"
_INSTALLATION_SECONDS = 3600.0
_TRAINING_ROWS = 1000  # speed does not depend on what was learnt, so a little will do
Command = Callable[[Path, Path], list[str]]


@dataclass(frozen=True, slots=True)
class Peer:
    """Attributes:
    documents: It is given so many of the documents at most; a slow one fewer.
    reads: What it reads of a document, for the table.
    """

    key: str
    name: str
    reads: str
    documents: int


@dataclass(frozen=True, slots=True)
class Ready:
    """Attributes:
    command: From the paths of a file to tag and of one to write.
    megabytes: Of its environment.
    """

    command: Command
    megabytes: float


def peers_of() -> list[Peer]:
    return [
        Peer("transformers_all", "transformers pipeline, PyTorch", "all windows", 300),
        Peer("transformers_truncate", "transformers pipeline, PyTorch", "first window", 300),
        Peer("optimum_all", "transformers pipeline, optimum-onnx", "all windows", 300),
        Peer("optimum_truncate", "transformers pipeline, optimum-onnx", "first window", 300),
        Peer("fasttext", "fastText", "all", 2000),
        Peer("model2vec", "model2vec classifier", "all", 2000),
        Peer("datatrove", "datatrove step with fastText", "all", 2000),
    ]


def make_ready(peer: Peer, model: Path, folder: Path) -> Ready:
    """Install a peer's environment, and make its model from the shipped one or train a little one.

    Raises:
        RuntimeError: Something cannot be installed or made.
    """
    library, _, reading = peer.key.partition("_")
    if library == "transformers":
        python, size = _environment("torch", folder)
        stock = _made(folder / "stock", [sys.executable, str(SCRIPTS / "make_stock.py"), str(model)], folder)
        return Ready(lambda i, o: [str(python), str(SCRIPTS / "tag_pipeline.py"), library, reading, str(stock), str(i), str(o)], size)
    if library == "optimum":
        make_ready(Peer("transformers_all", "", "", 0), model, folder)
        python, size = _environment("optimum", folder)
        exported = _made(folder / "exported", [str(python), str(SCRIPTS / "make_onnx.py"), str(folder / "stock")], folder)
        return Ready(lambda i, o: [str(python), str(SCRIPTS / "tag_pipeline.py"), library, reading, str(exported), str(i), str(o)], size)
    if library == "model2vec":
        _train("train_model2vec", "model2vec", _environment("model2vec_training", folder)[0], folder)
        python, size = _environment("model2vec", folder)
        return Ready(_tag_peer(python, "peer_model2vec", folder / "model2vec"), size)
    python, size = _environment("fasttext", folder)
    _train("peer_fasttext", "fasttext", python, folder)
    if library == "fasttext":
        return Ready(_tag_peer(python, "peer_fasttext", folder / "fasttext"), size)
    python, size = _environment("datatrove", folder)
    vectors, work = str(folder / "fasttext" / "model" / "model.bin"), str(folder / "datatrove")
    return Ready(lambda i, o: [str(python), str(SCRIPTS / "tag_datatrove.py"), vectors, str(i), str(o), work], size)


def _environment(name: str, folder: Path) -> tuple[Path, float]:
    environment = ensure_environment(name, folder / "envs", _INSTALLATION_SECONDS)
    return environment.python, environment.bytes / 1e6


def _made(target: Path, command: Sequence[str], folder: Path) -> Path:
    if not target.exists():
        draft = target.with_name(target.name + ".part")
        shutil.rmtree(draft, ignore_errors=True)
        run([*command, str(draft)], folder / f"{target.name}.log")
        draft.rename(target)
    return target


def _tag_peer(python: Path, script: str, home: Path) -> Command:
    started = ["env", f"PYTHONPATH={PEER_SCRIPTS}", str(python)]
    return lambda i, o: [*started, str(SCRIPTS / "tag_peer.py"), script, str(home), str(i), str(o)]


def _train(script: str, key: str, python: Path, folder: Path) -> None:
    """Train a peer of the comparison on a part of the corpus, once."""
    home = folder / key
    if (home / "trained.json").exists():
        return
    home.mkdir(parents=True, exist_ok=True)
    data = folder / "data"
    data.mkdir(exist_ok=True)
    rows = _labelled(_TRAINING_ROWS)
    for name, part in (("train", rows[100:]), ("validation", rows[:100])):
        (data / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in part), encoding="utf-8")
    settings = dict(read_settings(SETTINGS).tables[key])
    labels = sorted({label for row in rows for label in row["labels"]})
    task = {"data": str(data), "sets": [], "labels": labels, "settings": settings, "model": None, "only_train": True}
    (home / "job.json").write_text(json.dumps(task), encoding="utf-8")
    run([str(python), str(PEER_SCRIPTS / f"{script}.py"), str(home)], home / "log.txt")


def _labelled(count: int) -> list[dict[str, object]]:
    lines = [line for path in sorted(CORPUS.rglob("*.jsonl")) for line in path.read_text(encoding="utf-8").splitlines()]
    rows = [json.loads(line) for line in random.Random(3).sample(lines, count)]
    return [{name: row[name] for name in ("id", "text", "labels")} for row in rows]
