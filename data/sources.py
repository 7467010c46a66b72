"""Read rows from the files that a recipe's source names."""

from __future__ import annotations

import csv
import gzip
import json
import sys
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from aikind.data.carry_over import CarryOver
from aikind.data.gold import GoldTable, load_gold
from aikind.data.recipe import Recipe, Source
from aikind.data.rows import Row, Skipped, encodable, text_hash
from aikind.data.soft_labels import SoftLabel, load_soft_labels
from aikind.errors import DatasetError, MissingExtraError, RecipeError
from aikind.label_set import LabelSet

__all__ = ["carried_values", "label_names", "read_records", "read_source", "source_files"]

csv.field_size_limit(min(sys.maxsize, 2**31 - 1))


def source_files(recipe: Recipe, pattern: str) -> list[Path]:
    """Files that a path or glob of the recipe names, sorted.

    Raises:
        RecipeError: Nothing is there.
    """
    path = Path(pattern)
    base = Path(path.anchor) if path.is_absolute() else recipe.folder
    relative = str(path.relative_to(path.anchor)) if path.is_absolute() else pattern
    # A glob cannot climb with "..", so the fixed part of the path is walked first.
    parts = Path(relative).parts
    fixed = next((i for i, part in enumerate(parts) if any(c in part for c in "*?[")), len(parts) - 1)
    found = sorted(base.joinpath(*parts[:fixed]).resolve().glob(str(Path(*parts[fixed:]))))
    if not found:
        raise RecipeError(f"{recipe.path}: no file matches {pattern!r} (looked in {base.joinpath(*parts[:fixed]).resolve()})")
    return found


def read_records(path: Path, skipped: Skipped) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield ``(where, record)`` for each record of a .jsonl, .jsonl.gz, .csv or .parquet file.

    A broken line is added to ``skipped``; the rest goes on.

    Raises:
        DatasetError: The file as a whole cannot be read.
    """
    name = path.name.lower()
    try:
        if name.endswith((".jsonl", ".jsonl.gz")):
            yield from _read_jsonl(path, skipped)
        elif name.endswith((".csv", ".csv.gz")):
            with _open(path) as handle:
                yield from _read_csv(path, csv.DictReader(handle))
        elif name.endswith(".parquet"):
            yield from _read_parquet(path)
        else:
            raise DatasetError(f"{path}: a source must be .jsonl, .jsonl.gz, .csv or .parquet")
    except (OSError, EOFError, zlib.error, UnicodeDecodeError, csv.Error) as error:
        raise DatasetError(f"{path}: cannot read: {error}") from error


def _read_csv(path: Path, reader: csv.DictReader[str]) -> Iterator[tuple[str, dict[str, Any]]]:
    _ = reader.fieldnames  # reads the header
    first = reader.line_num + 1
    for record in reader:  # a quoted cell may span lines: a record is named by its first
        yield f"{path}:{first}", dict(record)
        first = reader.line_num + 1


def _open(path: Path) -> Any:
    if path.name.endswith(".gz"):
        return gzip.open(path, "rt", encoding="utf-8-sig", newline="")
    return path.open(encoding="utf-8-sig", newline="")


def _read_parquet(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    try:
        import pyarrow
        import pyarrow.parquet as parquet
    except ImportError as error:
        raise MissingExtraError("reading Parquet", "train") from error
    number = 0
    try:
        for batch in parquet.ParquetFile(path).iter_batches():
            for record in batch.to_pylist():
                number += 1
                yield f"{path}: row {number}", record
    except pyarrow.ArrowException as error:
        raise DatasetError(f"{path}: cannot read beyond row {number}: {error}") from error


def _read_jsonl(path: Path, skipped: Skipped) -> Iterator[tuple[str, dict[str, Any]]]:
    with _open(path) as handle:
        for number, line in enumerate(handle, 1):
            if not line.strip():
                continue
            try:
                record = json.loads(line)
            except json.JSONDecodeError as error:
                skipped.add(f"{path}:{number}", "not JSON", f"{error.msg} at column {error.colno}")
                continue
            except (ValueError, RecursionError):
                skipped.add(f"{path}:{number}", "not usable JSON", "a number or a nesting is beyond all measure")
                continue
            if isinstance(record, dict):
                yield f"{path}:{number}", record
            else:
                skipped.add(f"{path}:{number}", "not a JSON object", f"a {type(record).__name__}")


def read_source(recipe: Recipe, source: Source, skipped: Skipped) -> Iterator[Row]:
    """Yield the rows of one source, with the gold labels that belong to them."""
    given_under, carry_over = recipe.given_under, CarryOver(recipe.given_under, recipe.label_set)
    gold = load_gold(recipe.folder / source.gold, given_under) if source.gold else None
    soft = load_soft_labels(recipe.folder / source.soft, given_under) if source.soft else None
    unseen = set(gold.rows) if gold else set()
    for path in source_files(recipe, source.path):
        stem = path.name.split(".")[0]
        for where, record in read_records(path, skipped):
            unseen.discard((stem, str(record.get(source.id))))
            row = _row(source, stem, where, record, carry_over, gold, skipped)
            if row is not None and row.labels is None and not row.carried and soft is not None:
                row = _with_soft(row, soft.find(stem, str(record.get(source.id))), carry_over, skipped)
            if row is not None and (row.labels is not None or row.carried or row.soft is not None or source.weak):
                yield row
    if gold and unseen:
        file, identity = min(unseen)
        skipped.add(
            str(gold.path), f"labels whose text is not in the source {source.name!r}", f"{len(unseen)}, the first {file} {identity}"
        )


def _row(
    source: Source,
    stem: str,
    where: str,
    record: dict[str, Any],
    carry_over: CarryOver,
    gold: GoldTable | None,
    skipped: Skipped,
) -> Row | None:
    label_set = carry_over.old
    text = record.get(source.text)
    if not isinstance(text, str) or not text.strip():
        had = "it is empty" if isinstance(text, str) else "there is no such field" if text is None else f"it holds a {type(text).__name__}"
        skipped.add(where, f"no text in the field {source.text!r}", had)
        return None
    if not encodable(text):
        skipped.add(where, f"the field {source.text!r} holds half of a surrogate pair")
        return None
    identity = "" if record.get(source.id) is None else str(record[source.id])
    if not identity:
        skipped.add(where, f"no id in the field {source.id!r}")
        return None
    values: Mapping[str, float] = carried_values(record.get(source.carried))
    origin, hard = "", _truth(record.get(source.hard)) if source.hard else False
    # An empty cell of a CSV is a missing value, an empty list of a JSONL line the answer "none of them".
    if source.labels and record.get(source.labels) not in (None, ""):
        names = label_names(record[source.labels], label_set)
        unknown = sorted(set(names) - set(label_set.names))
        if unknown:
            skipped.add(where, "an unknown label", f"{unknown[0]!r}; the label set has {', '.join(label_set.names)}")
            return None
        values, origin = {name: float(name in names) for name in label_set.names}, "gold:written"
    if gold is not None:
        read = gold.find(stem, identity)
        if read is not None and read.sha256 != text_hash(text):
            skipped.add(where, "the text is not the one that was read", f"its SHA-256 differs from that in {gold.path.name}")
            read = None
        if read is not None:
            values, origin, hard = {name: float(given) for name, given in read.labels.items()}, "gold:read", read.hard
            text = text[: read.chars_read] if read.chars_read else text
    carried = carry_over.carry(values)
    return Row(
        key=f"{source.name}/{stem}/{identity}" if stem != source.name else f"{source.name}/{identity}",
        text=text,
        title=str(record.get(source.title) or "") if source.title else "",
        source=source.name if stem == source.name else f"{source.name}/{stem}",
        genre=str(record.get(source.genre) or "unknown"),
        where=where,
        labels=None if carried.left_open else {name: value > 0 for name, value in carried.known.items()},
        carried=carried.known if carried.left_open else {},
        hard=hard,
        group="" if not source.group or record.get(source.group) is None else str(record[source.group]),
        date=str(record.get(source.date) or "") if source.date else "",
        label_origin=origin,
    )


def _with_soft(row: Row, soft: SoftLabel | None, carry_over: CarryOver, skipped: Skipped) -> Row:
    if soft is None:
        return row
    if soft.sha256 != text_hash(row.text):
        skipped.add(row.where, "the text is not the one that the teacher scored", "its SHA-256 differs")
        return row
    carried = carry_over.carry(soft.probabilities)
    text = row.text[: soft.chars_read]
    return replace(row, text=text, carried=carried.known) if carried.left_open else replace(row, text=text, soft=carried.known)


def carried_values(value: Any) -> dict[str, float]:
    """What a record says of some labels: their names, each with true or false. Empty where it says nothing usable."""
    return {str(name): float(given) for name, given in value.items() if isinstance(given, bool)} if isinstance(value, dict) else {}


def label_names(value: Any, label_set: LabelSet) -> list[str]:
    """Label names from a list, or from one string that joins them with commas or bars, or that says there are none."""
    if isinstance(value, str):
        names = [part.strip() for part in value.replace("|", ",").split(",") if part.strip()]
        return [] if names == [label_set.none] else names
    return [str(part) for part in value] if isinstance(value, list) else [str(value)]


def _truth(value: Any) -> bool:
    return value is True or str(value).strip().lower() in {"1", "true", "yes"}
