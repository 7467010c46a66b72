"""``aikind labels``: carry labels from and to other tools, and hold them against each other."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import click

from aikind.annotate.estimate import estimate_accuracy
from aikind.annotate.store import Store
from aikind.data.label_compare import Comparison, by_reader, compare_rows
from aikind.data.label_files import FORMATS, LabelFile, format_of, read_labels
from aikind.data.label_rows import LabelRow
from aikind.data.label_writers import WRITERS, write_json_lines, write_labels
from aikind.errors import DatasetError
from aikind.label_set import LabelSet, default_label_set, load_label_set

__all__ = ["labels"]

_MOST_TOLD = 20
_IN = click.Path(path_type=Path)
_OUT = click.Path(path_type=Path)


@click.group()
def labels() -> None:
    """Carry labels from and to other tools, compare two readers, and estimate a model's accuracy.

    A label file is JSON Lines or CSV with the field text (or sha256, where the texts live elsewhere), a column per label
    with 0 or 1, and where known id, note, reader and more. Parquet, saved datasets, Label Studio's JSON, doccano's JSONL and
    the file of aikind annotate are read too.
    """


def _reading(command: Callable[..., Any]) -> Callable[..., Any]:
    for option in (
        click.option("--label-set", "label_set_file", type=_IN, help="Label set (TOML).  [default: the shipped one]"),
        click.option("--from", "from_format", type=click.Choice(list(FORMATS)), help="What FILE is.  [default: by its suffix]"),
    ):
        command = option(command)
    return command


_rejects = click.option("--rejects", type=_OUT, help="Keep what cannot be used in this file (JSON Lines), with the reasons.")


@labels.command("import")
@click.argument("file", type=_IN)
@click.option("-o", "--output", type=_OUT, required=True, help="Label file to write: .jsonl or .csv, perhaps with .gz.")
@_rejects
@_reading
def import_command(file: Path, output: Path, rejects: Path | None, from_format: str | None, label_set_file: Path | None) -> None:
    """Make a label file of FILE, whatever tool it comes from.

    \b
    Examples:
      aikind labels import project.json -o labels.jsonl            from Label Studio
      aikind labels import all.jsonl --from doccano -o labels.csv --rejects rejects.jsonl
    \b
    Exit codes:
      0    every record was taken, but for those that nobody has labelled
      1    some records cannot be used; they are told, and kept with --rejects
      2    nothing was done
    """
    to_format = format_of(output)
    if to_format not in ("jsonl", "csv"):
        raise click.UsageError(f"{output}: a label file is .jsonl or .csv; for other formats, use aikind labels export.")
    _convert(file, output, to_format, rejects, from_format, label_set_file)


@labels.command("export")
@click.argument("file", type=_IN)
@click.option("-o", "--output", type=_OUT, required=True, help="File to write, or for datasets a folder.")
@click.option("--to", "to_format", type=click.Choice(list(WRITERS)), help="What to write.  [default: by OUTPUT's suffix]")
@_rejects
@_reading
def export_command(
    file: Path, output: Path, to_format: str | None, rejects: Path | None, from_format: str | None, label_set_file: Path | None
) -> None:
    """Write the labels in FILE, such as that of aikind annotate, for another tool.

    Label Studio needs a project with a Choices tag called kind over a Text tag called text. For it and for doccano, a
    text without any label has the label set's name for that (such as neither) as its choice.

    \b
    Examples:
      aikind labels export answers.sqlite -o labels.csv
      aikind labels export answers.sqlite -o tasks.json            for Label Studio
      aikind labels export labels.jsonl -o project.jsonl --to doccano
      aikind labels export labels.jsonl -o folder --to datasets
    \b
    Exit codes:
      0    every record was taken, but for those that nobody has labelled
      1    some records cannot be used; they are told, and kept with --rejects
      2    nothing was done
    """
    to_format = to_format or format_of(output)
    if to_format not in WRITERS:
        raise click.UsageError(f"{output}: only aikind annotate writes SQLite; expected one of {', '.join(WRITERS)}.")
    _convert(file, output, to_format, rejects, from_format, label_set_file)


@labels.command("compare")
@click.argument("first", metavar="A", type=_IN)
@click.argument("second", metavar="[B]", type=_IN, required=False)
@_reading
def compare_command(first: Path, second: Path | None, from_format: str | None, label_set_file: Path | None) -> None:
    """Tell how far the labels in A and B agree, and list the texts on which they do not.

    Without B, the readers in A are compared with each other. Needs aikind[train].

    Exit codes: 0 all agree, 1 there are conflicts or records that cannot be used, 2 nothing to compare.
    """
    label_set = _label_set(label_set_file)
    left = read_labels(first, label_set, from_format, readers_may_differ=second is None)
    _tell(left)
    failed = left.errors
    pairs: list[tuple[str, Sequence[LabelRow], Sequence[LabelRow]]] = list(by_reader(left.rows))
    if second is not None:
        right = read_labels(second, label_set, from_format)
        _tell(right)
        failed += right.errors
        pairs = [(f"{first} and {second}", left.rows, right.rows)]
    compared = [compare_rows(*pair, label_set) for pair in pairs]
    if not any(comparison.agreement for comparison in compared):
        raise click.UsageError(f"{first}: there is no text with two answers to compare.")
    for (name, *_), comparison in zip(pairs, compared, strict=True):
        _show(name, comparison, label_set)
    if failed or any(comparison.conflicts for comparison in compared):
        sys.exit(1)


@labels.command("accuracy")
@click.argument("file", type=_IN)
@click.option("--label-set", "label_set_file", type=_IN, help="Label set (TOML).  [default: the shipped one]")
def accuracy_command(file: Path, label_set_file: Path | None) -> None:
    """Estimate how often the model is right, from the answers in FILE on documents drawn at random.

    FILE is that of aikind annotate, and the model the one that it was last used with. Of a model that was trained on these
    very answers, the estimate is too good.
    """
    if not file.is_file():
        raise DatasetError(f"{file}: no such file; give one that aikind annotate made")
    estimate = estimate_accuracy(Store(file, _label_set(label_set_file)))
    if not estimate.all_right.documents:
        raise DatasetError(f"{file}: no document that was drawn at random is labelled yet, so that nothing is known")
    for name, share in {"all labels right": estimate.all_right, **estimate.labels}.items():
        if share.share is not None and share.interval is not None:
            low, high = share.interval
            click.echo(f"{name}: {share.hits} of {share.documents}, {share.share:.1%} (95 % interval: {low:.1%} to {high:.1%})")
    click.echo(
        f"of {estimate.drawn} drawn at random: {estimate.unsure} unsure, {estimate.skipped} skipped, {estimate.open} open, not counted"
    )
    if estimate.guess_shown:
        click.echo(f"{estimate.guess_shown} were answered with the model's guess in sight, which may flatter it")


def _convert(file: Path, output: Path, to_format: str, rejects: Path | None, from_format: str | None, label_set_file: Path | None) -> None:
    paths = [path.resolve() for path in (file, output, *([rejects] if rejects else []))]
    if len(set(paths)) < len(paths):
        raise click.UsageError("The input, the output and the rejects must be different files.")
    label_set = _label_set(label_set_file)
    found = read_labels(file, label_set, from_format, readers_may_differ=True)
    _tell(found)
    write_labels(output, found.rows, label_set, to_format)
    if rejects is not None:
        write_json_lines(rejects, ({"where": r.where, "reasons": r.reasons, "record": r.record} for r in found.rejects))
    kept = f", kept in {rejects}" if rejects and found.rejects else ""
    counts = ", ".join(f"{name} {sum(row.labels[name] for row in found.rows)}" for name in label_set.names)
    click.echo(f"{output}: {len(found.rows)} rows ({counts}); {len(found.rejects)} left out{kept}", err=True)
    if found.errors:
        sys.exit(1)


def _label_set(file: Path | None) -> LabelSet:
    return load_label_set(file) if file else default_label_set()


def _tell(found: LabelFile) -> None:
    """Errors first: they must not drown in remarks."""
    for error in (True, False):
        told = [problem for problem in found.problems if problem.error is error]
        for problem in told[:_MOST_TOLD]:
            click.echo(f"{'error' if error else 'warning'}: {problem.where}: {problem.message}", err=True)
        if len(told) > _MOST_TOLD:
            click.echo(f"… and {len(told) - _MOST_TOLD} more {'errors' if error else 'warnings'}", err=True)


def _show(name: str, comparison: Comparison, label_set: LabelSet) -> None:
    agreement = comparison.agreement
    if agreement is None:
        click.echo(f"{name}: no text in common")
        return
    alone = f"{comparison.only_first} texts are in the first only, {comparison.only_second} in the second"
    click.echo(f"{name}: the same kind for {agreement.same_kind:.1%} of {agreement.documents} texts; {alone}")
    for label, kappa in agreement.kappa.items():
        click.echo(f"  {label}: kappa {'undefined (every answer is the same)' if kappa is None else f'{kappa:.3f}'}")
    for a, b in comparison.conflicts:
        who = a.id or b.id or (a.sha256 or b.sha256)[:16] or a.where
        click.echo(f"  {who}: {label_set.kind(a.carried)} ({a.where}), {label_set.kind(b.carried)} ({b.where})")
