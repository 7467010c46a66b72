"""``aikind dataset``: build labelled datasets."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from aikind.data.migrate_cli import migrate

__all__ = ["dataset"]


@click.group()
def dataset() -> None:
    """Build, check and compare labelled datasets."""


@dataset.command("build")
@click.argument("recipe", type=click.Path(path_type=Path))
@click.option("-o", "--output", type=click.Path(path_type=Path, file_okay=False), required=True, help="Folder for the dataset.")
@click.option(
    "--label-set",
    "label_set_file",
    type=click.Path(path_type=Path),
    help="Label set (TOML) to build for; labels given under the recipe's own are carried over.  [default: the recipe's]",
)
def build_command(recipe: Path, output: Path, label_set_file: Path | None) -> None:
    """Build the dataset that RECIPE (a TOML file) describes.

    Started again after a kill, it goes on where the labelling functions stopped.

    \b
    Example:
      aikind dataset build data/recipes/corpus.toml -o build/dataset
      aikind dataset build data/recipes/corpus.toml --label-set topics.toml -o build/topics
    """
    from aikind.data.build import build
    from aikind.data.recipe import load_recipe
    from aikind.data.store import claim, write_dataset

    loaded = load_recipe(recipe, label_set_file)
    built = build(loaded, say=lambda line: click.echo(line, err=True), kept=claim(output) / "votes", progress=_show_progress)
    write_dataset(built, output)
    broken = built.skipped.faults
    for skip in broken[:20]:
        click.echo(f"skipped {skip.where}: {skip.why}", err=True)
    if len(broken) > 20:
        click.echo(f"… and {len(broken) - 20} more", err=True)
    for name, first in built.votes.first_crash.items():
        click.echo(f"labelling function {name} crashed {built.votes.crashes[name]} times; first at {first}", err=True)
    for remark in built.votes.remarks:
        click.echo(remark, err=True)
    sizes = ", ".join(f"{name} {len(rows)}" for name, rows in built.splits.items())
    click.echo(f"{output}: {sizes}; fingerprint {built.fingerprint[:16]}; card in {output / 'README.md'}")


def _show_progress(done: int, total: int) -> None:
    if sys.stderr.isatty():
        click.echo(f"\r  {done} of {total} rows" + ("\n" if done == total else ""), nl=False, err=True)


@dataset.command("analyze")
@click.argument("recipe", type=click.Path(path_type=Path))
def analyze_command(recipe: Path) -> None:
    """Show how each labelling function does on the sources of RECIPE, unread rows included.

    Coverage, overlap and conflict are shares of all rows; accuracy is over the rows with gold labels. Below, each way of
    combining votes is measured on gold that it was not fitted to.
    """
    from aikind.data.build import vote_on_everything
    from aikind.data.card import functions_table, markdown_table
    from aikind.data.labelling.analysis import analyze
    from aikind.data.labelling.combine import measure_combiners
    from aikind.data.recipe import load_recipe

    loaded = load_recipe(recipe)
    rows, votes = vote_on_everything(loaded, say=lambda line: click.echo(line, err=True))
    click.echo(functions_table(analyze(votes, rows)))
    for name, first in votes.first_crash.items():
        click.echo(f"{name} crashed {votes.crashes[name]} times; first at {first}", err=True)
    for remark in votes.remarks:
        click.echo(remark, err=True)
    if any(row.labels is not None for row in rows):
        names = loaded.label_set.names
        measured = measure_combiners(votes, rows, names)
        click.echo("\n" + markdown_table(("combined by", *names), [(k, *(f"{v[n]:.1%}" for n in names)) for k, v in measured.items()]))


@dataset.command("validate")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--text-field", default="text", show_default=True)
@click.option("--labels-field", default="labels", show_default=True)
@click.option("--id-field", default="id", show_default=True)
@click.option("--label-set", "label_set_file", type=click.Path(path_type=Path), help="Label set (TOML).  [default: the shipped one]")
def validate_command(file: Path, text_field: str, labels_field: str, id_field: str, label_set_file: Path | None) -> None:
    """Tell what is wrong with a labelled FILE (.jsonl, .csv or .parquet), line by line.

    Exit codes: 0 usable, 1 problems found, 2 not readable at all.
    """
    from aikind.data.validate import validate_file
    from aikind.label_set import default_label_set, load_label_set

    label_set = load_label_set(label_set_file) if label_set_file else default_label_set()
    problems = validate_file(file, label_set, text_field, labels_field, id_field)
    for problem in problems:
        click.echo(f"{'error' if problem.error else 'warning'}: {problem.where}: {problem.message}")
    errors = sum(problem.error for problem in problems)
    click.echo(f"{file}: {errors} errors, {len(problems) - errors} warnings", err=True)
    if errors:
        sys.exit(1)


dataset.add_command(migrate)


@dataset.command("diff")
@click.argument("old", type=click.Path(path_type=Path))
@click.argument("new", type=click.Path(path_type=Path))
@click.option("--most", default=10, show_default=True, type=click.IntRange(0), help="Examples of each sort of change.")
def diff_command(old: Path, new: Path, most: int) -> None:
    """Tell what changed between two built datasets, OLD and NEW. Exit code 1 when a row differs."""
    from aikind.data.diff import diff_datasets
    from aikind.data.store import load_dataset

    diff = diff_datasets(load_dataset(old), load_dataset(new))
    click.echo(diff.render(most))
    if not diff.empty:
        sys.exit(1)


@dataset.command("card")
@click.argument("folder", metavar="DATASET", type=click.Path(path_type=Path))
def card_command(folder: Path) -> None:
    """Print the card of a built DATASET."""
    from aikind.data.store import read_card

    click.echo(read_card(folder), nl=False)
