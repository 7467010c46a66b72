"""``aikind retrain``."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from aikind.errors import MissingExtraError
from aikind.label_set import load_label_set
from aikind.serve.output import prepare_standard_streams

__all__ = ["retrain"]

_FILE = click.Path(path_type=Path)


@click.command("retrain")
@click.option("--labels", multiple=True, required=True, type=_FILE, help="File of new labels; may be given several times.")
@click.option("-o", "--output", "store", required=True, type=_FILE, help="Model store: a folder that holds the versions.")
@click.option("--model", type=_FILE, help="Model that a new store begins with.  [default: the shipped model]")
@click.option("--label-set", type=_FILE, help="TOML file of labels, to add one.  [default: the model's labels]")
@click.option("--may-lose", default=0.01, show_default=True, type=click.FloatRange(0, 1), help="So much may be lost on gold.")
@click.option("--replay", multiple=True, type=_FILE, help="File of texts like those the model knows.  [default: aikind's own corpus]")
@click.option("--gold", multiple=True, type=_FILE, help="File of labelled texts to measure losses on.  [default: aikind's own gold]")
@click.option("--replay-texts", default=1500, show_default=True, type=click.IntRange(0), help="Replay so many texts at most.")
@click.option("--held-out", default=0.25, show_default=True, type=click.FloatRange(0.05, 0.8), help="Share of new texts to measure on.")
@click.option("--epochs", default=1.0, show_default=True, type=click.FloatRange(0, min_open=True))
@click.option("--learning-rate", default=2e-5, show_default=True, type=click.FloatRange(0, min_open=True))
@click.option("--parity-texts", default=500, show_default=True, type=click.IntRange(1), help="Texts to compare PyTorch and int8 on.")
@click.option("--seed", default=7, show_default=True, type=click.IntRange(0), help="Draws what is held out, replayed, and trained first.")
def retrain(
    labels: tuple[Path, ...],
    store: Path,
    model: Path | None,
    label_set: Path | None,
    may_lose: float,
    replay: tuple[Path, ...],
    gold: tuple[Path, ...],
    replay_texts: int,
    held_out: float,
    epochs: float,
    learning_rate: float,
    parity_texts: int,
    seed: int,
) -> None:
    """Retrain a model on new labels, and put it into use if it is better.

    A label file is CSV or JSONL with `text` and a column of 0 and 1 per label (or `labels`, a list of names), or the SQLite
    file of `aikind annotate`. A file that has columns for some labels only leaves the others as the model sees them.

    The new model becomes the next version in the store. It is promoted if it is better on new texts that were held out,
    beyond luck, and loses at most --may-lose on gold texts. Otherwise the model in use stays, and the output says why. Either
    way, reports/VERSION in the store has the figures. Stopped at any point, the same command goes on.

    So that it forgets nothing, the model is shown known texts with its own answers: --replay, or aikind's corpus, which
    comes with aikind. Without either, it is shown the new texts alone.

    \b
    Examples:
      aikind retrain --labels new.csv -o my-models
      aikind tag articles/ --model my-models

    \b
    Exit codes:
      0    the new model is in use
      1    the new model is not better; the one before it stays in use
      2    nothing was done: wrong usage, too few labels, or a model that cannot be loaded
      130  interrupted (Ctrl-C); the same command goes on
    """
    try:
        from aikind.data.join import JoinPlan
        from aikind.train.retrain import RetrainPlan
        from aikind.train.retrain import retrain as run
    except ImportError as error:
        raise MissingExtraError("retraining", "train") from error
    prepare_standard_streams()
    plan = RetrainPlan(
        labels=labels,
        model=model,
        replay=replay,
        gold=gold,
        label_set=None if label_set is None else load_label_set(label_set),
        may_lose=may_lose,
        epochs=epochs,
        learning_rate=learning_rate,
        parity_texts=parity_texts,
        join=JoinPlan(held_out=held_out, replay=replay_texts, seed=seed),
    )
    outcome = run(plan, store, say=lambda line: click.echo(line, err=True), progress=sys.stderr.isatty())
    for sentence in outcome.met:
        click.echo(f"+ {sentence}")
    for sentence in outcome.unmet:
        click.echo(f"- {sentence}")
    click.echo(f"report: {outcome.reports / 'report.html'}")
    click.echo(f"{outcome.version} is {'in use now' if outcome.promoted else 'not better: the model in use stays'}")
    if not outcome.promoted:
        sys.exit(1)
