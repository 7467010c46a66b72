"""The model folder: what it holds, and how it is checked before anything in it is used.

model.onnx       one window of token ids in, one logit per label out (int8)
tokenizer.json   for the tokenizers library
README.md        the model card
manifest.json    everything else that tagging needs, and the SHA-256 of each other file
"""

from __future__ import annotations

import hashlib
import json
import math
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aikind.errors import ModelError, RecipeError
from aikind.label_set import LabelSet

__all__ = ["CARD", "MANIFEST", "NETWORK", "TOKENIZER", "Calibration", "Manifest", "default_model", "file_sha256", "load_manifest"]

SCHEMA = 1
NETWORK, TOKENIZER, CARD, MANIFEST = "model.onnx", "tokenizer.json", "README.md", "manifest.json"


@dataclass(frozen=True, slots=True)
class Calibration:
    """Platt scaling of a document logit: probability = sigmoid(slope * logit + intercept)."""

    slope: float
    intercept: float


@dataclass(frozen=True, slots=True)
class Manifest:
    """A model folder's description of itself.

    Attributes:
        window_tokens, window_overlap: How texts are cut, in tokens.
        aggregation: Name of the rule that makes document logits from window logits.
        calibration, thresholds: Per label; a document carries a label whose probability reaches the threshold.
        unsure_within: A probability nearer to its threshold than this marks the document as unsure.
        most_tokens_per_word: A text with more is unlike the writing that the model was validated on: code, tables, codes.
        files: SHA-256 per file name.
        about: Base model, dataset fingerprint, metrics, parity, commit; for readers, not for tagging.
    """

    name: str
    label_set: LabelSet
    window_tokens: int
    window_overlap: int
    aggregation: str
    calibration: Mapping[str, Calibration]
    thresholds: Mapping[str, float]
    unsure_within: float
    files: Mapping[str, str]
    most_tokens_per_word: float = math.inf
    about: Mapping[str, Any] = field(default_factory=dict)

    def to_json(self) -> str:
        raw = {
            "schema": SCHEMA,
            "name": self.name,
            "label_set": self.label_set.to_dict(),
            "window": {"tokens": self.window_tokens, "overlap": self.window_overlap},
            "aggregation": self.aggregation,
            "calibration": {k: {"slope": c.slope, "intercept": c.intercept} for k, c in self.calibration.items()},
            "thresholds": dict(self.thresholds),
            "unsure_within": self.unsure_within,
            **({"most_tokens_per_word": self.most_tokens_per_word} if math.isfinite(self.most_tokens_per_word) else {}),
            "files": dict(self.files),
            "about": dict(self.about),
        }
        return json.dumps(raw, indent=2, ensure_ascii=False) + "\n"


def default_model() -> Path:
    """The folder of the shipped model."""
    import aikind.models

    return Path(next(iter(aikind.models.__path__))) / "default"


def file_sha256(path: Path) -> str:
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def load_manifest(folder: Path) -> Manifest:
    """Read a model folder's manifest and check every file it names.

    Raises:
        ModelError: The folder, a file or a key is missing, a file was altered, or the folder is of another schema.
    """
    path = folder / MANIFEST
    if not os.path.isdir(folder):  # noqa: PTH112  (unlike Path.is_dir it never raises)
        raise ModelError(f"{folder}: no such model folder; a model folder holds {MANIFEST}, {NETWORK} and {TOKENIZER}")
    try:
        raw = json.loads(path.read_text(encoding="utf-8"), parse_constant=_no_constant)
    except (OSError, ValueError) as error:
        raise ModelError(f"{path}: cannot read the manifest: {error}") from error
    if not isinstance(raw, dict) or raw.get("schema") != SCHEMA:
        found = raw.get("schema") if isinstance(raw, dict) else type(raw).__name__
        raise ModelError(f"{path}: schema {found!r}; this version of aikind reads schema {SCHEMA}. Export the model again")
    try:
        label_set = LabelSet.from_dict(raw["label_set"], str(path))
        manifest = Manifest(
            name=str(raw["name"]),
            label_set=label_set,
            window_tokens=int(raw["window"]["tokens"]),
            window_overlap=int(raw["window"]["overlap"]),
            aggregation=str(raw["aggregation"]),
            calibration={
                n: Calibration(float(raw["calibration"][n]["slope"]), float(raw["calibration"][n]["intercept"])) for n in label_set.names
            },
            thresholds={n: float(raw["thresholds"][n]) for n in label_set.names},
            unsure_within=float(raw["unsure_within"]),
            most_tokens_per_word=float(raw.get("most_tokens_per_word", math.inf)),
            files={str(k): str(v) for k, v in raw["files"].items()},
            about=raw.get("about", {}),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ModelError(f"{path}: a key is missing or has an unusable value: {error}") from error
    except RecipeError as error:
        raise ModelError(str(error)) from error
    _check_files(folder, manifest)
    return manifest


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is no number to work with")


def _check_files(folder: Path, manifest: Manifest) -> None:
    for name in (NETWORK, TOKENIZER):
        if name not in manifest.files:
            raise ModelError(f"{folder / MANIFEST}: gives no SHA-256 for {name}")
    for name, expected in manifest.files.items():
        if Path(name).name != name:
            raise ModelError(f"{folder / MANIFEST}: {name!r} is not a plain file name")
        try:
            found = file_sha256(folder / name)
        except OSError as error:
            raise ModelError(f"{folder / name}: cannot read: {error.strerror}") from error
        if found != expected:
            raise ModelError(
                f"{folder / name}: altered or damaged: SHA-256 is {found[:16]}…, the manifest says {expected[:16]}…. Fetch the model again"
            )
