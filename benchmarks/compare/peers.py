"""Which peers there are, and how each is run."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

__all__ = ["SCRIPTS", "SETTINGS", "Peer", "Settings", "peers_of", "read_settings"]

SCRIPTS = Path(__file__).parent / "scripts"
SETTINGS = Path(__file__).parent / "settings.toml"


@dataclass(frozen=True, slots=True)
class Peer:
    """Attributes:
    key: Names its folder and its table of settings.
    script: In ``scripts/``, or an absolute path.
    environment: Its requirements file without ``.txt``; empty for the interpreter that runs the comparison.
    trainer, trainer_environment: The same of a script that only trains, where that needs another environment.
    model: A model that was trained before; None for a peer that trains its own or has none.
    absent: Why there is nothing to run, or empty.
    note: What a reader of the table must know.
    """

    key: str
    name: str
    script: str
    environment: str
    trainer: str = ""
    trainer_environment: str = ""
    model: Path | None = None
    absent: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Settings:
    limit_minutes: float
    speed_documents: int
    tables: Mapping[str, Mapping[str, Any]]

    def of(self, peer: Peer) -> Mapping[str, Any]:
        return self.tables.get(peer.key, {})


def read_settings(path: Path) -> Settings:
    """Read a settings file; what it lacks is taken from the one beside this module.

    Raises:
        ValueError: It cannot be read, or names something that cannot be set.
    """
    default = tomllib.loads(SETTINGS.read_text(encoding="utf-8"))
    try:
        own = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ValueError(f"{path}: cannot be read: {error}") from error
    _check(path, "", own, default)
    merged = {**default, **{k: {**default[k], **v} if isinstance(v, dict) else v for k, v in own.items()}}
    tables = {k: v for k, v in merged.items() if isinstance(v, dict)}
    return Settings(float(merged["limit_minutes"]), int(merged["speed_documents"]), tables)


def _check(path: Path, where: str, own: Mapping[str, Any], default: Mapping[str, Any]) -> None:
    for key, value in own.items():
        if key not in default:
            raise ValueError(f"{path}: unknown setting {where}{key}; there are {', '.join(default)}")
        if type(value) is not type(default[key]) and not (type(value) is int and type(default[key]) is float):
            raise ValueError(f"{path}: {where}{key} = {value!r}; expected a value like {default[key]!r}")
        if isinstance(value, dict):
            _check(path, f"{key}.", value, default[key])


def peers_of(shipped: Path, run: Path, teacher: Path | None, three_layers: Path | None) -> list[Peer]:
    """Every peer, the shipped model first.

    Args:
        run, teacher: Run folders that ``aikind model train`` wrote.
        shipped, three_layers: Model folders.
    """
    return [
        Peer("shipped", "the shipped model, int8", "peer_shipped.py", "shipped", model=shipped),
        Peer("keyword_rules", "keyword rules", "peer_keyword_rules.py", "keyword_rules"),
        Peer("tfidf", "TF-IDF + logistic regression", "peer_tfidf.py", "tfidf"),
        Peer("fasttext", "fastText", "peer_fasttext.py", "fasttext"),
        Peer("model2vec", "model2vec", "peer_model2vec.py", "model2vec", "train_model2vec.py", "model2vec_training"),
        Peer("frozen", "frozen MiniLM + logistic regression", "peer_frozen.py", "torch"),
        Peer("setfit", "SetFit", "peer_setfit.py", "setfit"),
        _three_layers(three_layers),
        _network("student", "the student, fp32", run, "RUN"),
        _network("teacher", "the teacher", teacher, "TEACHER"),
    ]


def _network(key: str, name: str, run: Path | None, variable: str) -> Peer:
    absent = ""
    if run is None:
        absent = f"not given ({variable}=run folder)"
    elif not (run / "network" / "about.json").exists():
        absent = f"{run}: holds no trained network"
    return Peer(key, name, "peer_network.py", "torch", model=run, absent=absent)


def _three_layers(folder: Path | None) -> Peer:
    absent = ""
    if folder is None:
        absent = "not given (MODEL3=model folder)"
    elif not (folder / "manifest.json").exists():
        absent = f"{folder}: holds no model"
    return Peer("three_layers", "a student of three layers, int8", "peer_shipped.py", "shipped", model=folder, absent=absent)
