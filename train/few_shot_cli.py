"""``aikind model few-shot``."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from aikind.base_package import DEFAULT_BASE
from aikind.errors import MissingExtraError
from aikind.label_set import load_label_set

__all__ = ["few_shot"]


@click.command("few-shot")
@click.argument("label_set_file", metavar="LABELSET", type=click.Path(path_type=Path))
@click.argument("labels", required=False, type=click.Path(path_type=Path))
@click.option("-o", "--output", "target", type=click.Path(path_type=Path, file_okay=False), required=True, help="Folder for the model.")
@click.option("--base", default=DEFAULT_BASE, show_default=True, help="Base weights: the packaged default, a folder, or a hub id.")
def few_shot(label_set_file: Path, labels: Path | None, target: Path, base: str) -> None:
    """Make a model for LABELSET (TOML) from the few texts in LABELS (JSONL with id, text and labels).

    Some 16 texts a label, and as many with none, make it usable. Without LABELS the model is a first guess, made of the
    definitions, terms and examples in LABELSET. Either way its manifest and card say so.

    Exit codes: 0 done, 1 done, but some rows could not be used, 2 nothing was made.

    \b
    Examples:
      aikind model few-shot topics.toml -o models/guess
      aikind model few-shot topics.toml labels.jsonl -o models/topics
      aikind tag articles/ --model models/topics
    """
    label_set = load_label_set(label_set_file)
    try:
        from aikind.data.gold_rows import load_gold_set
        from aikind.train.few_shot import make_few_shot_model
    except ImportError as error:
        raise MissingExtraError("making a model", "train") from error
    gold = load_gold_set(labels, label_set) if labels else None
    rows = gold.rows if gold else []
    manifest = make_few_shot_model(label_set, rows, target, base, labels.name if labels else "", lambda line: click.echo(line, err=True))
    for name in label_set.names:
        if rows and not any(row.labels[name] for row in rows):
            click.echo(f"no text carries the label {name!r}; what the model knows of it comes from the label set alone", err=True)
    click.echo(f"{target}: {manifest.about['made']}")
    broken = gold.skipped.faults if gold else []
    for skip in broken:
        click.echo(f"skipped {skip.where}: {skip.why}", err=True)
    if broken:
        sys.exit(1)
