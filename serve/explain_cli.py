"""``aikind explain``."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from aikind.completion import complete_paths
from aikind.errors import DocumentError
from aikind.label_set import LabelSet
from aikind.records import Document, Explanation
from aikind.serve.highlight import parts_of
from aikind.serve.output import closed_pipe_is_told, identity_of, prepare_standard_streams
from aikind.serve.pages import colours, render_page
from aikind.serve.pages.file import check_page, write_page
from aikind.serve.readers.paths import read_paths
from aikind.serve.reading_options import inputs_of, reading_options
from aikind.serve.tagger import Tagger
from aikind.serve.writers.table import printable

__all__ = ["explain"]

_CONTEXT = 300  # characters of plain text around what is marked
_MOST_ON_PAGE = 500
_COLOURS = ("cyan", "magenta", "yellow", "green", "blue", "red")


@click.command()
@click.argument("paths", nargs=-1, shell_complete=complete_paths)
@click.option("-o", "--output", type=click.Path(path_type=Path, dir_okay=False), help="Write an HTML page to this file instead.")
@reading_options
@click.option("--model", "model_folder", type=click.Path(path_type=Path), help="Model folder or store.  [default: the shipped model]")
@closed_pipe_is_told()
def explain(
    paths: tuple[str, ...],
    output: Path | None,
    model_folder: Path | None,
    **reading: Any,
) -> None:
    """Show the sentences that carried a document's labels.

    PATHS are as for aikind tag. On a terminal the sentences are coloured by label;
    without colour they stand in brackets. Labels that a document nearly carries are explained too.

    \b
    Examples:
      aikind explain examples/claims-inbox.txt
      aikind explain articles/ -o page.html           a page to read in a browser
      aikind explain - < essay.txt
    \b
    Exit codes:
      0    every document was explained
      1    some documents failed
      2    nothing was done: wrong usage, or a model that cannot be loaded
      3    cut short: the output could not be written
      130  interrupted (Ctrl-C)
    """
    prepare_standard_streams()
    inputs = inputs_of(paths, reading)
    if output is not None:
        check_page(output, inputs.named)
    tagger = Tagger(model_folder)
    documents = read_paths(inputs.paths, inputs.options, inputs.input_format, [i for i in [identity_of(output or "")] if i])
    found = _explained(tagger, documents)
    failures = _write_page(output, found, tagger.label_set) if output else _print(found, tagger.label_set)
    if failures:
        sys.exit(1)


def _explained(tagger: Tagger, documents: Iterator[Document]) -> Iterator[Explanation | str]:
    """An explanation or an error for each document."""
    for document in documents:
        if document.error is not None:
            yield document.error
            continue
        try:
            yield tagger.explain(document.text, id=document.id, near=True)
        except DocumentError as error:
            yield f"{document.id}: {error}"


def _print(found: Iterator[Explanation | str], label_set: LabelSet) -> int:
    coloured, failures = sys.stdout.isatty() and not os.environ.get("NO_COLOR"), 0
    colour = {kind: _COLOURS[number % len(_COLOURS)] for number, kind in enumerate(label_set.kinds)}
    for one in found:
        if isinstance(one, str):
            failures += 1
            click.echo(f"failed: {printable(one)}", err=True)
            continue
        tagging = one.tagging
        scores = "  ".join(f"{name} {score:.2f}" for name, score in tagging.scores.items())
        doubts = f"  unsure: {', '.join(tagging.doubts)}" if tagging.doubts else ""
        click.echo(click.style(f"{printable(tagging.id)}: {tagging.kind}", bold=coloured) + f"  {scores}{doubts}\n", color=coloured)
        for part in parts_of(one, label_set, _CONTEXT):
            text = "\n".join(printable(line.replace("\t", "    ")) for line in part.text.split("\n"))
            if part.labels and coloured:
                text = click.style(text, fg=colour[part.kind], bold=True, underline=True)
            elif part.labels:
                text = f"[{part.note}: {text}]"
            click.echo(text, nl=False, color=coloured)
        click.echo("\n")
        sys.stdout.flush()
    return failures


def _write_page(output: Path, found: Iterator[Explanation | str], label_set: LabelSet) -> int:
    documents: list[dict[str, Any]] = []
    errors: list[str] = []
    for one in found:
        if len(documents) + len(errors) == _MOST_ON_PAGE:
            click.echo(f"The page shows the first {_MOST_ON_PAGE} documents; for more, use aikind tag --explain.", err=True)
            break
        if isinstance(one, str):
            errors.append(one)
            click.echo(f"failed: {printable(one)}", err=True)
        else:
            tagging = one.tagging
            documents.append(
                {
                    "id": tagging.id,
                    "kind": tagging.kind,
                    "scores": tagging.scores,
                    "doubts": tagging.doubts,
                    "parts": parts_of(one, label_set, 2 * _CONTEXT),
                }
            )
    write_page(output, render_page("explain.html", documents=documents, errors=errors, colours=colours(label_set)))
    return len(errors)
