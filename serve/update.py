"""Tag only what is new: the results of an earlier run, by document."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO

import click

from aikind.records import Document, Tagging
from aikind.serve.journal import differences, read_header
from aikind.serve.results import UNCHANGED, Result, digest_of, from_line
from aikind.serve.writers.table import printable

__all__ = ["Earlier"]

_SHOWN = 5


class Earlier:
    """The results that the last run with ``--update`` left beside its output. Of each document, id and place are held in memory.

    Results of documents that failed are not used: the cause may be gone.
    """

    def __init__(self, path: Path, settings: Mapping[str, Any]) -> None:
        """Read the state; none is there before the first run.

        Raises:
            click.UsageError: The state was made with another model or other settings.
        """
        self._places: dict[bytes, int] = {}  # where in the state a document's line begins, by digest
        self._ids: set[str] = set()
        self._unseen: dict[str, None] = {}
        self._counts: Counter[str] = Counter()
        self._file: BinaryIO | None = None
        header = read_header(path) if path.exists() else None
        if header is None:
            return
        if changed := differences(header, settings):
            raise click.UsageError(
                f"Cannot update: {path} was made with other settings: {'; '.join(changed)}. Delete it to tag every document anew."
            )
        self._file = path.open("rb")
        at = len(self._file.readline())
        for line in self._file:
            try:
                result = from_line(line)
            except ValueError:
                break
            if result.tagging.error is None:
                self._places[bytes.fromhex(result.digest)] = at
            self._unseen[result.tagging.id] = None
            at += len(line)
        self._ids = set(self._unseen)

    def tagging_of(self, document: Document) -> Tagging | None:
        """The earlier result, or None where the document is new or its text has changed. Safe to call from any thread."""
        place = self._places.get(bytes.fromhex(digest_of(document)))
        if place is None or self._file is None:
            return None
        line, step = b"", 4096
        while not line.endswith(b"\n"):
            more = os.pread(self._file.fileno(), step, place + len(line))
            if not more:
                return None
            head, newline, _ = more.partition(b"\n")
            line += head + newline
        return from_line(line).tagging

    def saw(self, result: Result) -> None:
        """Count a document of the input."""
        name = result.tagging.id
        self._unseen.pop(name, None)
        self._counts["unchanged" if result.origin == UNCHANGED else "tagged again" if name in self._ids else "new"] += 1

    def lines(self) -> list[str]:
        """What the update came to, for the summary."""
        counts = ", ".join(f"{count} {name}" for name, count in self._counts.most_common())
        if not self._unseen:
            return [f"update: {counts or 'nothing to tag'}"]
        names = list(self._unseen)
        more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
        return [
            f"update: {counts}",
            f"dropped, since the input has them no more: {len(names)} ({printable(', '.join(names[:_SHOWN]))}{more})",
        ]
