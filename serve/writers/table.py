"""A table for people, one line a result, written as results come."""

from __future__ import annotations

import os
import textwrap
import unicodedata
from typing import TextIO

import click

from aikind.label_set import LabelSet
from aikind.serve.results import Result

__all__ = ["TableWriter", "printable"]

_FEWEST_FOR_ID = 12


class TableWriter:
    """Kind, a score per label, and the id last, so that a long one pushes nothing aside. ``?`` marks an unsure result.

    On a terminal no line is wider than it: ids lose their beginning, label names their end, and scores are left out where
    there is no room for them. The reason of a failure goes over several lines.
    """

    def __init__(self, file: TextIO, label_set: LabelSet) -> None:
        self._file = file
        self._width = _terminal_width(file)
        self._names = label_set.names
        kinds = max(len(kind) for kind in (*label_set.kinds, "failed"))
        self._kind_width, self._cell = kinds, max(10, *map(len, self._names))
        if self._width is not None and self._left() < _FEWEST_FOR_ID:
            self._cell = 4
        if self._width is not None and self._left() < _FEWEST_FOR_ID:
            self._names = ()
        if self._width is not None and self._left() < _FEWEST_FOR_ID:
            self._kind_width = min(kinds, 10)
        header = [self._fitted("kind", self._kind_width + 2), *(name[: self._cell].rjust(self._cell) for name in self._names)]
        click.echo(click.style(self._line(header, "document"), bold=True), file=file)

    def write(self, result: Result) -> None:
        tagging = result.tagging
        if tagging.error is not None:
            self._write_failure(printable(tagging.error))
            return
        cells = [self._fitted(tagging.kind, self._kind_width) + (" ?" if tagging.unsure else "  ")]
        for name in self._names:
            cell = f"{tagging.scores[name]:.2f}".rjust(self._cell)
            cells.append(click.style(cell, fg="green", bold=True) if name in tagging.labels else cell)
        click.echo(self._line(cells, printable(tagging.id)), file=self._file)

    def _write_failure(self, reason: str) -> None:
        if self._width is None:
            click.echo(click.style("failed".ljust(self._kind_width + 2), fg="red") + f"  {reason}", file=self._file)
            return
        for number, line in enumerate(textwrap.wrap(reason, max(8, (self._width - 8) // 2 if _wide(reason) else self._width - 8)) or [""]):
            click.echo((click.style("failed", fg="red") if number == 0 else " " * 6) + f"  {line}", file=self._file)

    def _left(self) -> int:
        return (self._width or 0) - (self._kind_width + 2) - len(self._names) * (self._cell + self._gap) - self._gap

    @property
    def _gap(self) -> int:
        return 1 if self._cell < 10 or not self._names else 2

    def _line(self, cells: list[str], name: str) -> str:
        if self._width is None:
            return "  ".join([*cells, f"  {name}"])
        return (" " * self._gap).join([*cells, _end_of(name, max(1, self._left()))])

    def _fitted(self, text: str, width: int) -> str:
        return (text if len(text) <= width else text[: width - 1] + "…").ljust(width)


def printable(text: str) -> str:
    """The text with line breaks and control characters shown, not obeyed: data must not steer a terminal."""
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)


def _terminal_width(file: TextIO) -> int | None:
    """Columns of the terminal that ``file`` is, or None where it is none."""
    try:
        return os.get_terminal_size(file.fileno()).columns or None
    except (OSError, ValueError):
        return None


def _cells(character: str) -> int:
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def _wide(text: str) -> bool:
    return any(_cells(c) == 2 for c in text)


def _end_of(text: str, width: int) -> str:
    """The text, or its end behind an ellipsis, in at most ``width`` columns: the end of a path tells most."""
    if sum(map(_cells, text)) <= width:
        return text
    kept, left = "", width - 1
    for character in reversed(text):
        left -= _cells(character)
        if left < 0:
            break
        kept = character + kept
    return "…" + kept
