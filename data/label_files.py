"""Read a label file of any known format into rows, and tell of everything in it that cannot be used."""

from __future__ import annotations

import gzip
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aikind.data.label_rows import LabelRow, check_names, row_from_record, settle_copies
from aikind.data.label_tools import doccano_record, label_studio_records
from aikind.data.rows import Skipped
from aikind.data.sources import read_records
from aikind.data.validate import Problem
from aikind.errors import DatasetError, MissingExtraError
from aikind.label_set import LabelSet

__all__ = ["FORMATS", "LabelFile", "Reject", "format_of", "read_labels"]

Records = Iterator[tuple[str, Mapping[Any, Any] | Problem]]


@dataclass(frozen=True, slots=True)
class Reject:
    """A record that cannot be used; ``record`` is as it was read, or the line itself where it could not be parsed."""

    where: str
    reasons: tuple[str, ...]
    record: Any


@dataclass(frozen=True, slots=True)
class LabelFile:
    """What a label file holds: ``rows`` and ``rejects`` together are all of its records.

    Attributes:
        problems: In the file's order. Those that are errors, and the remark "not labelled", belong to rejects.
    """

    rows: list[LabelRow] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    rejects: list[Reject] = field(default_factory=list)

    @property
    def errors(self) -> int:
        return sum(problem.error for problem in self.problems)


def format_of(path: Path) -> str:
    """The format that a path's suffix names; a folder is a saved dataset.

    Raises:
        DatasetError: It names none.
    """
    if path.is_dir():
        return "datasets"
    name = path.name.lower().removesuffix(".gz")
    for suffix, found in _SUFFIXES.items():
        if name.endswith(suffix):
            return found
    raise DatasetError(f"{path}: its suffix tells no format; expected a folder or one of {', '.join(_SUFFIXES)}, or say which it is")


def read_labels(path: Path, label_set: LabelSet, file_format: str | None = None, *, readers_may_differ: bool = False) -> LabelFile:
    """Read labels from .csv(.gz), .jsonl(.gz), .parquet, the .sqlite file of ``aikind annotate``, and other tools' exports.

    A record has ``text`` (or ``sha256`` where the text lives elsewhere), a column per label with 0 or 1 or a list of names in
    ``labels``, and perhaps ``id``, ``note`` (or ``reason``), ``reader`` and more.

    Args:
        file_format: A key of ``FORMATS``; by the suffix if not given.
        readers_may_differ: Whether the answers of two named readers on one text may differ. Otherwise, as training needs
            it, texts with differing answers are rejected.

    Raises:
        DatasetError: The file as a whole cannot be read.
        RecipeError: A label is called like a field of a label file.
        MissingExtraError: Reading the format needs a package that is not installed.
    """
    check_names(label_set)
    if not path.exists():
        raise DatasetError(f"{path}: no such file or folder")
    rows: list[LabelRow] = []
    problems: list[Problem] = []
    records: dict[str, Any] = {}
    wanting: dict[str, list[str]] = {}
    for where, record in FORMATS[file_format or format_of(path)](path, label_set):
        if isinstance(record, Problem):
            row, found = None, [record]
        else:
            row, found = row_from_record(where, record, label_set)
        problems += found
        if row is None:
            wanting[where] = [problem.message for problem in found]
        else:
            rows.append(row)
        records[where] = None if isinstance(record, Problem) else record
    stand, refused, told = settle_copies(rows, label_set, readers_may_differ=readers_may_differ)
    problems += told
    for row in refused:
        wanting[row.where] = [problem.message for problem in told if problem.where == row.where]
    order = {where: number for number, where in enumerate(records)}
    if not records:
        problems.append(Problem(str(path), "holds no record"))
    rejects = [Reject(w, tuple(wanting[w]), records[w] or _line(path, w)) for w in sorted(wanting, key=order.__getitem__)]
    return LabelFile(stand, sorted(problems, key=lambda p: order.get(p.where, -1)), rejects)


def _line(path: Path, where: str) -> str:
    """The line of a text file that could not be parsed."""
    number = where.removeprefix(f"{path}:")
    if not number.isdecimal():
        return ""
    with gzip.open(path, "rt", encoding="utf-8") if path.name.endswith(".gz") else path.open(encoding="utf-8") as handle:
        return next(line for n, line in enumerate(handle, 1) if n == int(number)).rstrip("\n")


def _from_records(path: Path, _: LabelSet) -> Records:
    skipped = Skipped()
    told = 0
    for where, record in read_records(path, skipped):
        yield from ((skip.where, Problem(skip.where, skip.why)) for skip in skipped.all[told:])
        told = len(skipped.all)
        yield where, record
    yield from ((skip.where, Problem(skip.where, skip.why)) for skip in skipped.all[told:])


def _from_doccano(path: Path, label_set: LabelSet) -> Records:
    for where, record in _from_records(path, label_set):
        yield where, record if isinstance(record, Problem) else doccano_record(record, label_set)


def _from_label_studio(path: Path, label_set: LabelSet) -> Records:
    yield from label_studio_records(path, label_set)


def _from_sqlite(path: Path, _: LabelSet) -> Records:
    """Any SQLite file with a table or view ``labels`` whose columns are those of a label file."""
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, timeout=30)) as database:
            database.row_factory = sqlite3.Row
            for number, found in enumerate(database.execute("SELECT * FROM labels"), 1):
                record = dict(found)
                yield f"{path}: answer {record.get('answer', number)}", record
    except sqlite3.Error as error:
        raise DatasetError(f"{path}: holds no answers that can be read: {error}") from error


def _from_dataset(path: Path, _: LabelSet) -> Records:
    try:
        from datasets import DatasetDict, load_from_disk
    except ImportError as error:
        raise MissingExtraError("reading a saved dataset", "train") from error
    try:
        stored = load_from_disk(str(path))
    except (OSError, ValueError) as error:
        raise DatasetError(f"{path}: holds no saved dataset: {error}") from error
    splits = stored if isinstance(stored, DatasetDict) else {"": stored}
    for split, rows in splits.items():
        for number, record in enumerate(rows, 1):
            yield f"{path}: {f'{split} ' if split else ''}row {number}", {**({"split": split} if split else {}), **record}


FORMATS: dict[str, Callable[[Path, LabelSet], Records]] = {
    "csv": _from_records,
    "jsonl": _from_records,
    "parquet": _from_records,
    "label-studio": _from_label_studio,
    "doccano": _from_doccano,
    "datasets": _from_dataset,
    "sqlite": _from_sqlite,
}
_SUFFIXES = {".csv": "csv", ".jsonl": "jsonl", ".parquet": "parquet", ".json": "label-studio", ".sqlite": "sqlite", ".db": "sqlite"}
