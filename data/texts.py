"""Texts with the labels that somebody gave them, as far as they did: the rows that a model is retrained on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import aikind.data
from aikind.data.label_files import FORMATS, format_of, read_labels
from aikind.data.label_rows import row_from_record
from aikind.data.rows import Skipped, encodable, normalised, text_hash
from aikind.data.sources import read_records
from aikind.data.validate import Problem
from aikind.label_set import LabelSet, default_label_set

__all__ = ["Answered", "own_corpus", "own_gold", "read_answered", "read_texts"]


@dataclass(frozen=True)
class Answered:
    """A text.

    Attributes:
        labels: Of the labels that somebody gave an answer for, whether the text carries them.
        where: File and line, for messages.
    """

    text: str
    labels: Mapping[str, bool]
    where: str
    id: str = ""

    @cached_property
    def key(self) -> str:
        """The same for texts that agree but for case and spaces."""
        return text_hash(normalised(self.text))


def own_corpus(label_set: LabelSet) -> list[Answered]:
    """The project's own writing that may train; empty where the installation has none."""
    return _own("corpus", label_set)


def own_gold(label_set: LabelSet) -> list[Answered]:
    """The project's own writing that is set aside to measure on; empty where the installation has none."""
    return _own("gold", label_set)


def _own(folder: str, label_set: LabelSet) -> list[Answered]:
    """Texts with their labels of the shipped label set, as far as ``label_set`` has those."""
    rows = read_texts(sorted((Path(aikind.data.__path__[0]) / folder).rglob("*.jsonl")), default_label_set())
    return [replace(row, labels={name: value for name, value in row.labels.items() if name in label_set.names}) for row in rows]


def read_answered(paths: Iterable[Path], label_set: LabelSet) -> tuple[list[Answered], list[Problem]]:
    """Read label files. One that has columns for some labels only answers for those.

    Files may answer for the same text: their answers are joined, and where two differ, the later file's stands.

    Returns:
        The texts, and what there is to say of rows that cannot be used or differ.

    Raises:
        DatasetError: A file as a whole cannot be read.
        RecipeError, MissingExtraError: As ``read_labels``.
    """
    found: dict[str, Answered] = {}
    problems: list[Problem] = []
    for path in paths:
        labels = read_labels(path, _asked(path, label_set))
        problems += labels.problems
        for row in labels.rows:
            if not row.text:
                problems.append(Problem(row.where, "holds no text, only its SHA-256; training needs the text"))
                continue
            new = Answered(row.text, row.labels, row.where, row.id)
            earlier = found.get(new.key)
            if earlier is not None:
                differing = [name for name, value in new.labels.items() if earlier.labels.get(name, value) != value]
                if differing:
                    problems.append(
                        Problem(row.where, f"answers otherwise than {earlier.where} for {', '.join(differing)}; this one stands")
                    )
                new = replace(new, labels={**earlier.labels, **new.labels})
            found[new.key] = new
    return list(found.values()), problems


def _asked(path: Path, label_set: LabelSet) -> LabelSet:
    """The labels that a file has columns for; all of them where it has none, since it then lists their names."""
    for _, record in FORMATS[format_of(path)](path, label_set) if path.exists() else ():
        if not isinstance(record, Problem):
            with_column = tuple(label for label in label_set.labels if label.name in record)
            return LabelSet(with_column, label_set.none, label_set.all) if with_column else label_set
    return label_set


def read_texts(paths: Sequence[Path], label_set: LabelSet) -> list[Answered]:
    """Texts of .jsonl, .csv or .parquet files, with their labels where they have any of ``label_set``.

    A list of names answers for every label of the set, columns for their own.

    Raises:
        DatasetError: A file as a whole cannot be read.
    """
    found: dict[str, Answered] = {}
    for path in paths:
        asked = _asked(path, label_set)
        for where, record in read_records(path, Skipped()):
            row, _ = row_from_record(where, record, asked)
            text = record.get("text")
            if row is not None and row.text:
                text_row = Answered(row.text, row.labels, where, row.id)
            elif isinstance(text, str) and text.strip() and encodable(text):
                text_row = Answered(text, {}, where, str(record.get("id") or ""))
            else:
                continue
            found.setdefault(text_row.key, text_row)
    return list(found.values())
