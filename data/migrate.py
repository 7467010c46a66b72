"""Bring files of labels from one label set to another, and tell which documents somebody must read again."""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aikind.data.card import markdown_table
from aikind.data.carry_over import Carried, CarryOver
from aikind.data.rows import Skipped
from aikind.data.sources import carried_values, label_names, read_records
from aikind.errors import DatasetError

__all__ = ["MigratedFile", "migrate_file", "migration_report"]

_MOST_NAMED = 200


@dataclass(slots=True)
class MigratedFile:
    """One file under the new label set.

    Attributes:
        content: The file as it is to be written.
        documents: How many it has.
        left_open: The documents with open labels: ``file`` and ``id``, ``open`` and ``carried``, and the text where the file has it.
    """

    path: Path
    content: str = ""
    documents: int = 0
    left_open: list[dict[str, Any]] = field(default_factory=list)
    skipped: Skipped = field(default_factory=Skipped)


def migrate_file(path: Path, carry_over: CarryOver) -> MigratedFile:
    """Carry over a JSONL file with ``labels``, or a gold table: a CSV with a column for each label.

    In JSONL, a document with open labels gets ``labels`` null and what is known in ``carried``; in CSV its cells are empty.

    Raises:
        DatasetError: The file cannot be read or is neither.
    """
    found = MigratedFile(path)
    if path.name.lower().endswith((".jsonl", ".jsonl.gz")):
        lines = [json.dumps(record, ensure_ascii=False) + "\n" for record in _jsonl(found, carry_over)]
        found.content = "".join(lines)
    else:
        records = list(_table(found, carry_over))
        out = io.StringIO()
        writer = csv.DictWriter(out, list(records[0]) if records else [], lineterminator="\n")
        writer.writeheader()
        writer.writerows(records)
        found.content = out.getvalue()
    return found


def _jsonl(found: MigratedFile, carry_over: CarryOver) -> Iterator[dict[str, Any]]:
    old = carry_over.old
    for where, record in read_records(found.path, found.skipped):
        labels, values = record.get("labels"), carried_values(record.get("carried"))
        if labels is not None and "labels" in record:
            names = label_names(labels, old)
            if unknown := sorted(set(names) - set(old.names)):
                found.skipped.add(where, "an unknown label", f"{unknown[0]!r}; the old label set has {', '.join(old.names)}")
                continue
            values = {name: float(name in names) for name in old.names}
        elif not values:
            found.skipped.add(where, "no labels", "neither labels nor carried has any")
            continue
        carried = carry_over.carry(values)
        found.documents += 1
        rest = {key: value for key, value in record.items() if key not in {"labels", "carried"}}
        if carried.left_open:
            yield {**rest, "labels": None, "carried": _bools(carried)}
            _note(found, record, where, carried)
        else:
            yield {**rest, "labels": [name for name in carry_over.new.names if carried.known[name]]}


def _table(found: MigratedFile, carry_over: CarryOver) -> Iterator[dict[str, Any]]:
    old = carry_over.old.names
    for where, record in read_records(found.path, found.skipped):
        if missing := [name for name in old if name not in record]:
            raise DatasetError(
                f"{found.path}: has no column {missing[0]!r}; give JSONL with labels, or a CSV with a column for each old label"
            )
        if odd := [name for name in old if record[name] not in {"0", "1", ""}]:
            found.skipped.add(where, f"{odd[0]} is not 0, 1 or empty", repr(record[odd[0]]))
            continue
        carried = carry_over.carry({name: float(record[name]) for name in old if record[name]})
        found.documents += 1
        fresh: dict[str, Any] = {}
        for key, value in record.items():
            if key == old[0]:  # the new columns stand where the first of the old ones stood
                fresh |= {name: "" if name in carried.left_open else int(carried.known[name]) for name in carry_over.new.names}
            elif key not in old:
                fresh[key] = value
        yield fresh
        if carried.left_open:
            _note(found, record, where, carried)


def _bools(carried: Carried) -> dict[str, bool]:
    return {name: value > 0 for name, value in carried.known.items()}


def _note(found: MigratedFile, record: Mapping[str, Any], where: str, carried: Carried) -> None:
    shown = {"file": record.get("file") or found.path.name, "id": record.get("id") or where}
    text = {key: record[key] for key in ("title", "text") if isinstance(record.get(key), str)}
    found.left_open.append({**shown, **text, "open": list(carried.left_open), "carried": _bools(carried)})


def migration_report(carry_over: CarryOver, files: list[MigratedFile]) -> str:
    """Markdown: what became of each label, what each file keeps, and the documents whose labels are open."""
    count = Counter(name for file in files for one in file.left_open for name in one["open"])
    origins: list[tuple[str, str, int | str]] = []
    for name, origin in carry_over.origin.items():
        how = (
            "new"
            if not origin
            else f"a part of {origin}"
            if name in carry_over.parts
            else "as it was"
            if origin == name
            else f"was {origin}"
        )
        origins.append((name, how, count[name]))
    origins += [(name, "dropped", "") for name in carry_over.dropped]
    sizes = [(f.path.name, f.documents, f.documents - len(f.left_open), len(f.left_open), len(f.skipped.all)) for f in files]
    parts = [
        "# Migration of labels",
        markdown_table(("label", "where it comes from", "documents left open"), origins),
        markdown_table(("file", "documents", "carried over whole", "left open", "skipped"), sizes),
    ]
    for file in files:
        if file.left_open:
            named = [f"- `{one['file']}` `{one['id']}`: {', '.join(one['open'])}" for one in file.left_open[:_MOST_NAMED]]
            more = len(file.left_open) - len(named)
            named += [f"- … and {more} more; all are in open.jsonl"] if more else []
            parts += [f"## Left open in {file.path.name}", "\n".join(named)]
    return "\n\n".join(parts) + "\n"
