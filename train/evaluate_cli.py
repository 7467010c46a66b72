"""``aikind model evaluate``, and ``aikind model card``, which puts its figures into the model's card."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from aikind.errors import MissingExtraError
from aikind.model_folder import CARD, load_manifest
from aikind.serve.output import finished_file, prepare_standard_streams
from aikind.train.card_figures import figures_of, note_in_card, peers_of

if TYPE_CHECKING:
    from aikind.train.report import Report

__all__ = ["card", "evaluate"]


@click.command("evaluate")
@click.argument("model_folder", metavar="MODEL", type=click.Path(path_type=Path))
@click.argument("data", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--split", default="test", show_default=True, type=click.Choice(["train", "validation", "test"]), help="Split, where DATA is a dataset."
)
@click.option("--baselines", type=click.Path(path_type=Path), help="Dataset to train baselines on, set beside the model.")
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    help="Folder for evaluation.json, .md and .html; or a file that ends in .json, for the figures alone.",
)
@click.option("--errors", default=20, show_default=True, type=click.IntRange(0), help="Show so many wrong documents in the page.")
@click.option("--totals-only", is_flag=True, help="Show and name no single document, and no group of less than five.")
@click.option("--log", type=click.Path(path_type=Path, dir_okay=False), help="Append a JSON line per DATA: what was measured on what.")
def evaluate(
    model_folder: Path,
    data: tuple[Path, ...],
    split: str,
    baselines: Path | None,
    output: Path | None,
    errors: int,
    totals_only: bool,
    log: Path | None,
) -> None:
    """Measure MODEL on each DATA: a dataset folder, or a JSONL file with id, text and labels.

    A file's rows may also have genre, hard, era and source; accuracy is given by each of them. Of a file whose name or
    folder says that it is held out, hidden or blind, only totals are shown.

    Exit codes: 0 done, 1 some rows could not be used, 2 nothing was measured.

    \b
    Example:
      aikind model evaluate models/default data/gold/test.jsonl --baselines build/dataset -o build/evaluation
    """
    try:
        from aikind.train.report import ReportPlan, make_report
        from aikind.train.report_text import render_markdown
        from aikind.train.use_log import append_uses, check_log
    except ImportError as error:
        raise MissingExtraError("evaluation", "train") from error
    prepare_standard_streams()
    _check_output(output)
    if log is not None:
        check_log(log)
    plan = ReportPlan(split, errors, totals_only, baselines)
    report = make_report(model_folder, data, plan, say=lambda line: click.echo(line, err=True))
    if log is not None:  # before anything is shown: a figure that was seen is in the log
        append_uses(log, report)
    if output is not None:
        _write(report, output)
    click.echo(render_markdown(report), nl=False)
    if not all(found.complete for found in report.sets):
        sys.exit(1)


def _check_output(output: Path | None) -> None:
    """Refuse an output before the work, not after it."""
    if output is None:
        return
    if output.suffix == ".json" and output.is_dir():
        raise click.UsageError(f"{output} is a folder; a path that ends in .json is for a file.")
    if output.suffix != ".json" and output.exists() and not output.is_dir():
        raise click.UsageError(f"{output} is a file; give a folder, or a file that ends in .json.")
    folder = output.parent if output.suffix == ".json" else output
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise click.UsageError(f"Cannot write {output}: {error.strerror}.") from error


def _write(report: Report, output: Path) -> None:
    figures = json.dumps(report.to_dict(), indent=2, allow_nan=False) + "\n"
    if output.suffix == ".json":
        texts = {output: figures}
    else:
        try:
            from aikind.train.report_page import render_page
            from aikind.train.report_text import render_markdown
        except ImportError as error:
            raise MissingExtraError("the page of an evaluation", "train") from error
        texts = {
            output / "evaluation.json": figures,
            output / "evaluation.md": render_markdown(report),
            output / "evaluation.html": render_page(report),
        }
    for path, text in texts.items():
        with finished_file(path) as file:
            file.write(text)
        click.echo(f"wrote {path}", err=True)


@click.command("card")
@click.argument("model_folder", metavar="MODEL", type=click.Path(path_type=Path))
@click.option(
    "--evaluation", multiple=True, required=True, type=click.Path(path_type=Path), help="evaluation.json of MODEL; may be repeated."
)
@click.option("--comparison", type=click.Path(path_type=Path), help="compare.json, as make compare writes it.")
def card(model_folder: Path, evaluation: tuple[Path, ...], comparison: Path | None) -> None:
    """Write measured figures into MODEL's manifest and card. The network stays as it is.

    \b
    Example:
      aikind model evaluate models/mine data/gold/*.jsonl -o build/evaluation
      aikind model card models/mine --evaluation build/evaluation/evaluation.json
    """
    name = load_manifest(model_folder).name
    figures = [one for path in evaluation for one in figures_of(path, name)]
    note_in_card(model_folder, figures, None if comparison is None else peers_of(comparison))
    click.echo(model_folder / CARD)
