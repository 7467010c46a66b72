"""``aikind model``: train, evaluate and export models."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click

from aikind.errors import MissingExtraError
from aikind.train.settings import TrainSettings

__all__ = ["model"]

_DEFAULT = TrainSettings()


@click.group()
def model() -> None:
    """Train, evaluate and export models."""


@model.command("train")
@click.argument("dataset", type=click.Path(path_type=Path))
@click.option("-o", "--output", "run", type=click.Path(path_type=Path, file_okay=False), required=True, help="Folder for the run.")
@click.option("--base", default=_DEFAULT.base, show_default=True, help="Base weights: the packaged default, a folder, or a hub id.")
@click.option("--epochs", default=_DEFAULT.epochs, show_default=True, type=click.FloatRange(0, min_open=True))
@click.option("--batch-size", default=_DEFAULT.batch_size, show_default=True, type=click.IntRange(1))
@click.option("--learning-rate", default=_DEFAULT.learning_rate, show_default=True, type=click.FloatRange(0, min_open=True))
@click.option("--window-tokens", default=_DEFAULT.window_tokens, show_default=True, type=click.IntRange(8, 512))
@click.option("--window-overlap", default=_DEFAULT.window_overlap, show_default=True, type=click.IntRange(0, 255))
@click.option("--precision", default=_DEFAULT.precision, show_default=True, type=click.Choice(["auto", "bf16", "fp32"]))
@click.option("--dropout", default=_DEFAULT.dropout, show_default=True, type=click.FloatRange(0, 1, max_open=True))
@click.option(
    "--frozen-layers", default=_DEFAULT.frozen_layers, show_default=True, type=click.IntRange(0), help="Lowest layers left as they are."
)
@click.option("--most-windows", default=_DEFAULT.most_windows, show_default=True, type=click.IntRange(1), help="Cut training texts there.")
@click.option("--train-embeddings", is_flag=True, help="Also train the token embeddings.")
@click.option("--seed", default=_DEFAULT.seed, show_default=True, type=click.IntRange(0))
def train_command(
    dataset: Path,
    run: Path,
    base: str,
    epochs: float,
    batch_size: int,
    learning_rate: float,
    window_tokens: int,
    window_overlap: int,
    precision: str,
    dropout: float,
    frozen_layers: int,
    most_windows: int,
    train_embeddings: bool,
    seed: int,
) -> None:
    """Fine-tune a model on DATASET (a folder that `aikind dataset build` wrote).

    Started again after a kill, it goes on from the last checkpoint; with other --epochs, the rest of the run is shorter or
    longer.

    \b
    Example:
      aikind model train build/dataset -o build/run
    """
    try:
        from aikind.data.store import load_dataset
        from aikind.train.fit import fit
    except ImportError as error:
        raise MissingExtraError("training", "train") from error
    if 2 * window_overlap >= window_tokens - 2:
        raise click.UsageError(f"--window-overlap {window_overlap} must be below half of --window-tokens {window_tokens}.")
    settings = TrainSettings(
        base=base,
        epochs=epochs,
        batch_size=batch_size,
        learning_rate=learning_rate,
        window_tokens=window_tokens,
        window_overlap=window_overlap,
        precision=precision,
        dropout=dropout,
        frozen_layers=frozen_layers,
        most_windows=most_windows,
        train_embeddings=train_embeddings,
        seed=seed,
    )
    fit(load_dataset(dataset), run, settings, dataset, say=lambda line: click.echo(line, err=True), progress=sys.stderr.isatty())


@model.command("export")
@click.argument("run", type=click.Path(path_type=Path))
@click.option("-o", "--output", "target", type=click.Path(path_type=Path, file_okay=False), required=True, help="Folder for the model.")
@click.option(
    "--dataset", "dataset_folder", type=click.Path(path_type=Path), help="The run's dataset.  [default: where it was trained from]"
)
@click.option("--parity-texts", default=2000, show_default=True, type=click.IntRange(1), help="Texts to compare PyTorch and int8 on.")
def export_command(run: Path, target: Path, dataset_folder: Path | None, parity_texts: int) -> None:
    """Export RUN to an int8 ONNX model folder, calibrated and held against the trained network.

    \b
    Example:
      aikind model export build/run -o models/mine
    """
    try:
        from aikind.data.store import load_dataset
        from aikind.train.export import export_run
        from aikind.train.network import load_about
    except ImportError as error:
        raise MissingExtraError("exporting", "train") from error
    dataset = load_dataset(dataset_folder or Path(load_about(run / "network")["dataset"]["path"]))
    export_run(run, target, dataset, parity_texts, say=lambda line: click.echo(line, err=True))
    click.echo(str(target))


@model.command("evaluate")
@click.argument("model_folder", metavar="MODEL", type=click.Path(path_type=Path))
@click.argument("data", type=click.Path(path_type=Path))
@click.option(
    "--split", default="test", show_default=True, type=click.Choice(["train", "validation", "test"]), help="Split, where DATA is a dataset."
)
@click.option("--baselines", type=click.Path(path_type=Path), help="Dataset to train baselines on, set beside the model.")
@click.option("-o", "--output", type=click.Path(path_type=Path, dir_okay=False), help="Also write the figures to this JSON file.")
def evaluate_command(model_folder: Path, data: Path, split: str, baselines: Path | None, output: Path | None) -> None:
    """Measure MODEL on DATA: a dataset folder, or a JSONL file with id, text, labels, genre and hard.

    \b
    Example:
      aikind model evaluate models/default build/dataset --baselines build/dataset
    """
    try:
        from aikind.data.gold_rows import load_gold_rows
        from aikind.data.store import load_dataset
        from aikind.serve.model import Model
        from aikind.train.baselines import run_baselines
        from aikind.train.evaluate import evaluate_model, measure, render
    except ImportError as error:
        raise MissingExtraError("evaluation", "train") from error
    loaded = Model(model_folder)
    label_set = loaded.manifest.label_set
    rows, skipped = load_gold_rows(data, label_set, split)
    for skip in skipped.all:
        click.echo(f"skipped {skip.where}: {skip.why}", err=True)
    results = [evaluate_model(loaded, rows, loaded.manifest.name)]
    if baselines is not None:
        for name, scores in run_baselines(
            load_dataset(baselines), rows, say=lambda line: click.echo(f"baseline: {line}", err=True)
        ).items():
            results.append(measure(name, label_set, rows, scores))
    click.echo(render(results, label_set))
    if output is not None:
        output.parent.mkdir(parents=True, exist_ok=True)
        output.write_text(json.dumps([r.to_dict() for r in results], indent=2) + "\n", encoding="utf-8")
    if skipped.all:
        sys.exit(1)
