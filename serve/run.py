"""A run of ``aikind tag``: from documents to results to whatever takes them."""

from __future__ import annotations

import sys
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, suppress
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import Any

import click

from aikind.records import Document
from aikind.serve.columns import Columns
from aikind.serve.journal import Journal
from aikind.serve.ordered import map_in_order
from aikind.serve.output import DRAFT, STATE, beside, finished_file, is_regular, publish
from aikind.serve.reading_options import can_be_repeated
from aikind.serve.report.page import CollectionReport
from aikind.serve.results import UNCHANGED, Result, result_for
from aikind.serve.summary import Summary
from aikind.serve.tagger import MOST_CHARACTERS_AHEAD, Tagger, characters
from aikind.serve.update import Earlier
from aikind.serve.writers.formats import Sink, open_format, sink_on

__all__ = ["check_repeatable", "run_into_file", "run_into_stream"]


def check_repeatable(paths: Sequence[str], output: Path | None, option: str) -> None:
    """Refuse to resume or update where the input cannot be read again, or the output is no file of its own.

    Raises:
        click.UsageError: See above.
    """
    if output is None or not is_regular(output):
        raise click.UsageError(f"{option} needs results in a file: give one with -o, not a terminal, pipe or device.")
    for path in paths:
        if not can_be_repeated(path):
            raise click.UsageError(f"{option} needs an input that can be read again; {path} is a pipe or standard input.")


def run_into_stream(
    tagger: Tagger,
    documents: Iterable[Document],
    columns: Columns,
    target: tuple[Path | None, str],
    sinks: Sequence[Sink],
    only: Sequence[str],
) -> None:
    """Write results as they come to standard output, or to a pipe or device; ``target`` is its path and the format.

    Raises:
        OSError: It cannot be written.
    """
    path, name = target
    with ExitStack() as stack:
        file = stack.enter_context(finished_file(path)) if path else sys.stdout
        sink = sink_on(name, file, columns, tagger.label_set)
        file.flush()  # a reader may wait for the header
        with closing(_results(tagger, documents, columns.carried)) as results:
            for result in results:
                if not only or result.tagging.kind in only:
                    sink.write(result)
                    file.flush()
                _hand_round(result, sinks, only)
        file.flush()


def run_into_file(
    tagger: Tagger,
    documents: Iterator[Document],
    columns: Columns,
    target: tuple[Path, str],
    sinks: Sequence[Sink],
    only: Sequence[str],
    settings: Mapping[str, Any],
    *,
    resume: bool,
    update: bool,
) -> list[str]:
    """Keep results in a journal as they come, and write the output from it at the end.

    Args:
        target: The output and its format.
        settings: What results depend on besides the documents.

    Returns:
        Lines for the summary.

    Raises:
        click.UsageError: The journal or the state cannot be used; nothing was done.
        OSError: Something could not be written; the journal stays.
    """
    output, name = target
    earlier = Earlier(beside(output, STATE), settings) if update else None
    with closing(Journal(output, settings, resume=resume)) as journal:
        kept = journal.replay(documents, columns.carried) if journal.resumed else iter(())
        with closing(_results(tagger, documents, columns.carried, earlier)) as fresh:
            for result in chain(kept, fresh):
                journal.write(result)
                _hand_round(result, sinks, only)
                if earlier is not None:
                    earlier.saw(result)
        draft = beside(output, DRAFT)
        try:
            with open_format(name, draft, columns, tagger.label_set) as sink:
                for result in journal.results():
                    if not only or result.tagging.kind in only:
                        sink.write(result)
            publish(draft, output)
        finally:
            with suppress(OSError):
                draft.unlink()
        if earlier is None:
            journal.path.unlink()
            return []
        journal.sync()
        journal.path.replace(beside(output, STATE))
        return earlier.lines()


def _results(tagger: Tagger, documents: Iterable[Document], carry: Sequence[str], earlier: Earlier | None = None) -> Generator[Result]:
    def result_of(document: Document) -> Result:
        known = earlier.tagging_of(document) if earlier is not None and document.error is None else None
        if known is not None:
            known = replace(known, encoding=document.meta.get("encoding"))  # the text may be the same in another one now
            return result_for(document, known, carry, UNCHANGED)
        return result_for(document, tagger.tag_document(document), carry)

    return map_in_order(result_of, documents, tagger.jobs, characters, MOST_CHARACTERS_AHEAD)


def _hand_round(result: Result, sinks: Sequence[Sink], only: Sequence[str]) -> None:
    for sink in sinks:
        if not only or isinstance(sink, Summary | CollectionReport) or result.tagging.kind in only:
            sink.write(result)
