"""Train and measure peers side by side on the same data: ``make compare``."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from aikind.data.gold_rows import is_blind, load_gold_set
from aikind.data.store import StoredDataset, load_dataset
from aikind.errors import AikindError
from aikind.model_folder import TOKENIZER, load_manifest
from aikind.serve.output import finished_file
from aikind.train.use_log import append_lines, check_log

from .export import Measured, export
from .peers import SETTINGS, Peer, peers_of, read_settings
from .runner import Limits, Result, run_peer
from .table import figures, render

ROOT = Path(__file__).parents[2]
GOLD = ROOT / "data" / "gold"
_FOLDER = click.Path(path_type=Path)


@click.command()
@click.argument("dataset_folder", metavar="DATASET", type=_FOLDER)
@click.argument("files", metavar="[FILE]...", nargs=-1, type=_FOLDER)
@click.option("--model", default=ROOT / "models" / "default", type=_FOLDER, help="Model folder that the others are set beside.")
@click.option("--run", "run", default=ROOT / "build" / "run", type=_FOLDER, help="Run folder of the student.")
@click.option("--teacher", type=_FOLDER, help="Run folder of a teacher.")
@click.option("--model3", type=_FOLDER, help="Model folder of a student of three layers.")
@click.option(
    "--settings", default=SETTINGS, type=_FOLDER, help="TOML file like the one beside this module; what it lacks is taken from there."
)
@click.option("--only", multiple=True, metavar="PEER", help="Run these peers alone.")
@click.option("--log", type=_FOLDER, help="Append a JSON line for each FILE from outside the repository: what was measured on it.")
@click.option(
    "-o", "--output", default=ROOT / "build" / "compare", type=_FOLDER, help="Folder for the environments, the peers and the results."
)
def compare(
    dataset_folder: Path,
    files: tuple[Path, ...],
    model: Path,
    run: Path,
    teacher: Path | None,
    model3: Path | None,
    settings: Path,
    only: tuple[str, ...],
    log: Path | None,
    output: Path,
) -> None:
    """Train peers on DATASET and measure all on the gold files, on its validation split, and on each FILE.

    A peer that fails is a line in the notes, and the others go on. What is finished is kept; a run that was killed goes on.
    """
    output = output.resolve()
    try:
        chosen = read_settings(settings)
        peers = _chosen(peers_of(model, run, teacher, model3), only)
        dataset = load_dataset(dataset_folder)
        if log is not None:
            check_log(log)
        measured = _measured(dataset_folder, dataset, files)
        data = export(dataset, measured, output / "data", chosen.speed_documents, model / TOKENIZER)
    except (AikindError, ValueError, OSError) as error:
        raise click.UsageError(str(error)) from error
    job = {"labels": list(dataset.label_set.names), "fingerprint": dataset.fingerprint}
    results = []
    for number, peer in enumerate(peers, 1):
        began = time.monotonic()
        click.echo(f"{number}/{len(peers)} {peer.name} …", err=True)
        noted = replace(peer, note=_note(peer, dataset))
        result = run_peer(noted, peers_of(model, run, None, None)[0], job, data, chosen.of(peer), output, Limits(60 * chosen.limit_minutes))
        results.append(result)
        said = result.failed or ("kept from an earlier run" if result.kept else "done")
        click.echo(f"{number}/{len(peers)} {peer.name}: {said} ({time.monotonic() - began:.0f} s)", err=True)
    about = {
        "dataset": {"name": dataset.name, "fingerprint": dataset.fingerprint},
        "train_rows": data.train_rows,
        "speed": {"documents": data.speed_documents, "tokens": data.speed_tokens},
        "settings": {"limit_minutes": chosen.limit_minutes, "speed_documents": chosen.speed_documents, **chosen.tables},
        "notes": [*data.notes, *_NOTES],
    }
    report = figures(results, measured, dataset.label_set.names, about)
    if log is not None:  # before anything is shown: a figure that was seen is in the log
        _log(log, report, results)
    for path, text in ((output / "compare.json", json.dumps(report, indent=2) + "\n"), (output / "compare.md", render(report))):
        with finished_file(path) as file:
            file.write(text)
        click.echo(f"wrote {path}", err=True)
    for found, path in zip(measured, data.sets, strict=True):
        if found.elsewhere:
            path.unlink()
    click.echo(render(report), nl=False)
    if any(result.failed and not result.failed.startswith("skipped") for result in results):
        sys.exit(1)


_NOTES = (
    "the validation split serves some peers to choose between settings; the gold files serve none",
    "speed is the best of some rounds over the same documents, tokens are the shipped model's; the ratio is to the shipped model, timed "
    "straight after the peer",
    "the size of an environment is that of its installed packages, without pip; peers on torch can tag with less",
    "the seconds of training of a network that was trained before are those its run noted, wherever it ran",
)


def _chosen(peers: list[Peer], only: Sequence[str]) -> list[Peer]:
    if unknown := sorted(set(only) - {peer.key for peer in peers}):
        raise ValueError(f"--only {unknown[0]}: there is no such peer; there are {', '.join(peer.key for peer in peers)}")
    return [peer for peer in peers if not only or peer.key in only]


def _measured(dataset_folder: Path, dataset: StoredDataset, files: Sequence[Path]) -> list[Measured]:
    label_set = dataset.label_set
    found = [Measured(load_gold_set(path, label_set), False) for path in sorted(GOLD.glob("*.jsonl"), reverse=True)]
    if any(row["label_origin"].startswith("gold") for row in dataset.splits["validation"]):
        found.append(Measured(load_gold_set(dataset_folder, label_set, "validation"), False))
    for path in files:
        inside = path.resolve().is_relative_to(ROOT) and not is_blind(path)
        found.append(Measured(load_gold_set(path, label_set), not inside))
    return found


def _note(peer: Peer, dataset: StoredDataset) -> str:
    """Says where a model that was trained before was trained on something else."""
    if peer.model is None or peer.absent:
        return ""
    if (about := peer.model / "network" / "about.json").exists():
        fingerprint = json.loads(about.read_text(encoding="utf-8")).get("dataset", {}).get("fingerprint")
    else:
        fingerprint = load_manifest(peer.model).about.get("dataset", {}).get("fingerprint")
    return "" if fingerprint == dataset.fingerprint else "it was trained on another dataset, which may hold some of these documents"


def _log(log: Path, report: dict[str, Any], results: Sequence[Result]) -> None:
    uses = []
    for number, found in enumerate(report["sets"]):
        for peer, result in zip(report["peers"], results, strict=True):
            if not found["elsewhere"] or result.failed:
                continue
            measured = peer["sets"][number]
            uses.append(
                {
                    "model": f"compare: {peer['key']}",
                    "data": found["name"],
                    "data_sha256": found["sha256"],
                    "documents": found["documents"],
                    "kind_accuracy": round(measured["kind_accuracy"], 5),
                    "f1": {name: round(value["f1"], 5) for name, value in measured["labels"].items()},
                }
            )
    append_lines(log, uses)


if __name__ == "__main__":
    compare(prog_name="compare")
