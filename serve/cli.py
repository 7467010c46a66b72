"""``aikind tag``."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import click

from aikind import __version__
from aikind.completion import complete_paths
from aikind.model_folder import Manifest
from aikind.serve.columns import columns_for, field_help, with_evidence
from aikind.serve.output import (
    DRAFT,
    PART,
    STATE,
    beside,
    check_output,
    closed_pipe_is_told,
    format_for,
    identity_of,
    identity_of_stdout,
    is_regular,
    prepare_standard_streams,
)
from aikind.serve.pages.file import check_page
from aikind.serve.readers.paths import read_paths
from aikind.serve.readers.remote import is_address
from aikind.serve.reading_options import Inputs, can_be_repeated, inputs_of, reading_options
from aikind.serve.remote_output import RemoteOutput
from aikind.serve.report.page import CollectionReport
from aikind.serve.run import check_repeatable, run_into_file, run_into_stream
from aikind.serve.summary import Summary
from aikind.serve.tagger import Tagger
from aikind.serve.writers.formats import Sink, check_installed
from aikind.serve.writers.front_matter import FrontMatterWriter
from aikind.serve.writers.table import TableWriter
from aikind.serve.writing_options import WritingOptions, writing_options

__all__ = ["tag"]


@click.command(epilog=field_help())
@click.argument("paths", nargs=-1, shell_complete=complete_paths)
@reading_options
@click.option("--model", "model_folder", type=click.Path(path_type=Path), help="Model folder or store.  [default: the shipped model]")
@click.option("--explain", is_flag=True, help="Give each result its evidence: the sentences that carried its labels. Slower.")
@click.option("--report", type=click.Path(path_type=Path), help="Besides, write an HTML page about the collection to this file.")
@click.option("--jobs", type=click.IntRange(1), help="Documents worked on at once.  [default: one for each CPU]")
@click.option(
    "--engine",
    type=click.Choice(["local", "ray"]),
    default="local",
    show_default=True,
    help="Where to work: in this process, or on a Ray cluster, with -o a folder or an address of one; see docs/scale.md.",
)
@writing_options
@closed_pipe_is_told()
def tag(
    paths: tuple[str, ...],
    model_folder: Path | None,
    explain: bool,
    report: Path | None,
    jobs: int | None,
    engine: str,
    writing: WritingOptions,
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
      aikind tag s3://bucket/docs/ -o s3://bucket/tags/ --engine ray
      aikind tag articles/ -o tags.jsonl --explain --report report.html

    With -o, results are kept in OUTPUT.part until all are there. A run that was stopped, by whatever, goes on from there
    with the same command and --resume.

    \b
    Exit codes:
      0    every document was tagged
      1    some documents failed; their results say why
      2    nothing was done: wrong usage, or a model that cannot be loaded
      3    cut short: the results could not be written (a full disk, a closed pipe)
      130  interrupted (Ctrl-C)
    """
    prepare_standard_streams()
    inputs = inputs_of(paths, reading, keep_record=bool(writing.carried))
    if engine == "ray":
        _tag_on_ray(inputs, writing, model_folder, jobs, explain, report)
        return
    remote = RemoteOutput(writing.target) if writing.target is not None and is_address(writing.target) else None
    output = remote.local if remote is not None else Path(writing.target) if writing.target is not None else None
    if output is not None and not output.name:
        raise click.UsageError("Give -o a file to write results to; no name may be empty.")
    if writing.also_table and output is None:
        raise click.UsageError("--table goes with -o; without -o, use --format table.")
    check_output(output, inputs.named, writing.output_format)
    if report is not None:
        check_page(report, inputs.named, output)
    for option, given in (("--resume", writing.resume), ("--update", writing.update)):
        if given and remote is not None:
            raise click.UsageError(f"{option} keeps its state beside the output; give -o a file on this machine, not an address.")
        if given:
            check_repeatable(inputs.named, output, option)
    name = writing.output_format or format_for(output)
    check_installed(name)
    tagger = _tagger(model_folder, jobs, writing, explain)
    columns = columns_for(with_evidence(writing.fields, explain), writing.carried, tagger.label_set)
    # A folder may hold the very files that results go to.
    own = [identity_of_stdout(), *(identity_of(beside(output, s)) for s in ("", PART, DRAFT, STATE) if output), identity_of(report or "")]
    documents = read_paths(inputs.paths, inputs.options, inputs.input_format, [identity for identity in own if identity])
    summary = Summary(tell_failures=name != "table" and not writing.also_table, progress=output is not None and not writing.also_table)
    front_matter = FrontMatterWriter() if writing.into_front_matter else None
    sinks: list[Sink] = [summary]
    if writing.also_table:
        sinks.append(TableWriter(sys.stdout, tagger.label_set))
    if front_matter is not None:
        sinks.append(front_matter)
    about_collection = CollectionReport(tagger) if report is not None else None
    if about_collection is not None:
        sinks.append(about_collection)
    lines: list[str] = []
    if output is None or not is_regular(output):
        run_into_stream(tagger, documents, columns, (output, name), sinks, writing.only)
    else:
        settings = _settings(tagger.manifest, inputs, writing) | {"explain": explain}
        try:
            lines = run_into_file(
                tagger, documents, columns, (output, name), sinks, writing.only, settings, resume=writing.resume, update=writing.update
            )
        except (KeyboardInterrupt, OSError):
            if summary.documents and remote is None and all(map(can_be_repeated, inputs.named)):
                click.echo(
                    f"{summary.documents} results are kept in {beside(output, PART)}; the same command with --resume goes on from there",
                    err=True,
                )
            raise
        if remote is not None:
            remote.send()
    sys.stdout.flush()
    if about_collection is not None and report is not None:
        about_collection.save(report)
    if front_matter is not None:
        lines += front_matter.lines()
    for line in (*summary.lines(), *lines):
        click.echo(line, err=True)
    if summary.failures or (front_matter is not None and front_matter.failures):
        sys.exit(1)


def _tagger(model_folder: Path | None, jobs: int | None, writing: WritingOptions, explain: bool) -> Tagger:
    try:
        tagger = Tagger(model_folder, jobs=jobs, thresholds=writing.thresholds, explain=explain)
    except ValueError as error:
        raise click.UsageError(f"--threshold: {error}.") from error
    kinds: Sequence[str] = tagger.label_set.kinds
    for kind in writing.only:
        if kind not in kinds:
            raise click.UsageError(f"--only: there is no kind {kind!r}; the kinds are {', '.join(kinds)}.")
    return tagger


def _tag_on_ray(
    inputs: Inputs, writing: WritingOptions, model_folder: Path | None, jobs: int | None, explain: bool, report: Path | None
) -> None:
    from aikind.serve.ray.command import check_ray_options, tag_on_ray

    check_ray_options(writing, report)
    tagger = _tagger(model_folder, jobs, writing, explain)
    columns = columns_for(with_evidence(writing.fields, explain), writing.carried, tagger.label_set)
    settings = _settings(tagger.manifest, inputs, writing) | {"explain": explain}
    if tag_on_ray(inputs, writing, columns, settings, model_folder=model_folder, workers=jobs, explain=explain):
        sys.exit(1)


def _settings(manifest: Manifest, inputs: Inputs, writing: WritingOptions) -> dict[str, Any]:
    """What the results depend on besides the documents."""
    return {
        "version of aikind": __version__,
        "model": hashlib.sha256(replace(manifest, thresholds={}).to_json().encode()).hexdigest()[:16],
        "thresholds": dict(manifest.thresholds),
        "reading": {**asdict(inputs.options), "input_format": inputs.input_format},
        "passthrough": list(writing.carried),
    }
