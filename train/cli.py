"""``aikind model``: train, evaluate and export models, keep their versions, audit gold labels."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from aikind.errors import MissingExtraError
from aikind.train.evaluate_cli import card, evaluate
from aikind.train.few_shot_cli import few_shot
from aikind.train.settings import TrainSettings
from aikind.train.versions_cli import compare, info, list_versions, promote, push, rollback, verify

__all__ = ["model"]

_DEFAULT = TrainSettings()


@click.group()
def model() -> None:
    """Train, evaluate and export models, keep their versions, audit gold labels."""


@model.command("train")
@click.argument("dataset", type=click.Path(path_type=Path))
@click.option("-o", "--output", "run", type=click.Path(path_type=Path, file_okay=False), required=True, help="Folder for the run.")
@click.option(
    "--base",
    default=_DEFAULT.base,
    show_default=True,
    help="Base weights: the packaged default, a folder (of a model to go on from, too), or a hub id.",
)
@click.option("--epochs", default=_DEFAULT.epochs, show_default=True, type=click.FloatRange(0, min_open=True))
@click.option("--batch-size", default=_DEFAULT.batch_size, show_default=True, type=click.IntRange(1))
@click.option("--learning-rate", default=_DEFAULT.learning_rate, show_default=True, type=click.FloatRange(0, min_open=True))
@click.option("--window-tokens", default=_DEFAULT.window_tokens, show_default=True, type=click.IntRange(8, 512))
@click.option("--window-overlap", default=_DEFAULT.window_overlap, show_default=True, type=click.IntRange(0, 255))
@click.option("--precision", default=_DEFAULT.precision, show_default=True, type=click.Choice(["auto", "bf16", "fp32"]))
@click.option("--dropout", default=_DEFAULT.dropout, show_default=True, type=click.FloatRange(0, 1, max_open=True))
@click.option("--layers", default=_DEFAULT.layers, show_default=True, type=click.IntRange(0), help="Keep so many layers; 0 keeps all.")
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
    layers: int,
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
        layers=layers,
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


for command in (evaluate, card, few_shot, list_versions, info, compare, verify, promote, rollback, push):
    model.add_command(command)


@model.command("teach")
@click.argument("run", type=click.Path(path_type=Path))
@click.argument("recipe", type=click.Path(path_type=Path))
@click.option("-o", "--output", type=click.Path(path_type=Path, dir_okay=False), required=True, help="File for the labels (.csv.gz).")
@click.option("--everything", is_flag=True, help="Score the texts that people have read, too.")
def teach_command(run: Path, recipe: Path, output: Path, everything: bool) -> None:
    """Score the texts of RECIPE that nobody has read with the network of RUN.

    Named as `soft` of a source, the file lets a smaller model learn from a larger one. Started again after a kill, it
    goes on.

    \b
    Example:
      aikind model teach build/teacher data/recipes/shipped.toml -o data/labels/pool_soft.csv.gz
    """
    try:
        from aikind.data.recipe import load_recipe
        from aikind.train.teach import score_unread
    except ImportError as error:
        raise MissingExtraError("scoring with a trained network", "train") from error
    if not output.name.endswith(".csv.gz"):
        raise click.UsageError(f"--output {output}: expected a name that ends with .csv.gz.")
    _check_writable(output)
    count = score_unread(run, load_recipe(recipe), output, everything, say=lambda line: click.echo(line, err=True))
    click.echo(f"{output}: {count} texts")


@model.command("average")
@click.argument("runs", type=click.Path(path_type=Path), nargs=-1, required=True)
@click.option("-o", "--output", "target", type=click.Path(path_type=Path, file_okay=False), required=True, help="Folder for the run.")
def average_command(runs: tuple[Path, ...], target: Path) -> None:
    """Average the networks of two or more RUNS that began from the same weights.

    The result is exported as any other run is, with the dataset of the last one.

    \b
    Example:
      aikind model average build/run-a build/run-b -o build/run
    """
    try:
        from aikind.train.average import average_runs
    except ImportError as error:
        raise MissingExtraError("averaging networks", "train") from error
    if len(runs) < 2:
        raise click.UsageError("There is one run only; give two or more.")
    average_runs(runs, target)
    click.echo(str(target))


@model.command("audit")
@click.argument("dataset", type=click.Path(path_type=Path))
@click.option("-o", "--output", type=click.Path(path_type=Path, dir_okay=False), required=True, help="CSV file for the suspects.")
@click.option("--most", default=300, show_default=True, type=click.IntRange(1), help="Write so many suspects, the likeliest first.")
@click.option("--splits", default="train,validation", show_default=True, help="Splits to look through, joined by commas.")
@click.option("--base", default=_DEFAULT.base, show_default=True, help="Base weights: the packaged default, a folder, or a hub id.")
@click.option("--seed", default=_DEFAULT.seed, show_default=True, type=click.IntRange(0), help="Draws the folds.")
def audit_command(dataset: Path, output: Path, most: int, splits: str, base: str, seed: int) -> None:
    """Find gold labels of DATASET that are probably wrong, for a second reading.

    Each label is held against a model that did not see its row. The CSV has a row per suspect: whether the label was given,
    the probability that it should be, and its rank, the label that is believed least first.

    \b
    Example:
      aikind model audit build/dataset -o build/suspects.csv
    """
    try:
        from aikind.data.recipe import SPLITS
        from aikind.data.store import load_dataset
        from aikind.serve.output import finished_file
        from aikind.train.audit import audit_labels, render, write_suspects
    except ImportError as error:
        raise MissingExtraError("auditing labels", "train") from error
    names = tuple(dict.fromkeys(name.strip() for name in splits.split(",")))
    if unknown := [name for name in names if name not in SPLITS]:
        raise click.UsageError(f"--splits: there is no split {unknown[0]!r}; there are {', '.join(SPLITS)}.")
    _check_writable(output)
    audit = audit_labels(load_dataset(dataset), names, base, seed, say=lambda line: click.echo(line, err=True))
    with finished_file(output) as file:
        write_suspects(audit.suspects[:most], file)
    click.echo(render(audit), err=True)
    click.echo(f"{output}: {min(most, len(audit.suspects))} of them", err=True)


def _check_writable(output: Path) -> None:
    """Refuse an output before the work, not after it.

    Raises:
        click.UsageError: The file cannot be written.
    """
    try:
        output.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise click.UsageError(f"Cannot write {output}: {error.strerror}.") from error
    if not os.access(output if output.exists() else output.parent, os.W_OK):
        raise click.UsageError(f"Cannot write {output}: no permission.")
