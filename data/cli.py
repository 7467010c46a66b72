"""``aikind dataset``: build labelled datasets."""

from __future__ import annotations

from pathlib import Path

import click

__all__ = ["dataset"]


@click.group()
def dataset() -> None:
    """Build labelled datasets from recipes."""


@dataset.command("build")
@click.argument("recipe", type=click.Path(path_type=Path))
@click.option("-o", "--output", type=click.Path(path_type=Path, file_okay=False), required=True, help="Folder for the dataset.")
def build_command(recipe: Path, output: Path) -> None:
    """Build the dataset that RECIPE (a TOML file) describes.

    \b
    Example:
      aikind dataset build data/recipes/corpus.toml -o build/dataset
    """
    from aikind.data.build import build
    from aikind.data.recipe import load_recipe
    from aikind.data.store import write_dataset

    built = build(load_recipe(recipe), say=lambda line: click.echo(line, err=True))
    write_dataset(built, output)
    broken = [
        (where, why) for where, why in built.skipped.reasons if not why.startswith(("same text", "no gold", "no labelling", "a near copy"))
    ]
    for where, why in broken[:20]:
        click.echo(f"skipped {where}: {why}", err=True)
    if len(broken) > 20:
        click.echo(f"… and {len(broken) - 20} more", err=True)
    for name, first in built.votes.first_crash.items():
        click.echo(f"labelling function {name} crashed {built.votes.crashes[name]} times; first at {first}", err=True)
    sizes = ", ".join(f"{name} {len(rows)}" for name, rows in built.splits.items())
    click.echo(f"{output}: {sizes}; fingerprint {built.fingerprint[:16]}; card in {output / 'README.md'}")
