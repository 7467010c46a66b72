"""What ``aikind tag --engine ray`` asks for, checks and tells."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any

import click

from aikind.serve.columns import Columns
from aikind.serve.ray.folder import ResultsFolder
from aikind.serve.ray.inputs import stamped_files
from aikind.serve.ray.run import Job, run_on_ray
from aikind.serve.readers.remote import is_address
from aikind.serve.reading_options import Inputs
from aikind.serve.summary import Summary
from aikind.serve.writers.formats import SUFFIXES, check_installed
from aikind.serve.writing_options import WritingOptions

__all__ = ["check_ray_options", "tag_on_ray"]

_FORMATS = {"jsonl": ".jsonl", "csv": ".csv", "parquet": ".parquet"}


def check_ray_options(writing: WritingOptions, report: Path | None) -> None:
    """Refuse what makes no sense where many machines write many files.

    Raises:
        click.UsageError: See above.
    """
    if not writing.target:
        raise click.UsageError("--engine ray writes many files: give it a folder or its address with -o.")
    if PurePosixPath(writing.target).suffix.lower() in SUFFIXES or (not is_address(writing.target) and Path(writing.target).is_file()):
        raise click.UsageError(f"--engine ray writes many files: give -o a folder, not the file {writing.target}.")
    if writing.output_format is not None and writing.output_format not in _FORMATS:
        raise click.UsageError(f"--engine ray writes {', '.join(_FORMATS)}, not {writing.output_format}.")
    for option, given, instead in (
        ("--table", writing.also_table, "look at the files when it is done"),
        ("--into-front-matter", writing.into_front_matter, "it reads files of records, which have none"),
        ("--report", report is not None, "the local engine makes reports"),
        ("--update", writing.update, "--resume passes over what is finished, also when the input got new files"),
    ):
        if given:
            raise click.UsageError(f"{option} does not go with --engine ray: {instead}.")


def tag_on_ray(
    inputs: Inputs,
    writing: WritingOptions,
    columns: Columns,
    settings: Mapping[str, Any],
    *,
    model_folder: Path | None,
    workers: int | None,
    explain: bool,
) -> bool:
    """Tag the inputs, and tell about it.

    Returns:
        Whether any document failed.

    Raises:
        AikindError, click.UsageError: Nothing was done.
        OSError: It was cut short; finished files stay.
    """
    assert writing.target is not None
    name = writing.output_format or "jsonl"
    check_installed(name)
    files = stamped_files(inputs.paths, inputs.input_format)
    target = _absolute(writing.target)
    for path in (*inputs.named, *files):
        if f"{target}/".startswith(f"{_absolute(path)}/") or _absolute(path).startswith(f"{target}/"):
            raise click.UsageError(f"The results in {writing.target} would become input of the next run; give a folder outside {path}.")
    folder = ResultsFolder(target)
    about = {**settings, "fields": list(columns.fields), "format": name, "only": list(writing.only)}
    finished = folder.begin(about, files, resume=writing.resume)
    job = Job(
        options=inputs.options,
        input_format=inputs.input_format,
        columns=columns,
        output_format=name,
        suffix=_FORMATS[name],
        only=writing.only,
        explain=explain,
        thresholds=writing.thresholds,
        target=target,
        finished=finished,
        home=os.getcwd(),  # noqa: PTH109
    )
    summary = Summary(tell_failures=False, progress=True)
    try:
        already = run_on_ray(list(files), job, model_folder=model_folder, workers=workers, summary=summary)
    except (KeyboardInterrupt, OSError):
        click.echo(f"what is finished stays in {writing.target}; the same command with --resume goes on from there", err=True)
        raise
    folder.tidy()
    for line in summary.lines():
        click.echo(line, err=True)
    if already:
        click.echo(f"resumed: {already} files of results were there already, and are not in these counts", err=True)
    return bool(summary.failures)


def _absolute(path: str) -> str:
    return (path if is_address(path) else os.path.abspath(path)).rstrip("/")  # noqa: PTH100
