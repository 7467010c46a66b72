"""``aikind monitor``."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click
import numpy as np

from aikind.errors import AikindError
from aikind.serve.monitor.collection import Collection, is_tag_file, read_tag_file, tag_documents
from aikind.serve.monitor.compare import Tested, compare, telling
from aikind.serve.monitor.features import features_of
from aikind.serve.monitor.page import monitor_page
from aikind.serve.monitor.wording import headline, sentence, to_record
from aikind.serve.output import closed_pipe_is_told, finished_file, identity_of, prepare_standard_streams
from aikind.serve.pages.file import check_page, write_page
from aikind.serve.readers.paths import STDIN, read_paths
from aikind.serve.reading_options import inputs_of, reading_options
from aikind.serve.tagger import Tagger
from aikind.serve.writers.table import printable

__all__ = ["monitor"]

_HANDED_OVER = 50


@click.command()
@click.argument("reference")
@click.argument("current")
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of sentences.")
@click.option("--report", type=click.Path(path_type=Path), help="Besides, write an HTML page to this file.")
@click.option(
    "--hand-over",
    type=click.Path(path_type=Path, dir_okay=False),
    help=f"Write the {_HANDED_OVER} most telling documents of CURRENT (JSONL).",
)
@click.option("--most", type=click.IntRange(20), default=5000, show_default=True, help="Documents drawn from each side, if there are more.")
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Of the draw and of the tests.")
@click.option(
    "--model", "model_folder", type=click.Path(path_type=Path), help="Model folder, to tag collections.  [default: the shipped model]"
)
@reading_options
@closed_pipe_is_told()
def monitor(
    reference: str,
    current: str,
    as_json: bool,
    report: Path | None,
    hand_over: Path | None,
    most: int,
    seed: int,
    model_folder: Path | None,
    **reading: Any,
) -> None:
    """Tell whether CURRENT differs from REFERENCE beyond chance.

    Each is a file of results that aikind tag wrote as JSON Lines, or whatever aikind tag reads, which is then tagged.
    Compared are kinds, scores, the unsure share, lengths and, where the texts are at hand, vocabulary and embeddings.

    \b
    Examples:
      aikind monitor may.jsonl june.jsonl                     two files of results
      aikind monitor articles/2024/ articles/2025/ --report drift.html
      aikind monitor articles/2024/ articles/2025/ --hand-over read-these.jsonl
      aikind annotate read-these.jsonl --labels answers.sqlite
    \b
    Exit codes:
      0    no difference beyond chance
      1    there is one
      2    nothing was compared
      3    cut short: the output could not be written
      130  interrupted (Ctrl-C)
    """
    prepare_standard_streams()
    if reading["files_from"] is not None or reading["null"]:
        raise click.UsageError("--files-from cannot tell two collections apart; name each by a folder, a glob or a file.")
    if reference == current == STDIN:
        raise click.UsageError("Standard input (-) can be read once only.")
    if report is not None:
        check_page(report, (reference, current))
    if hand_over is not None and identity_of(hand_over) in {identity_of(path) for path in (reference, current)} - {None}:
        raise click.UsageError(f"{hand_over} is also an input; give another file for the documents.")
    before, after = _collections((reference, current), most, seed, model_folder, reading)
    if hand_over is not None and any(one.text is None for one in after.documents):
        raise AikindError(f"{current}: has no texts to hand over; give the collection itself, or tag it with --passthrough text")
    features, remarks = features_of(before, after)
    references = len(before.documents)
    tested = compare(features, references, seed)
    for side in (before, after):
        if side.total > len(side.documents):
            remarks.append(f"{side.name}: {len(side.documents):,} of {side.total:,} documents were drawn")
    if hand_over is not None:
        chosen = _most_telling(after, tested, references)
        with finished_file(hand_over) as file:
            file.writelines(json.dumps(one, ensure_ascii=True) + "\n" for one in chosen)
        remarks.append(f"{hand_over}: {len(chosen)} documents handed over" if chosen else f"{hand_over}: nothing to hand over")
    if report is not None:
        write_page(report, monitor_page(before, after, tested, remarks))
    click.echo(json.dumps(_record(before, after, tested, remarks), indent=2) if as_json else _text(before, after, tested))
    for remark in remarks:
        click.echo(printable(remark), err=True)
    if any(one.beyond_chance for one in tested):
        sys.exit(1)


def _collections(paths: Sequence[str], most: int, seed: int, model: Path | None, reading: dict[str, Any]) -> list[Collection]:
    tagger: Tagger | None = None
    found = []
    for path in paths:
        if is_tag_file(path):
            found.append(read_tag_file(Path(path), most, seed))
            continue
        tagger = tagger or Tagger(model)
        inputs = inputs_of((path,), reading)
        documents = read_paths(inputs.paths, inputs.options, inputs.input_format)
        found.append(tag_documents(path, documents, tagger, most, seed, lambda error: click.echo(f"failed: {printable(error)}", err=True)))
    return found


def _text(before: Collection, after: Collection, tested: Sequence[Tested]) -> str:
    sizes = f"{len(before.documents):,} documents of {printable(before.name)} and {len(after.documents):,} of {printable(after.name)}."
    ordered = sorted(tested, key=lambda one: one.adjusted_p)
    lines = [f"{'*' if one.beyond_chance else ' '} {printable(sentence(one, len(before.documents)))}" for one in ordered]
    return "\n".join([sizes, headline(tested), *lines])


def _record(before: Collection, after: Collection, tested: Sequence[Tested], remarks: Sequence[str]) -> dict[str, Any]:
    sides = {
        side: {"name": one.name, "documents": one.total, "compared": len(one.documents), "failed": one.failed}
        for side, one in (("reference", before), ("current", after))
    }
    return {
        **sides,
        "headline": headline(tested),
        "questions": [to_record(one, len(before.documents)) for one in tested],
        "remarks": list(remarks),
    }


def _most_telling(after: Collection, tested: Sequence[Tested], references: int) -> list[dict[str, Any]]:
    """The documents with most of what sets the current side apart, as records that aikind tag and annotate read."""
    if not any(one.beyond_chance for one in tested):
        return []
    scores = telling(tested, np.arange(references, references + len(after.documents)))
    chosen: dict[str, dict[str, Any]] = {}
    for i in np.argsort(-scores, kind="stable"):
        one = after.documents[i]
        record = {"id": one.id, "text": one.text, "kind": one.kind, "scores": dict(one.scores), "telling": round(float(scores[i]), 3)}
        chosen.setdefault(one.text or "", record)
        if len(chosen) == _HANDED_OVER:
            break
    return list(chosen.values())
