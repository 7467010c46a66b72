"""``aikind tag``."""

from __future__ import annotations

import os
import stat
import sys
import time
from collections import Counter
from contextlib import ExitStack
from pathlib import Path
from typing import Any, TextIO

import click

from aikind.label_set import LabelSet
from aikind.serve.output import check_output, finished_file, identity_of, prepare_standard_streams
from aikind.serve.readers.paths import read_paths
from aikind.serve.reading_options import inputs_of, reading_options
from aikind.serve.tagger import Tagger
from aikind.serve.writers.base import Writer
from aikind.serve.writers.csv_rows import CsvWriter
from aikind.serve.writers.jsonl import JsonlWriter
from aikind.serve.writers.table import TableWriter, printable

__all__ = ["tag"]

OUTPUT_FORMATS = ("jsonl", "csv", "table")


@click.command()
@click.argument("paths", nargs=-1)
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write results to this file; it appears when the run is complete.",
)
@click.option(
    "-f",
    "--format",
    "output_format",
    type=click.Choice(OUTPUT_FORMATS),
    help="Format of the results.  [default: by the suffix of -o; table on a terminal; else jsonl]",
)
@click.option("--table", "also_table", is_flag=True, help="Besides writing to -o, print a table.")
@reading_options
@click.option("--model", "model_folder", type=click.Path(path_type=Path), help="Model folder.  [default: the shipped model]")
@click.option("--jobs", type=click.IntRange(1), help="Documents worked on at once.  [default: one for each CPU]")
def tag(
    paths: tuple[str, ...],
    output: Path | None,
    output_format: str | None,
    also_table: bool,
    model_folder: Path | None,
    jobs: int | None,
    **reading: Any,
) -> None:
    """Tag documents with the kind of AI they discuss.

    PATHS are files (.txt, .md, .html, .pdf, .docx, .jsonl, .json, .csv, .tsv, .parquet, .arrow, each also with .gz, .bz2,
    .xz or .zst), archives of them (.zip, .tar), folders (read recursively, names that begin with a dot passed over), globs
    in quotation marks, addresses such as s3:// and https://, or - for standard input.
    There is one result for each document, in the order of the input. A document that cannot be read or tagged gets a
    result with its error, and the rest goes on.

    \b
    Examples:
      aikind tag articles/                            a table on the terminal
      aikind tag articles/ -o tags.csv                one row for each document
      aikind tag news.jsonl --text-field body --title-field headline -o tags.jsonl
      cat essay.txt | aikind tag -                    a text from a pipe
    \b
    Exit codes:
      0    every document was tagged
      1    some documents failed; their results say why
      2    nothing was done: wrong usage, or a model that cannot be loaded
      3    cut short: the results could not be written (a full disk, a closed pipe)
      130  interrupted (Ctrl-C)
    """
    prepare_standard_streams()
    inputs = inputs_of(paths, reading)
    if output is not None and not output.name:
        raise click.UsageError("Give -o a file to write results to; no name may be empty.")
    if also_table and output is None:
        raise click.UsageError("--table goes with -o; without -o, use --format table.")
    check_output(output, paths, output_format is not None)
    tagger = Tagger(model_folder, jobs=jobs)
    started, kinds, failures = time.monotonic(), Counter[str](), 0
    with ExitStack() as stack:
        file = stack.enter_context(finished_file(output)) if output else sys.stdout
        writers = [_writer(file, output_format or _format_for(output), tagger.label_set)]
        if also_table:
            writers.append(TableWriter(sys.stdout, tagger.label_set))
        # A folder may hold the very files that results go to.
        own = [identity_of(output) if output else None, identity_of(f"{output}.part"), _identity_of_stdout()]
        documents = read_paths(inputs.paths, inputs.options, inputs.input_format, [i for i in own if i])
        for tagging in tagger.tag_many(documents):
            for writer in writers:
                writer.write(tagging)
            if output is None:
                sys.stdout.flush()
            if tagging.error is None:
                kinds[tagging.kind] += 1
            else:
                failures += 1
                if not any(isinstance(w, TableWriter) for w in writers):
                    click.echo(f"failed: {printable(tagging.error)}", err=True)
            _progress(output, also_table, kinds.total() + failures, started)
        sys.stdout.flush()
    click.echo(_summary(kinds, failures, time.monotonic() - started), err=True)
    if failures:
        sys.exit(1)


def _format_for(output: Path | None) -> str:
    if output is None:
        return "table" if sys.stdout.isatty() else "jsonl"
    return "csv" if output.suffix.lower() == ".csv" else "jsonl"


def _identity_of_stdout() -> tuple[int, int] | None:
    try:
        status = os.fstat(1)
    except OSError:
        return None
    return (status.st_dev, status.st_ino) if stat.S_ISREG(status.st_mode) else None


def _writer(file: TextIO, name: str, label_set: LabelSet) -> Writer:
    if name == "csv":
        return CsvWriter(file, label_set)
    return TableWriter(file, label_set) if name == "table" else JsonlWriter(file)


def _progress(output: Path | None, also_table: bool, done: int, started: float) -> None:
    if output and not also_table and sys.stderr.isatty() and done % 20 == 0:
        rate = done / max(1e-9, time.monotonic() - started)
        click.echo(f"\r{done} documents, {rate:.0f} a second", err=True, nl=False)


def _summary(kinds: Counter[str], failures: int, seconds: float) -> str:
    total = kinds.total() + failures
    parts = [f"{count} {kind}" for kind, count in kinds.most_common()]
    if failures:
        parts.append(f"{failures} failed")
    clear = "\r" if sys.stderr.isatty() else ""
    return f"{clear}{total} documents in {seconds:.1f} s: {', '.join(parts) or 'nothing to tag'}"
