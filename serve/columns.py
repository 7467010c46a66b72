"""Which fields a result has in the output, as nested values or as flat columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import click

from aikind.label_set import LabelSet
from aikind.serve.results import Result
from aikind.serve.writers.base import Row, as_record

__all__ = ["DEFAULT_FIELDS", "FIELDS", "Columns", "columns_for", "field_help", "with_evidence"]

FIELDS = {
    "id": "the document's id",
    "kind": "name of the combination of labels, or null where there is an error",
    "labels": "names of the labels that the document carries",
    "scores": "calibrated probability of each label; in flat formats a column score_LABEL each",
    "unsure": "whether there is any doubt",
    "doubts": "close_call, too_short, not_english",
    "windows": "how many windows of text the scores rest on",
    "tokens": "length of the text as the model reads it",
    "error": "why the document could not be read or tagged, or null",
    "encoding": "what the text was decoded from; in JSON Lines only where that was not UTF-8",
    "evidence": "per label, the sentences that carried it: start, end, score, text; with --explain",
}
DEFAULT_FIELDS = tuple(name for name in FIELDS if name not in {"tokens", "evidence"})


def field_help() -> str:
    """The fields and what they hold, as a list for the help of a command."""
    return "\b\nFields of a result:\n" + "\n".join(f"  {name:9}{what}" for name, what in FIELDS.items())


@dataclass(frozen=True, slots=True)
class Columns:
    """The chosen fields in the order asked for, then those carried along from the input."""

    fields: tuple[str, ...]
    carried: tuple[str, ...]
    labels: tuple[str, ...]

    @property
    def flat(self) -> tuple[str, ...]:
        """Names of the columns in a format without nesting."""
        own = [column for name in self.fields for column in ([f"score_{x}" for x in self.labels] if name == "scores" else [name])]
        return (*own, *self.carried)

    def nested_row(self, result: Result) -> Row:
        record = as_record(result.tagging)
        own = {name: record[name] for name in self.fields if name != "encoding" or record[name] is not None}
        return {**own, **result.carried}

    def flat_row(self, result: Result) -> Row:
        """As ``nested_row``, with a column for each score; None where there is an error."""
        row: dict[str, Any] = {}
        for name, value in self.nested_row(result).items():
            if name == "scores" and name in self.fields:
                row.update({f"score_{label}": value.get(label) for label in self.labels})
            else:
                row[name] = value
        return row


def with_evidence(fields: Sequence[str], explain: bool) -> tuple[str, ...]:
    """The fields, with the evidence where it is asked for.

    Raises:
        click.UsageError: The evidence is named among the fields and will not be there.
    """
    if explain:
        return tuple(fields) if "evidence" in fields else (*fields, "evidence")
    if "evidence" in fields:
        raise click.UsageError("--fields: there is evidence only with --explain; add it.")
    return tuple(fields)


def columns_for(fields: Sequence[str], carried: Sequence[str], label_set: LabelSet) -> Columns:
    """Choose the columns of an output.

    Raises:
        click.UsageError: A field is not known, is named twice, or is to be carried along under the name of another column.
    """
    for name in fields:
        if name not in FIELDS:
            raise click.UsageError(f"--fields: there is no field {name!r}; the fields are {', '.join(FIELDS)}.")
    columns = Columns(tuple(fields), tuple(carried), label_set.names)
    taken = (*columns.flat, "scores") if "scores" in fields else columns.flat
    twice = [name for name in dict.fromkeys(taken) if taken.count(name) > 1]
    if twice:
        raise click.UsageError(
            f"The output would have two fields {twice[0]!r}. Name each once; a field that comes from --passthrough needs --fields without it."
        )
    return columns
