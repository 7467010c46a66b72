"""A table for people, one line a result, written as results come."""

from __future__ import annotations

from typing import TextIO

import click

from aikind.label_set import LabelSet
from aikind.records import Tagging

__all__ = ["TableWriter", "printable"]


class TableWriter:
    """Kind, a score per label, and the id last, so that a long one pushes nothing aside. ``?`` marks an unsure result."""

    def __init__(self, file: TextIO, label_set: LabelSet) -> None:
        self._file = file
        self._names = label_set.names
        self._kind_width = max(len(kind) for kind in (*label_set.kinds, "failed"))
        header = ["kind".ljust(self._kind_width + 2), *(name.rjust(10) for name in self._names), "  document"]
        click.echo(click.style("  ".join(header), bold=True), file=file)

    def write(self, tagging: Tagging) -> None:
        if tagging.error is not None:
            click.echo(click.style("failed".ljust(self._kind_width + 2), fg="red") + f"  {printable(tagging.error)}", file=self._file)
            return
        kind = tagging.kind.ljust(self._kind_width) + (" ?" if tagging.unsure else "  ")
        cells = []
        for name in self._names:
            cell = f"{tagging.scores[name]:.2f}".rjust(max(10, len(name)))
            cells.append(click.style(cell, fg="green", bold=True) if name in tagging.labels else cell)
        click.echo("  ".join([kind, *cells, f"  {printable(tagging.id)}"]), file=self._file)


def printable(text: str) -> str:
    """The text with line breaks and control characters shown, not obeyed: data must not steer a terminal."""
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)
