"""Put measured figures into a model folder: into its manifest, and from there into its card."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from aikind.errors import ModelError
from aikind.model_folder import CARD, MANIFEST, Manifest, file_sha256, load_manifest
from aikind.train.model_card import model_card

__all__ = ["figures_of", "note_in_card", "peers_of"]


def figures_of(evaluation: Path, model: str) -> list[dict[str, Any]]:
    """For each set of an ``evaluation.json`` what was measured of the model.

    Raises:
        ModelError: It is no such file, or is about another model.
    """
    report = _read(evaluation, ("model", "sets"))
    if (other := report["model"]["name"]) != model:
        raise ModelError(f"{evaluation}: is about the model {other}, not {model}; measure this one with: aikind model evaluate")
    figures = []
    for found in report["sets"]:
        result = found["results"][0]
        labels = result["labels"]
        figures.append(
            {
                "texts": found["name"],
                "count": found["documents"],
                "kind_accuracy": result["kind_accuracy"],
                "kind_accuracy_interval": result["kind_accuracy_interval"],
                "f1": {name: of["f1"] for name, of in labels.items()},
                "average_precision": {name: of["average_precision"] for name, of in labels.items()},
                "calibration_error": {name: of["calibration_error"] for name, of in labels.items()},
            }
        )
    return figures


def peers_of(comparison: Path) -> dict[str, Any]:
    """Kind accuracy of each peer of a ``compare.json`` on each set; those that failed are left out.

    Raises:
        ModelError: It is no such file.
    """
    report = _read(comparison, ("sets", "peers"))
    done = [peer for peer in report["peers"] if not peer["failed"]]
    return {
        "texts": [found["name"] for found in report["sets"]],
        "kind_accuracy": {peer["name"]: [found["kind_accuracy"] for found in peer["sets"]] for peer in done},
    }


def note_in_card(folder: Path, measured: Sequence[dict[str, Any]], peers: dict[str, Any] | None = None) -> Manifest:
    """Write figures into the manifest, in the place of those of the same kind, and the card anew."""
    manifest = load_manifest(folder)
    about = {**manifest.about, "measured": list(measured), **({} if peers is None else {"peers": peers})}
    manifest = replace(manifest, about=about)
    card = model_card(manifest)
    manifest = replace(manifest, files={**manifest.files, CARD: _written(folder / CARD, card)})
    _written(folder / MANIFEST, manifest.to_json())  # a kill between the two is told by the card's hash
    return manifest


def _written(path: Path, text: str) -> str:
    draft = path.with_name(f"{path.name}.part")
    draft.write_text(text, encoding="utf-8")
    draft.replace(path)
    return file_sha256(path)


def _read(path: Path, keys: Sequence[str]) -> dict[str, Any]:
    try:
        report = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ModelError(f"{path}: cannot be read: {error}") from error
    if not isinstance(report, dict) or any(key not in report for key in keys):
        raise ModelError(f"{path}: lacks {' or '.join(keys)}; expected what aikind model evaluate or make compare writes")
    return report
